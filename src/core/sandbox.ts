import type { Call, CallSite, Facts, Verdict } from './call.ts'
import type { PluginSet } from './plugins.ts'

/** A call once written down: what a sandbox saw. */
export interface Interaction {
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

/** A sandbox as its user sees it; readable after its end. */
export interface Box {
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
  readonly #open = new Map<number, BoxRecord>()
  readonly #worker: () => number
  #last = 0
  /** In a worker thread: takes what a sandbox of its starter saw there. */
  elsewhere: ((id: number, interaction: Interaction) => void) | undefined

  /** @param worker gives the number of this worker in the run, so that ids are unique over all of them */
  constructor(worker: () => number) {
    this.#worker = worker
  }

  create(): BoxRecord {
    const box = new BoxRecord(this.#worker() * IDS_PER_WORKER + ++this.#last)
    this.#open.set(box.id, box)
    return box
  }

  end(box: BoxRecord): void {
    box.open = false
    this.#open.delete(box.id)
  }

  record(id: number, call: Call, verdict: Verdict, plugins: PluginSet): void {
    const top = call.layers[0]
    if (top === undefined) return
    this.note(id, {
      sequence: 0,
      protocol: top.protocol,
      operation: top.operation,
      facts: top.facts,
      description: plugins.describe(top),
      outcome: verdict.why.by === 'hook' ? 'allowed' : OUTCOMES[verdict.kind],
      callSite: call.trip?.callSite,
    })
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

export class BoxRecord implements Box {
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
