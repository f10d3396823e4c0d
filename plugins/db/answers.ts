/** What answers for a database: something that takes its connections, an engine or a session of scripts. */
import type { Socket } from 'node:net'
import type { Asserting, FactPatterns, PrintCall, Redirected, Register, Tap } from '../../src/plugin.ts'

/** Takes the worker's end of connections. */
export interface Embedded {
  accept(peer: Socket, connection: Redirected, tap: Tap): void
}

/** What a mock of this protocol answers with. */
export interface DbAnswer {
  readonly embedded: Embedded
  /** What is given in the engine's place; `embedded` knows what it is. */
  readonly script?: unknown
}

/** What the family is made with. */
export interface Made {
  readonly register: Register
  readonly print: PrintCall
  readonly asserting: Asserting
}

/**
 * Leads connections to a place to who answers there; what scripts say goes before.
 *
 * @param patterns of the place
 * @param operations that are answered there
 */
export function answerAt(
  { register }: Made,
  patterns: FactPatterns,
  embedded: Embedded,
  text: string,
  operations: readonly string[] = ['connect', 'control', 'query'],
): void {
  used = true
  const answer: DbAnswer = { embedded }
  const mock = register({ ...patterns, operation: operations }, answer, text, {
    last: true,
    fallback: true,
  })
  mock.always()
  mock.optional()
}

/** Whether this worker has a database that is answered for. */
export const isUsed = () => used
let used = false
