import type { Family, MockHandle } from '../../src/plugin.ts'
import type { FunctionReply } from './reply.ts'

type Fn = (...args: never[]) => unknown
type Class = abstract new (...args: never[]) => unknown

/** The names of an object's functions and classes. */
export type FunctionOf<T> = { [K in keyof T]-?: NonNullable<T[K]> extends Fn | Class ? K : never }[keyof T]

type Args<F> = F extends (...args: infer A) => unknown
  ? A
  : F extends abstract new (
        ...args: infer A
      ) => unknown
    ? A
    : never
type Returned<F> = F extends (...args: never[]) => infer R
  ? R
  : F extends abstract new (
        ...args: never[]
      ) => infer R
    ? R
    : never
type Loose<A extends readonly unknown[]> = { [I in keyof A]: A[I] | { asymmetricMatch(value: unknown): boolean } }

/** What a function that is mocked answers in sandboxes: each answer once and in turn, unless told otherwise. A call without one is an error. */
export interface FunctionMock<F> {
  /** Answers for calls with these arguments only; matchers anywhere. */
  with(...args: Loose<Args<F>>): FunctionMock<F>
  returns(value: Returned<F>): FunctionAnswer<F>
  /** Gives a promise of it. */
  resolves(value: Awaited<Returned<F>>): FunctionAnswer<F>
  throws(error: unknown): FunctionAnswer<F>
  /** Gives a promise that fails. */
  rejects(error: unknown): FunctionAnswer<F>
  /** Calls this instead, with the same `this`. */
  calls(fn: F extends Fn ? (...args: Parameters<F>) => unknown : F): FunctionAnswer<F>
  /** Calls the original. */
  passesThrough(): FunctionAnswer<F>
}

/** An answer, to say how often it is given; further answers may follow. */
export interface FunctionAnswer<F> extends FunctionMock<F> {
  /** Answers exactly so many calls. */
  times(count: number): FunctionAnswer<F>
  /** Answers every call, at least one. */
  always(): FunctionAnswer<F>
  /** Need not be used. */
  optional(): FunctionAnswer<F>
}

/**
 * Puts a function of an object under the contract of sandboxes: in a sandbox each call is answered, and has to be asserted; outside of one the
 * function is as it was. It is put back when the test (hook, describe, file) ends in which this is called. Until then it is a `vi.fn` for `expect`.
 *
 * @throws SandboxMisuseError when there is no such function
 * @example
 * tripwire.mock(mailer, 'send').with('ann@example.com').resolves({ id: 1 })
 * await tripwire.sandbox(() => invite('ann@example.com'))
 * tripwire.functions.assert('Mailer.send', { args: ['ann@example.com'] })
 */
export type MockFunction = <T extends object, K extends FunctionOf<T>>(object: T, method: K) => FunctionMock<T[K]>

/**
 * Writes the calls of a function down in sandboxes, and lets the original answer; each has to be asserted.
 *
 * @throws SandboxMisuseError when there is no such function
 * @example
 * tripwire.spy(cart, 'total')
 * tripwire.sandbox(() => checkout(cart))
 * tripwire.functions.assert('Cart.total', { args: [], returned: 50 })
 */
export type SpyOnFunction = <T extends object, K extends FunctionOf<T>>(object: T, method: K) => void

/** Facts of a call; `args` has to be asserted. */
export interface FunctionFacts {
  readonly args?: unknown
  /** What came of it: one of these, those of a promise once it is settled. */
  readonly returned?: unknown
  readonly threw?: unknown
  readonly resolved?: unknown
  readonly rejected?: unknown
}

/** `tripwire.functions`: functions by their names, `'send'` or with the object's class, `'Mailer.send'`. */
export interface FunctionsFamily extends Family {
  /** Answers a call of a function that `tripwire.mock` or `tripwire.spy` put under the contract. */
  mock(name: string | RegExp, reply?: FunctionReply): MockHandle
  passThrough(name: string | RegExp): MockHandle
  /** @example tripwire.functions.assert('Mailer.send', { args: ['ann@example.com'] }) */
  assert(name: string | RegExp, facts?: FunctionFacts): void
}
