import type { BoxViews } from '../plugin.ts'
import type { Call, Layer, Verdict } from './call.ts'
import { SafeMap } from './collections.ts'
import { enter, type Interaction, InteractionRecord, ledgerOf } from './ledger.ts'
import type { Mock } from './mocks.ts'
import type { PluginSet } from './plugins.ts'
import type { TripSite } from './trips.ts'

export type { Interaction } from './ledger.ts'

/** A sandbox as its user sees it; readable after its end. */
export interface Box extends BoxViews {
  /** Unique over all workers of a run, and rising within each. */
  readonly id: number
  /** Every call that was made in it, in order. */
  readonly interactions: readonly Interaction[]
  /** Whether it is still in force. */
  readonly open: boolean
}

/** As messages name it: the worker's number and the sandbox's own, which say more than the sum of both. */
export function sandboxName(id: number): string {
  const worker = Math.floor(id / IDS_PER_WORKER)
  return worker === 0 ? `sandbox #${id}` : `sandbox #${worker}.${id % IDS_PER_WORKER}`
}

/** All sandboxes of a worker: numbers them and keeps what each saw for as long as somebody holds its box. */
export class Sandboxes {
  readonly #open = new SafeMap<number, BoxRecord>()
  readonly #worker: () => number
  #last = 0
  /** In a worker thread: takes what a sandbox of its starter saw there. */
  elsewhere: ((id: number, interaction: Interaction) => void) | undefined

  /** What a box has beside its interactions, by name. */
  readonly views = new SafeMap<string, (interactions: () => readonly Interaction[]) => object>()

  /** @param worker gives the number of this worker in the run, so that ids are unique over all of them */
  constructor(worker: () => number) {
    this.#worker = worker
  }

  create(): BoxRecord & BoxViews {
    const box = new BoxRecord(this.#worker() * IDS_PER_WORKER + ++this.#last)
    this.#open.set(box.id, box)
    for (const [name, view] of this.views) Object.defineProperty(box, name, { get: () => view(() => box.interactions) })
    return box as BoxRecord & BoxViews
  }

  end(box: BoxRecord): void {
    box.open = false
    this.#open.delete(box.id)
  }

  /** Writes a call down in its sandbox; and in its test's ledger where it has to be accounted for. */
  record(
    id: number,
    call: Call,
    verdict: Verdict,
    { plugins, layer, mock, site }: Recording,
  ): InteractionRecord | undefined {
    const box = this.#open.get(id)
    const top = layer ?? call.layers[0]
    if (top === undefined) return undefined
    const interaction = new InteractionRecord(
      {
        sequence: (box?.interactions.length ?? 0) + 1,
        protocol: top.protocol,
        operation: top.operation,
        facts: plugins.knownFacts(top),
        outcome: verdict.why.by === 'hook' ? 'allowed' : mock?.passThrough ? 'passed' : OUTCOMES[verdict.kind],
      },
      ({ protocol, operation, facts }) => plugins.describe({ protocol, operation, facts }),
      () => (call.trip?.callSite ? { callSite: call.trip.callSite, runner: false } : site?.()),
    )
    if (box === undefined) {
      const { sequence, protocol, operation, facts, outcome, description, callSite } = interaction
      this.elsewhere?.(id, { sequence, protocol, operation, facts, outcome, description, callSite })
      return undefined
    }
    interaction.mock = mock
    box.interactions.push(interaction)
    enter(ledgerOf(call.frame), interaction)
    return interaction
  }

  /** Writes an interaction down in an open sandbox, as its next. */
  note(id: number, interaction: Interaction): void {
    const box = this.#open.get(id)
    if (box === undefined) this.elsewhere?.(id, interaction)
    else box.interactions.push({ ...interaction, sequence: box.interactions.length + 1 })
  }

  /** Numbers sandboxes from here on: each thread of a worker has a range of its own. */
  numberFrom(first: number): void {
    this.#last = first
  }
}

interface Recording {
  readonly plugins: PluginSet
  /** The layer of the call that it is written down as; its highest unless given. */
  readonly layer?: Layer | undefined
  /** What answered the call, or let it through. */
  readonly mock?: Mock | undefined
  /** The present stack, read when somebody asks for the call's line. */
  readonly site?: (() => TripSite) | undefined
}

export class BoxRecord implements Omit<Box, keyof BoxViews> {
  readonly id: number
  readonly interactions: Interaction[] = []
  open = true
  constructor(id: number) {
    this.id = id
  }
}

const IDS_PER_WORKER = 10_000_000

const OUTCOMES = {
  pass: 'passed',
  observe: 'passed',
  warn: 'passed',
  reply: 'replied',
  refuse: 'refused',
  block: 'blocked',
} as const
