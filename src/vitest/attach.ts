/** Makes the guard active for the test file that is about to be collected: config, frames, charging, report. */
import { inject } from 'vitest'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { Frame } from '../core/frames.ts'
import { printFile } from '../errors/call-site.ts'
import type { Installed } from '../install-slot.ts'
import type { Provided } from '../provided.ts'
import { chargeIdleFile } from './charge.ts'
import { frameFixtures } from './fixtures.ts'
import { type FramesByTask, wrapFile } from './frames.ts'
import { watchImports } from './imports.ts'
import { addReport } from './report.ts'
import { tellVitest, watchUnhandled } from './unhandled.ts'
import { type AnySuite, workerState } from './worker.ts'

/** On the task of a file that is attached: each file has a new one, and no second setup file, of whatever copy, wraps it twice. */
const ATTACHED = Symbol.for('vitest-tripwire.attached')

/** @param again attaches to the next file of this worker */
export function attach(installed: Installed, config: ResolvedConfig, again: () => unknown): void {
  const { guard } = installed
  const state = workerState()
  const task = state.current as { [ATTACHED]?: true } | undefined
  if (task?.[ATTACHED]) return
  if (task) Object.defineProperty(task, ATTACHED, { value: true })
  installed.rememberFormatter()
  const path = state.filepath ?? ''
  installed.configure(config)
  guard.own.startFile(provided()?.ownEndpoints)
  const frame = guard.openFrame('file', printFile(path), guard.run, { file: path })
  for (const { matches, scope } of config.files) if (matches(path)) frame.addScope(scope)

  const frames: FramesByTask = new Map()
  guard.fallbackFrame = () => frameOfRunning(frames) ?? (frame.closed ? undefined : frame)
  guard.trips.onHomeless = (trip) => tellVitest([trip])
  watchUnhandled()
  const endFile = (suite: AnySuite) => {
    guard.closeFrame(frame)
    guard.own.endFile()
    addReport(suite, guard.trips.takeReport())
  }
  watchImports({
    guard,
    frame,
    attach: again,
    endIdle(suite) {
      tellVitest(chargeIdleFile(guard, frame, suite.result))
      endFile(suite)
    },
  })
  frameFixtures(guard, frame)
  wrapFile({ guard, verify: installed.verify, scopeOf: installed.scopeOf, frame, atEnd: endFile }, frames)
}

/** What the Vite plugin said; undefined when the setup file is used alone. */
export function provided(): Provided | undefined {
  return inject('vitest-tripwire' as never) as Provided | undefined
}

/** For code that lost its context. Of several tests that run at once Vitest knows the last only, and that one need not have done it. */
function frameOfRunning(frames: FramesByTask): Frame | undefined {
  const { current } = workerState()
  const frame = current && frames.get(current.id)
  if (frame?.kind !== 'test') return frame
  for (const other of frames.values()) if (other !== frame && other.kind === 'test') return undefined
  return frame
}
