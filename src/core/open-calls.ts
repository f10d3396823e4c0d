import type { OpenCall, OpenOptions, Outcome } from '../plugin.ts'
import type { Call, Layer, Trip, Verdict } from './call.ts'
import type { Frame } from './frames.ts'
import type { Policy } from './policy.ts'
import { UNRULED } from './verdict.ts'

type Reply = Extract<Verdict, { kind: 'reply' }>

let lastCall = 0
/** Most calls are asked what they ride on before they ride on anything, and many never do. */
const NONE: Layer[] = []

/** A call whose layers may be asked for late: most permitted calls never need their facts. */
export class CallRecord implements Call {
  readonly id = ++lastCall
  readonly frame: Frame
  readonly onOpen: boolean
  verdict: Verdict | undefined
  trip: Trip | undefined
  #source: (() => Layer[]) | undefined
  #layers: Layer[] | undefined
  #foreseen: { readonly verdict: Reply; readonly policy: Policy } | undefined
  /** What it rides on, as lower seams reported it. */
  #rides: Layer[] = NONE

  /** @param onOpen whether it is the use of a connection that is open already */
  constructor(frame: Frame, layers: () => Layer[], onOpen = false) {
    this.frame = frame
    this.onOpen = onOpen
    this.#source = layers
  }

  get layers(): Layer[] {
    if (this.#layers === undefined) {
      this.#layers = [...(this.#source?.() ?? []), ...this.#rides]
      this.#source = undefined
    }
    return this.#layers
  }

  /** What would answer it if it were made now: it mostly is, at once. */
  foresee(verdict: Reply, policy: Policy): void {
    this.#foreseen = { verdict, policy }
  }

  /** What was foreseen, where it still holds: mocks before that one cannot have come back, and layers below it have no say. */
  foreseenIn(policy: Policy): Verdict | undefined {
    const foreseen = this.#foreseen
    this.#foreseen = undefined
    return foreseen?.policy === policy && !foreseen.verdict.found.mock.exhausted ? foreseen.verdict : undefined
  }

  /** A lower seam carries it. */
  ride(lower: Layer): void {
    if (this.#rides === NONE) this.#rides = [lower]
    else this.#rides.push(lower)
    this.#layers?.push(lower)
  }

  get lowest(): Layer | undefined {
    return this.#rides.at(-1) ?? this.layers.at(-1)
  }

  /** What it rides on; nobody has to know what it is itself to look at that. */
  get rides(): readonly Layer[] {
    return this.#rides
  }
}

/** What the guard does for an open call: the verdict and what follows from it. */
export interface Judge {
  /** Whether a mock would answer. */
  answers(call: CallRecord): boolean
  conclude(call: CallRecord): Outcome
  /** Forgets a claim. */
  release(open: Open): void
}

/**
 * A call that was announced by a higher layer and waits for the lower seam that carries it. It is the context (the store of the
 * AsyncLocalStorage) in which that seam is expected, and it takes one transport only: user callbacks that run later in the same context
 * make calls of their own.
 */
export class Open implements OpenCall {
  readonly call: CallRecord
  readonly claims: ((lower: Layer) => boolean) | undefined
  outcome: Outcome | undefined
  waiting = true
  readonly #judge: Judge
  readonly #protocol: string | undefined

  constructor(call: CallRecord, judge: Judge, options: OpenOptions | undefined) {
    this.call = call
    this.#judge = judge
    this.claims = options?.claims
    this.#protocol = options?.protocol
  }

  /** Whether the call is of a protocol, or rides on one. */
  has(protocol: string): boolean {
    if (this.#protocol === undefined) return this.call.layers.some((known) => known.protocol === protocol)
    return this.#protocol === protocol || this.call.rides.some((known) => known.protocol === protocol)
  }

  get ruled(): boolean {
    return this.call.verdict !== UNRULED
  }

  get answerable(): boolean {
    return this.outcome === undefined && this.#judge.answers(this.call)
  }

  settle(rides?: Layer): Outcome {
    if (this.outcome !== undefined) return this.outcome
    if (rides !== undefined) this.call.ride(rides)
    this.outcome = this.#judge.conclude(this.call)
    return this.outcome
  }

  close(): void {
    this.waiting = false
    if (this.claims !== undefined) this.#judge.release(this)
  }
}
