/** Makes the guard active for the test file that is about to be collected: config, frames, charging, report. */
import { inject } from 'vitest'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { Trip } from '../core/call.ts'
import { printFile } from '../errors/call-site.ts'
import type { Installed } from '../install-slot.ts'
import type { Provided } from '../provided.ts'
import { frameFixtures } from './fixtures.ts'
import { type FramesByTask, wrapFile } from './frames.ts'
import { watchImports } from './imports.ts'
import { REPORT_KEY, toReport } from './report.ts'
import { type AnySuite, workerState } from './worker.ts'

/** The task of the file that is attached: each file has a new one, and a second setup file of ours must not wrap it twice. */
let attachedTo: unknown

/** @param again attaches to the next file of this worker */
export function attach(installed: Installed, config: ResolvedConfig, again: () => unknown): void {
  const { guard } = installed
  const state = workerState()
  if (state.current !== undefined && state.current === attachedTo) return
  attachedTo = state.current
  installed.rememberFormatter()
  const path = state.filepath ?? ''
  installed.configure(config)
  guard.own.reset(provided()?.ownEndpoints)
  const frame = guard.openFrame('file', printFile(path), guard.run, { file: path })
  for (const { matches, scope } of config.files) if (matches(path)) frame.addScope(scope)

  const frames: FramesByTask = new Map()
  guard.fallbackFrame = () => {
    const { current } = workerState()
    return (current && frames.get(current.id)) ?? (frame.closed ? undefined : frame)
  }
  const tell = (trips: readonly Trip[]) => {
    for (const trip of trips) tellVitest(state.rpc, trip)
  }
  guard.trips.onHomeless = (trip) => tell([trip])
  watchImports({ guard, frame, tell, attach: again })
  frameFixtures(guard, frame)
  wrapFile({ guard, scopeOf: installed.scopeOf, frame, atEnd: (suite) => report(guard, suite) }, frames)
}

/** What the Vite plugin said; undefined when the setup file is used alone. */
export function provided(): Provided | undefined {
  return inject('vitest-tripwire' as never) as Provided | undefined
}

function report(guard: Installed['guard'], suite: AnySuite): void {
  const entries = guard.trips.takeReport()
  if (entries.length > 0) Object.assign(suite.meta, { [REPORT_KEY]: toReport(entries) })
}

/** A trip after the end of its file: the run fails, and the error names who started it. */
function tellVitest(rpc: ReturnType<typeof workerState>['rpc'], trip: Trip): void {
  const error = {
    name: 'Error',
    message: trip.message,
    stack: trip.stack,
    VITEST_TEST_NAME: trip.startedBy.name,
    VITEST_TEST_PATH: trip.startedBy.file,
  }
  rpc.onUnhandledError(error, 'Tripwire: a call outlived its test file')
}
