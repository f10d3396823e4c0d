import type { InteractionRecord, Ledger } from './ledger.ts'
import type { Mock } from './mocks.ts'

/** What a test left unaccounted. */
export interface Unaccounted {
  /** Calls that were answered or let through, and never asserted. */
  readonly unasserted: readonly InteractionRecord[]
  /** Mocks that answered fewer calls than they have to. */
  readonly unused: readonly Mock[]
  /** Calls that nothing answered, which an unused mock might have been meant for. */
  readonly blocked: readonly InteractionRecord[]
}

/** What is left of a ledger at the end of its frame; undefined when all is accounted for. */
export function unaccounted(ledger: Ledger): Unaccounted | undefined {
  const unasserted = [...ledger.pending()]
  const unused = ledger.mocks.filter((mock) => mock.unused)
  return unasserted.length + unused.length === 0 ? undefined : { unasserted, unused, blocked: ledger.blocked }
}
