import type { Left } from '../plugin.ts'
import type { CallSite, Facts } from './call.ts'
import { SafeSet, SafeWeakMap } from './collections.ts'
import type { Frame } from './frames.ts'
import type { Mock } from './mocks.ts'
import type { TripSite } from './trips.ts'

/** A call once written down: what a sandbox saw. */
export interface Interaction {
  /** Its place in its sandbox, from 1. */
  readonly sequence: number
  readonly protocol: string
  readonly operation: string
  readonly facts: Facts
  /** The call in one line, as a person would write it. */
  readonly description: string
  /** What became of it; `allowed` by the config's `onTrip`. */
  readonly outcome: 'passed' | 'allowed' | 'replied' | 'refused' | 'blocked'
  readonly callSite: CallSite | undefined
}

/** An interaction as tripwire keeps it: more may become known of it while it is answered. */
export class InteractionRecord implements Interaction {
  readonly sequence: number
  readonly protocol: string
  readonly operation: string
  facts: Facts
  outcome: Interaction['outcome']
  /** The mock that answered or let it through: then it has to be asserted. */
  mock: Mock | undefined
  asserted = false
  /** Whether it is still to be accounted for, where what it left says so; see `Reply.accountsBy`. */
  byState: Left | undefined
  readonly #describe: (record: InteractionRecord) => string
  readonly #site: () => TripSite | undefined

  constructor(
    parts: Pick<Interaction, 'sequence' | 'protocol' | 'operation' | 'facts' | 'outcome'>,
    describe: (record: InteractionRecord) => string,
    site: () => TripSite | undefined,
  ) {
    this.sequence = parts.sequence
    this.protocol = parts.protocol
    this.operation = parts.operation
    this.facts = parts.facts
    this.outcome = parts.outcome
    this.#describe = describe
    this.#site = site
    // Shown by whoever prints a box, without being worked out for those that nobody looks at.
    Object.defineProperty(this, 'mock', { enumerable: false })
    Object.defineProperty(this, 'asserted', { enumerable: false })
    Object.defineProperty(this, 'byState', { enumerable: false })
  }

  get description(): string {
    return this.#describe(this)
  }

  get site(): TripSite | undefined {
    return this.#site()
  }

  get callSite(): CallSite | undefined {
    return this.site?.callSite
  }
}

/**
 * What has to be accounted for at the end of a test (or of a describe or file, for what happens in their hooks): every call that a mock
 * answered or let through, in one order over all protocols and sandboxes, and every mock.
 */
export class Ledger {
  /** Every call of every sandbox. */
  readonly all: InteractionRecord[] = []
  /** Calls that have to be asserted. */
  readonly interactions: InteractionRecord[] = []
  /** Calls that nothing answered, for messages; the first hundred. */
  readonly blocked: InteractionRecord[] = []
  readonly mocks: Mock[] = []
  /** Sandboxes whose callbacks have not ended yet. */
  readonly open = new SafeSet<Frame>()
  /** Interactions before this one are asserted: the start of the search, so that long ledgers stay fast. */
  #settled = 0
  /** Protocols whose order does not matter at the moment; `'*'` for all. */
  readonly #unordered: string[] = []

  /** The next call that an assertion of the protocol may speak of, in order. */
  next(protocol: string): InteractionRecord | undefined {
    for (const interaction of this.pending()) {
      // What it left is asserted, at any time.
      if (interaction.byState !== undefined) continue
      if (interaction.protocol === protocol || !this.isUnordered(interaction.protocol)) return interaction
    }
    return undefined
  }

  isUnordered(protocol: string): boolean {
    return this.#unordered.includes('*') || this.#unordered.includes(protocol)
  }

  /** @returns ends it */
  relax(protocol: string): () => void {
    this.#unordered.push(protocol)
    return () => {
      this.#unordered.splice(this.#unordered.indexOf(protocol), 1)
    }
  }

  /** The calls that nobody has asserted yet, oldest first. What turned out to be answered by nothing is none of them. */
  *pending(): Generator<InteractionRecord> {
    while (isSettled(this.interactions[this.#settled])) this.#settled++
    for (let at = this.#settled; at < this.interactions.length; at++) {
      const interaction = this.interactions[at]
      if (isPending(interaction)) yield interaction
    }
  }
}

/** For good: what is accounted for by what it left may be so no longer, once that is changed again. */
function isSettled(interaction: InteractionRecord | undefined): boolean {
  return interaction !== undefined && (interaction.mock === undefined || interaction.asserted)
}

function isPending(interaction: InteractionRecord | undefined): interaction is InteractionRecord {
  return interaction?.mock !== undefined && !interaction.asserted && interaction.byState?.pending() !== false
}

const MOST_BLOCKED = 100
const ledgers = new SafeWeakMap<Frame, Ledger>()

/** The frame that accounts for what happens in a frame: its test, or its describe or file. */
function accountOf(frame: Frame): Frame {
  return frame.nearest('test') ?? frame.nearest('describe', 'file', 'run') ?? frame
}

/** The ledger of the test (describe, file) that a frame belongs to. */
export function ledgerOf(frame: Frame): Ledger {
  const owner = accountOf(frame)
  const known = ledgers.get(owner)
  if (known !== undefined) return known
  const ledger = new Ledger()
  ledgers.set(owner, ledger)
  return ledger
}

/** Takes the ledger of a frame that ends; undefined where nothing was written. */
export function takeLedger(frame: Frame): Ledger | undefined {
  const ledger = ledgers.get(frame)
  ledgers.delete(frame)
  return ledger
}

/** Writes an interaction where its test accounts for it. */
export function enter(ledger: Ledger, interaction: InteractionRecord): void {
  ledger.all.push(interaction)
  if (interaction.mock !== undefined) ledger.interactions.push(interaction)
  else if (interaction.outcome === 'blocked' && ledger.blocked.length < MOST_BLOCKED) ledger.blocked.push(interaction)
}
