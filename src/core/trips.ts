import type { Deviation, EngineLimit, Remedy } from '../plugin.ts'
import type { CallSite, Layer, Trip, Verdict } from './call.ts'
import { SafeMap, SafeSet, SafeWeakMap } from './collections.ts'
import type { Frame } from './frames.ts'
import { isError } from './kinds.ts'
import type { Mock } from './mocks.ts'
import type { CallRecord } from './open-calls.ts'
import type { PluginSet } from './plugins.ts'
import type { Policy } from './policy.ts'
import type { Rule } from './rules.ts'

/** What was found on the stack of a call that is about to be stopped. */
export interface TripSite {
  /** The runner's own work or Node's module loader: not ours to judge. */
  readonly runner: boolean
  readonly callSite?: CallSite | undefined
}

export interface TripInput {
  readonly id: number
  readonly call: CallRecord
  readonly verdict: Verdict
  readonly site: TripSite
  readonly policy: Policy
  readonly description: string
  readonly remedy: Remedy
  /** The layer that a rule or ceiling met, when it is not the top one. */
  readonly lower: Layer | undefined
  describeLower(layer: Layer): string
  /** The call with every fact that a mock may speak of. */
  readonly known: Layer
  /** The mock that would answer the call, as code: the pattern, and a reply to fill in. Undefined where the protocol has none. */
  readonly mock: string | undefined
  /** Whether a trip of this fingerprint was seen in this worker. */
  seen(fingerprint: string): boolean
}

/** Where a script's conversation went another way, with whose script it is and where the call was made. */
export interface Deviated extends Deviation {
  readonly mock: Mock
  readonly site: TripSite
}

/** Makes the plain trip and the error; given in, so that core renders nothing. */
export interface TripMaker {
  captureSite(): TripSite
  /** Remembers the user's line of the present stack; it is mapped to the user's sources when somebody asks. */
  captureLater(): () => TripSite
  /** Whether the present call is the runner's own work, the module loader's, or made by one of these files of Node. Cheaper than a site. */
  isOwnWork(inner: RegExp | undefined): boolean
  create(input: TripInput): { trip: Trip; error: Error }
  /** The trip and error of a call whose script was not followed. */
  deviation(input: Deviated & { id: number; frame: Frame; layer: Layer; description: string }): {
    trip: Trip
    error: Error
  }
  /** The trip and error of a call that an embedded engine cannot answer. */
  limit(input: EngineLimit & { id: number; frame: Frame; layer: Layer; site: TripSite }): { trip: Trip; error: Error }
  /** The error of a trip that was made in another thread. */
  revive(trip: Trip): Error
}

/** A kind of trip, folded: one entry per fingerprint and kind for the report of a file. */
export interface TripEntry {
  readonly trip: Trip
  count: number
  /** Names of the tests, hooks and imports it happened in; at most 20. */
  readonly startedBy: Set<string>
}

const MOST_NAMES = 20
/** Of a call in a thread that a sandbox holds for. */
const UNHEARD = 'the mocks of a test do not answer in worker threads'
let lastTrip = 0

/** Numbers trips from here on: each thread has a range of its own, as errors carry the number across. */
export function numberTripsFrom(first: number): void {
  lastTrip = first
}

/** Every trip of this worker: whose it is, and whether it has been told. */
export class TripBook {
  readonly #maker: TripMaker
  readonly #plugins: PluginSet
  readonly #errors = new SafeWeakMap<Trip, Error>()
  readonly #seen = new SafeSet<string>()
  #report = new SafeMap<string, TripEntry>()
  /** Called for a trip that no open test, describe or file can be charged with. */
  onHomeless: ((trip: Trip, error: Error) => void) | undefined

  /** In a worker thread: takes every trip to the thread whose test pays for it. */
  elsewhere: ((trip: Trip, frame: Frame) => void) | undefined

  constructor(maker: TripMaker, plugins: PluginSet) {
    this.#maker = maker
    this.#plugins = plugins
  }

