import type { Frame } from './frames.ts'
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
  /** Whether no call was made in a sandbox at all. Never of a describe or file: the sandboxes of its tests are none of its own. */
  readonly quiet: boolean
}

/** What is left of a ledger at the end of its frame; undefined when all is accounted for. */
export function unaccounted(ledger: Ledger, { kind }: Pick<Frame, 'kind'>): Unaccounted | undefined {
  const unasserted = [...ledger.pending()]
  const unused = ledger.mocks.filter((mock) => mock.unused)
  if (unasserted.length + unused.length === 0) return undefined
  return { unasserted, unused, blocked: ledger.blocked, quiet: kind === 'test' && ledger.all.length === 0 }
}
