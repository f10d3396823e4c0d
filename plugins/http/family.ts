import type { Family, MockHandle } from '../../src/plugin.ts'
import type { HttpReplyInput } from './reply.ts'

/** A request by its parts; what is left out fits anything, and an assertion has to name what the code controls. */
export interface HttpPattern {
  readonly method?: string | RegExp | readonly string[]
  /** An address without its query, with `*` and `**`; or a RegExp for the whole of it. */
  readonly url?: string | URL | RegExp
  readonly query?: unknown
  /** Those that are named, whatever their case. */
  readonly headers?: Readonly<Record<string, unknown>>
  /** JSON as a value, text as text, anything else as bytes; matchers anywhere. */
  readonly body?: unknown
}

/** Facts that an assertion adds to its pattern. */
export interface HttpFacts {
  readonly method?: unknown
  readonly url?: unknown
  readonly query?: unknown
  readonly headers?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** `tripwire.http`. */
export interface HttpFamily extends Family {
  /**
   * Answers a request in sandboxes.
   *
   * @example tripwire.http.mock('POST https://api.stripe.com/v1/charges', { json: { id: 'ch_123' } })
   */
  mock(pattern: string | URL | RegExp | HttpPattern, reply?: HttpReplyInput): MockHandle
  passThrough(pattern: string | URL | RegExp | HttpPattern): MockHandle
  /** @example tripwire.http.assert('POST https://api.stripe.com/v1/charges', { body: { amount: 5000 } }) */
  assert(pattern: string | URL | RegExp | HttpPattern, facts?: HttpFacts): void
  /**
   * Takes msw's request handlers as they are; each may answer any number of calls, or none. As in msw, those of the latest call are asked first;
   * mocks of the same scope are asked before them. `{ once: true }`, `passthrough()`, generators and
   * GraphQL work as msw means them.
   *
   * @example tripwire.http.use(http.get('https://api.example.com/user/:id', () => HttpResponse.json({ name: 'Ada' })))
   */
  use(...handlers: readonly object[]): void
}
