/** Opens a frame for every file, describe, hook and test, inside Vitest's own around hooks. */
import { type RunnerTestCase, TestRunner } from 'vitest'
import type { Frame } from '../core/frames.ts'
import type { Scope } from '../core/scopes.ts'
import type { Installed } from '../install-slot.ts'
import { type Charging, chargeSuite, chargeTest, makeFinal } from './charge.ts'
import { hooksOf, wrapHooks } from './hooks.ts'
import { ownScope } from './options.ts'
import type { AnySuite, RawHook } from './worker.ts'

// Captured at load: tests fake timers.
const { setImmediate } = globalThis

export interface FileRun extends Charging {
  readonly scopeOf: Installed['scopeOf']
  readonly lost: Installed['lost']
  readonly frame: Frame
  /** Called at the very end of the file, while Vitest still listens. */
  atEnd(suite: AnySuite): void
}

/** Frames of suites and tests by task id, for code that lost its context. */
export type FramesByTask = Map<string, Frame>

/**
 * Wraps the file that is being collected. Raw hooks, put into Vitest's arrays, resolve no fixtures and are the outermost, so that fixtures
 * and the hooks of other setup files run inside our frames (Vitest 4.1 and 5).
 */
export function wrapFile(run: FileRun, frames: FramesByTask): void {
  const collector = TestRunner.getCurrentSuite() as unknown as { on(name: string, hook: RawHook): void }
  collector.on('aroundAll', async (runSuite: () => Promise<void>, ...rest: unknown[]) => {
    const file = rest.at(-1) as AnySuite
    frames.set(file.id, run.frame)
    wrapHooks(run.guard, file)
    hooksOf(file).aroundEach.unshift(((runTest: () => Promise<void>, context: { task: RunnerTestCase }) =>
      runInTest(run, frames, context.task, runTest)) as RawHook)
    for (const child of file.tasks) if (child.type === 'suite') wrapDescribe(run, frames, child)
    const lostBefore = run.lost(`the import of ${run.frame.name}`)
    try {
      await run.guard.runIn(run.frame, runSuite)
    } finally {
      await inFlight()
      try {
        chargeSuite(run, run.frame, 'file')
        throwIf(lostBefore ?? run.lost(run.frame.name))
      } finally {
        run.atEnd(file)
      }
    }
  })
}

function wrapDescribe(run: FileRun, frames: FramesByTask, suite: AnySuite): void {
  hooksOf(suite).aroundAll.unshift((async (runSuite: () => Promise<void>) => {
    const { guard } = run
    const frame = guard.openFrame('describe', `describe "${suite.name}"`, parentFrame(run, frames, suite))
    frames.set(suite.id, frame)
    const problem = openOptions(frame, () => ownScope(suite, 'describe', run.scopeOf))
    if (problem) broken.set(frame, problem)
    try {
      await guard.runIn(frame, runSuite)
      chargeSuite(run, frame, 'describe')
    } finally {
      guard.closeFrame(frame)
    }
  }) as RawHook)
  wrapHooks(run.guard, suite)
  for (const child of suite.tasks) if (child.type === 'suite') wrapDescribe(run, frames, child)
}

/** Options of a describe that do not parse fail each of its tests, as the describe itself has nothing to be red with. */
const broken = new WeakMap<Frame, Error>()

async function runInTest(
  run: FileRun,
  frames: FramesByTask,
  test: RunnerTestCase,
  runTest: () => Promise<void>,
): Promise<void> {
  const { guard } = run
  const parent = parentFrame(run, frames, test)
  for (let at: Frame | undefined = parent; at; at = at.parent) failBy(broken.get(at), test)
  const frame = guard.openFrame('test', `test "${fullName(test)}"`, parent)
  const problem = openOptions(frame, () => ownScope(test, 'test', run.scopeOf))
  failBy(problem, test)
  frames.set(test.id, frame)
  try {
    await guard.runIn(frame, runTest)
  } finally {
    const arriving = guard.settled()
    if (arriving) await arriving
    guard.closeFrame(frame)
    frames.delete(test.id)
  }
  const lost = run.lost(frame.name)
  chargeTest(run, frame, test)
  failBy(lost, test)
}

function throwIf(problem: Error | undefined): void {
  if (problem !== undefined) throw problem
}

/** Neither `test.fails` nor a retry makes up for options that cannot be read. @throws the problem, if there is one */
function failBy(problem: Error | undefined, test: RunnerTestCase): void {
  if (problem === undefined) return
  makeFinal(test)
  throw problem
}

function openOptions(frame: Frame, read: () => Scope | undefined): Error | undefined {
  try {
    const scope = read()
    if (scope) frame.addScope(scope)
    return undefined
  } catch (error) {
    return error as Error
  }
}

function parentFrame(run: FileRun, frames: FramesByTask, task: { suite?: AnySuite | undefined }): Frame {
  return (task.suite && frames.get(task.suite.id)) ?? run.frame
}

function fullName(test: RunnerTestCase): string {
  const names = [test.name]
  for (let suite = test.suite; suite && !('filepath' in suite); suite = suite.suite) names.unshift(suite.name)
  return names.join(' > ')
}

/** Lets calls that are on their way come to their end, so that their file can still be charged. */
async function inFlight(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
