/** What Vitest's workers keep in a global, in every pool (Vitest 4.1 and 5); typed here, as Vitest does not export it. */
import type { RunnerTask, RunnerTestSuite } from 'vitest'

/** The way to Vitest's main process. */
export interface Rpc {
  onUnhandledError(error: unknown, type: string): unknown
}

export interface WorkerState {
  readonly filepath?: string
  /** What runs at the moment, for code that lost its context. */
  readonly current?: RunnerTask
  readonly config: { readonly root: string }
  readonly ctx: { readonly environment: { readonly name: string } }
  rpc: Rpc
}

/** Undefined in a context that Vitest has thrown away. */
export function workerState(): WorkerState | undefined {
  return (globalThis as unknown as { __vitest_worker__?: WorkerState }).__vitest_worker__
}

/** While a file is at work there is one. */
export function presentState(): WorkerState {
  return workerState() as WorkerState
}

export interface AnySuite extends RunnerTestSuite {
  readonly filepath?: string
}

export type RawHook = (...args: never[]) => unknown

/** Hooks of a suite, in the arrays that Vitest runs them from. */
export type SuiteHooks = Record<'aroundAll' | 'aroundEach' | HookName, RawHook[]>

export type HookName = 'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach'
export const HOOK_NAMES: readonly HookName[] = ['beforeAll', 'afterAll', 'beforeEach', 'afterEach']
