/** What Vitest's workers keep in a global, in every pool (Vitest 4.1 and 5); typed here, as Vitest does not export it. */
import type { RunnerTask, RunnerTestSuite } from 'vitest'

/** The way to Vitest's main process. */
export interface Rpc {
  onUnhandledError(error: unknown, type: string): unknown
}

interface WorkerState {
  readonly filepath?: string
  /** What runs at the moment, for code that lost its context. */
  readonly current?: RunnerTask
  readonly config: { readonly root: string }
  rpc: Rpc
}

export function workerState(): WorkerState {
  return (globalThis as unknown as { __vitest_worker__: WorkerState }).__vitest_worker__
}

export interface AnySuite extends RunnerTestSuite {
  readonly filepath?: string
}

export type RawHook = (...args: never[]) => unknown

/** Hooks of a suite, in the arrays that Vitest runs them from. */
export type SuiteHooks = Record<'aroundAll' | 'aroundEach' | HookName, RawHook[]>

export type HookName = 'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach'
export const HOOK_NAMES: readonly HookName[] = ['beforeAll', 'afterAll', 'beforeEach', 'afterEach']
