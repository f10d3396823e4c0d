/** Makes the guard active for the test file that is about to be collected: config, frames, charging, report. */
import { inject, type RunnerTask } from 'vitest'
import { keepCode } from '../code-cache.ts'
import { workspaceOf } from '../config/find.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { Frame } from '../core/frames.ts'
import { printFile } from '../errors/call-site.ts'
import type { Installed } from '../install-slot.ts'
import type { Provided } from '../provided.ts'
import { chargeIdleFile } from './charge.ts'
import { frameFixtures } from './fixtures.ts'
import { type FramesByTask, wrapFile } from './frames.ts'
import { watchImports } from './imports.ts'
import { addMatchers } from './matchers.ts'
import { addReport } from './report.ts'
import { spyOn } from './spy-on.ts'
import { tellVitest, watchUnhandled } from './unhandled.ts'
import { type AnySuite, presentState, workerState } from './worker.ts'

/** On the task of a file that is attached: each file has a new one, and no second setup file, of whatever copy, wraps it twice. */
const ATTACHED = Symbol.for('vitest-tripwire.attached')

/** Environments of Vitest's own do no I/O when they are set up and taken down. */
const BUILT_IN: ReadonlySet<string> = new Set(['node', 'jsdom', 'happy-dom', 'edge-runtime'])

/** @param again attaches to the next file of this worker */
export function attach(installed: Installed, config: ResolvedConfig, again: () => unknown): void {
  const { guard } = installed
  const state = presentState()
  const task = state.current as { [ATTACHED]?: true } | undefined
  // What is in force for a running file stays so, whoever installs another time from inside of a test.
  if (task?.[ATTACHED] || (task && !('filepath' in task))) return
  if (task) Object.defineProperty(task, ATTACHED, { value: true })
  installed.rememberFormatter()
  addMatchers()
  const path = state.filepath ?? ''
  const { root } = state.config
  installed.configure(config, path, { root, workspace: provided()?.workspace ?? workspaceOf(root), rules: config.dir })
  guard.own.startFile(provided()?.ownEndpoints)
  guard.spyOn = spyOn
  const frame = guard.openFrame('file', printFile(path), guard.run, { file: path })
  for (const { matches, scope } of config.files) if (matches(path)) frame.addScope(scope)

  const frames: FramesByTask = new Map()
  // A context that Vitest threw away has no state any more (5, vm pools), and a worker of many files has one for each.
  const current = () => (workerState() ?? state).current
  guard.fallbackFrame = () => frameOfRunning(frames, current()) ?? (frame.closed ? undefined : frame)
  // Without an environment of the user's it is rather the tests' own: a listener for the end of the worker, which has no frame either.
  guard.betweenFiles = () => frame.closed && current() === undefined && !BUILT_IN.has(state.ctx.environment.name)
  guard.trips.onHomeless = (trip) => tellVitest([trip], state)
  watchUnhandled(state)
  const endFile = (suite: AnySuite) => {
    guard.closeFrame(frame)
    guard.own.endFile()
    addReport(suite, guard.trips.takeReport())
    keepCode('end')
  }
  watchImports({
    guard,
    frame,
    attach: again,
    endIdle(suite) {
      tellVitest(chargeIdleFile(guard, frame, suite.result), state)
      endFile(suite)
    },
  })
  frameFixtures(guard, frame)
  const { verify, scopeOf, lost } = installed
  wrapFile({ guard, verify, scopeOf, lost, frame, atEnd: endFile }, frames)
}

/** What the Vite plugin said; undefined when the setup file is used alone. */
export function provided(): Provided | undefined {
  return inject('vitest-tripwire' as never) as Provided | undefined
}

/** For code that lost its context. Of several tests that run at once Vitest knows the last only, and that one need not have done it. */
function frameOfRunning(frames: FramesByTask, current: RunnerTask | undefined): Frame | undefined {
  const frame = current && frames.get(current.id)
  if (frame?.kind !== 'test') return frame
  for (const other of frames.values()) if (other !== frame && other.kind === 'test') return undefined
  return frame
}
