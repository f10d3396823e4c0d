import type { Family, MockHandle } from '../../src/plugin.ts'
import type { DnsAnswerInput } from './records.ts'

/** A question by its parts; what is left out fits anything. */
export interface DnsPattern {
  readonly hostname?: string | RegExp
  /** Record type of a query: `A`, `MX`; lookups have none. */
  readonly rrtype?: string | readonly string[]
}

/** Facts that an assertion adds to its pattern. */
export interface DnsFacts {
  readonly hostname?: unknown
  readonly rrtype?: unknown
}

/** What is asked, for an answer that depends on it. */
export interface DnsQuestion {
  readonly hostname: string
  /** Undefined for lookups. */
  readonly rrtype: string | undefined
  /** Of a lookup that wants one: 4 or 6. */
  readonly family?: 4 | 6
}

export type DnsReply = DnsAnswerInput | ((question: DnsQuestion) => DnsAnswerInput | Promise<DnsAnswerInput>)

/** `tripwire.dns`. */
export interface DnsFamily extends Family {
  /**
   * Answers lookups and queries of a name in sandboxes; a name that has no record of the type that is asked for fails with ENODATA.
   *
   * @example tripwire.dns.mock('api.example.com', '10.0.0.1')
   * @example tripwire.dns.mock('MX example.com', { exchange: 'mx.example.com', priority: 10 })
   * @example tripwire.dns.mock('gone.example.com', 'ENOTFOUND').always()
   */
  mock(pattern: string | RegExp | DnsPattern, reply: DnsReply): MockHandle
  passThrough(pattern: string | RegExp | DnsPattern): MockHandle
  /** @example tripwire.dns.assert('MX example.com') */
  assert(pattern: string | RegExp | DnsPattern, facts?: DnsFacts): void
}
