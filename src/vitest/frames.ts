/** Opens a frame for every file, describe, hook and test, inside Vitest's own around hooks. */
import { type RunnerTestCase, TestRunner } from 'vitest'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import type { Scope } from '../core/scopes.ts'
import { printFile } from '../errors/call-site.ts'
import type { Installed } from '../install-slot.ts'
import { chargeSuite, chargeTest, noteSurfaced } from './charge.ts'
import { ownScope } from './options.ts'
import { type AnySuite, HOOK_NAMES, type HookName, type RawHook, type SuiteHooks } from './worker.ts'

// Captured at load: tests fake timers.
const { setImmediate } = globalThis

export interface FileRun {
  readonly guard: Guard
  readonly scopeOf: Installed['scopeOf']
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
    try {
      await run.guard.runIn(run.frame, runSuite)
    } finally {
      await inFlight()
      try {
        chargeSuite(run.guard, run.frame)
      } finally {
        run.guard.closeFrame(run.frame)
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
      chargeSuite(guard, frame)
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
  for (let at: Frame | undefined = parent; at; at = at.parent) {
    const problem = broken.get(at)
    if (problem) throw problem
  }
  const frame = guard.openFrame('test', `test "${fullName(test)}"`, parent)
  const problem = openOptions(frame, () => ownScope(test, 'test', run.scopeOf))
  if (problem) throw problem
  frames.set(test.id, frame)
  try {
    await guard.runIn(frame, runTest)
  } finally {
    guard.closeFrame(frame)
    frames.delete(test.id)
  }
  chargeTest(guard, frame, test)
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

function hooksOf(suite: AnySuite): SuiteHooks {
  return (TestRunner as unknown as { getSuiteHooks(suite: AnySuite): SuiteHooks }).getSuiteHooks(suite)
}

// --- Hooks ---

function wrapHooks(guard: Guard, suite: AnySuite): void {
  const hooks = hooksOf(suite)
  const owner = 'filepath' in suite ? printFile(suite.file.filepath) : `"${suite.name}"`
  for (const name of HOOK_NAMES) {
    hooks[name].forEach((hook, at) => {
      hooks[name][at] = wrapHook(guard, hook, name, `${name} of ${owner}`)
    })
  }
}

function wrapHook(guard: Guard, hook: RawHook, name: HookName, label: string): RawHook {
  const wrapped = function (this: unknown, ...args: never[]) {
    const frame = guard.openFrame('hook', label, standingFrame(guard))
    const cleanups = name === 'beforeAll' || name === 'beforeEach'
    return settle(
      guard,
      frame,
      () => Reflect.apply(hook, this, args),
      (result) =>
        cleanups && typeof result === 'function'
          ? wrapHook(guard, result as RawHook, 'afterEach', `the cleanup of ${label}`)
          : result,
    )
  }
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(hook)) as RawHook
}

/** A hook that runs in a frame which ended (a cleanup) stands in what is still open around it. */
function standingFrame(guard: Guard): Frame {
  const frame = guard.currentFrame()
  return frame.openAncestor() ?? frame
}

function settle(guard: Guard, frame: Frame, fn: () => unknown, map: (result: unknown) => unknown): unknown {
  const fail = (error: unknown): never => {
    guard.closeFrame(frame)
    noteSurfaced(error)
    throw error
  }
  const end = (result: unknown) => {
    guard.closeFrame(frame)
    return map(result)
  }
  try {
    const result = guard.runIn(frame, fn)
    const isPromise = typeof (result as { then?: unknown } | null | undefined)?.then === 'function'
    return isPromise ? (result as Promise<unknown>).then(end, fail) : end(result)
  } catch (error) {
    return fail(error)
  }
}
