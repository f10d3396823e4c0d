/** What a guard is given: core itself has nothing of Node. */
import type { OwnEndpoints, StackFrame } from '../plugin.ts'
import type { Frame } from './frames.ts'
import type { Mock } from './mocks.ts'
import type { Open } from './open-calls.ts'
import type { Sandboxes } from './sandbox.ts'
import type { TripMaker } from './trips.ts'

/** The part of AsyncLocalStorage that the guard uses. */
export interface ContextStore<T> {
  getStore(): T | undefined
  run<R>(store: T, fn: () => R): R
}

/** Puts a function in the place of `owner[key]`. @throws RuleSyntaxError where nothing can be put */
export type SpyOn = (owner: object, key: PropertyKey, implementation: (...args: never[]) => unknown) => PutFunction

export interface PutFunction {
  /** What was there. */
  readonly original: (...args: never[]) => unknown
  /** Whether nobody has put another in its place. */
  isThere(): boolean
  /** Puts the original back, unless somebody has put another in its place. */
  restore(): void
}

/** The endpoints of a worker, as its files come and go, and as its threads share them. */
export interface FileEndpoints extends OwnEndpoints {
  all(): readonly string[]
  /** Told of each that is new. */
  onAdd: ((key: string) => void) | undefined
  /** Asked to take in what the threads have to tell before an endpoint counts as unknown. */
  onMiss: (() => void) | undefined
  /** Forgets those of the file before. @param given those of the main process */
  startFile(given?: readonly string[]): void
  /** What listens from now on, or did before the first file, is the environment's: it serves every file of this worker. */
  endFile(): void
}

export interface GuardParts {
  readonly context: ContextStore<Frame | Open>
  readonly own: FileEndpoints
  readonly trips: TripMaker
  readonly sandboxes: Sandboxes
  /** Files and functions of the present stack, for plugins that name a driver by it. */
  captureFrames(): readonly StackFrame[]
  /** What a test fails with because a mock's function threw it, or gave what is no answer; undefined for what it may throw on purpose. */
  mockFailure(mock: Mock, error: unknown): Error | undefined
  /** The error of an `onTrip` that answers what it may not. */
  badAnswer(answer: unknown): Error
}