  capture(): TripSite {
    return despite(() => this.#maker.captureSite(), { runner: false })
  }

  captureLater(): () => TripSite {
    return this.#maker.captureLater()
  }

  isOwnWork(inner: RegExp | undefined): boolean {
    return this.#maker.isOwnWork(inner)
  }

  make(call: CallRecord, verdict: Verdict, site: TripSite, policy: Policy): { trip: Trip; error: Error } {
    const top = call.layers[0] as Layer
    const rule = 'why' in verdict ? verdict.why.rule : undefined
    const remedy = despite(() => this.#plugins.remedy(top, policy), { rule: top.protocol })
    const mock = despite(() => this.#plugins.mockFor(top), undefined)
    const unheard = this.elsewhere !== undefined && mock !== undefined && policy.sandbox !== undefined
    const made = this.#maker.create({
      id: ++lastTrip,
      call,
      verdict,
      site,
      policy,
      description: despite(() => this.#plugins.describe(top), top.operation),
      remedy: { ...remedy, ...(unheard && { hint: UNHEARD }) },
      lower: rule && lowerLayer(call.layers, rule),
      describeLower: (layer) => this.#plugins.describe(layer),
      known: despite(() => this.#plugins.forMocks(top), top),
      mock: unheard ? undefined : mock,
      seen: (fingerprint) => this.#wasSeen(fingerprint),
    })
    this.#errors.set(made.trip, made.error)
    return made
  }

  makeDeviation(frame: Frame, layer: Layer, deviated: Deviated): { trip: Trip; error: Error } {
    const description = this.#plugins.describe(layer)
    const made = this.#maker.deviation({ ...deviated, id: ++lastTrip, frame, layer, description })
    this.#errors.set(made.trip, made.error)
    return made
  }

  makeLimit(frame: Frame, layer: Layer, limit: EngineLimit & { site: TripSite }): { trip: Trip; error: Error } {
    const made = this.#maker.limit({ ...limit, id: ++lastTrip, frame, layer })
    this.#errors.set(made.trip, made.error)
    return made
  }

  /** Takes what a hook threw for the error of a trip; it carries the trip's number from now on. */
  replace(trip: Trip, thrown: unknown): Error {
    const error = isError(thrown) ? thrown : new Error(`onTrip threw ${String(thrown)}`, { cause: thrown })
    if (Object.isExtensible(error)) Object.defineProperty(error, 'tripId', { value: trip.id, configurable: true })
    this.#errors.set(trip, error)
    return error
  }

  /** Charges a trip of another thread, whose caller has its error. */
  adopt(trip: Trip, frame: Frame, policy: Policy): void {
    const error = this.#maker.revive(trip)
    this.#errors.set(trip, error)
    this.charge(trip, error, frame, policy)
  }

  errorOf(trip: Trip): Error | undefined {
    return this.#errors.get(trip)
  }

  /** Writes a trip down at the frame that pays for it. Expected trips go to the `expectTrip` that waits for them. */
  charge(trip: Trip, error: Error, frame: Frame, policy: Policy): void {
    for (const expecting of policy.expecting) {
      if (matchesExpected(expecting.expects, trip)) {
        trip.expected = true
        expecting.trips.push(trip)
        return
      }
      if (trip.kind === 'blocked') expecting.others.push(trip)
    }
    if (trip.kind === 'blocked') this.#seen.add(trip.fingerprint)
    if (this.elsewhere) {
      this.elsewhere(trip, frame)
      return
    }
    // The report is of calls that a rule would let through.
    if (trip.code !== 'TRIPWIRE_SCRIPT' && trip.code !== 'TRIPWIRE_ENGINE') this.#note(trip)
    if (trip.kind !== 'blocked') return
    const payer = payerOf(frame)
    if (payer === undefined) this.onHomeless?.(trip, error)
    else payer.trips.push(trip)
  }

  /** Takes the trips of a frame that still have to be told; each only once. */
  take(frame: Frame): Trip[] {
    return frame.trips.splice(0).filter((trip) => !trip.expected)
  }

  /** What happened since the last call, folded; for the reporter. */
  takeReport(): TripEntry[] {
    const entries = [...this.#report.values()]
    this.#report = new SafeMap()
    return entries
  }

  #note(trip: Trip): void {
    const key = `${trip.kind} ${trip.fingerprint}`
    const known = this.#report.get(key)
    const entry = known ?? { trip, count: 0, startedBy: new SafeSet<string>() }
    if (known === undefined) this.#report.set(key, entry)
    entry.count++
    if (entry.startedBy.size < MOST_NAMES) entry.startedBy.add(trip.startedBy.name)
  }

  #wasSeen(fingerprint: string): boolean {
    return this.#seen.has(fingerprint)
  }
}

/**
 * The frame that a trip reddens: the test that started it while that runs, else the describe or file it was made in. A test that ended
 * cannot turn red any more: its file pays, and after the file nobody here can.
 */
export function payerOf(frame: Frame): Frame | undefined {
  const test = frame.nearest('test')
  if (test && !test.closed) return test
  for (let at = test?.parent ?? frame; at; at = at.parent as Frame) {
    const canPay = test ? at.kind === 'file' : at.kind === 'describe' || at.kind === 'file'
    if (canPay && !at.closed) return at
  }
  return undefined
}

function matchesExpected(expects: Rule | 'any' | undefined, trip: Trip): boolean {
  if (expects === undefined) return false
  return expects === 'any' || expects.matches(trip, true)
}

function lowerLayer(layers: readonly Layer[], rule: Rule): Layer | undefined {
  const [top, ...lower] = layers
  if (top === undefined || rule.matches(top, false)) return undefined
  return lower.find((layer) => rule.matches(layer, false))
}

/** A call is stopped and told even where a test has replaced what its message is made with. */
function despite<T>(fn: () => T, otherwise: T): T {
  try {
    return fn()
  } catch {
    return otherwise
  }
}
