import type { EngineLimit, Outcome } from '../plugin.ts'
import type { Facts, Layer, Verdict, Why } from './call.ts'
import type { Frame } from './frames.ts'
import type { GuardParts } from './guard-parts.ts'
import { isError } from './kinds.ts'
import { findMock, type Mock } from './mocks.ts'
import { CallRecord } from './open-calls.ts'
import type { PluginSet } from './plugins.ts'
import { type Policy, policyOf } from './policy.ts'
import { PendingReply } from './replies.ts'
import type { Sandboxes } from './sandbox.ts'
import { type Deviated, payerOf, type TripBook, type TripSite } from './trips.ts'
import { decide, missedCeiling } from './verdict.ts'

/** Carries out what mocks answer: uses them up, writes the call down, and follows it while it is answered. */
export class Answering {
  readonly #plugins: PluginSet
  readonly #trips: TripBook
  readonly #sandboxes: Sandboxes
  readonly #mockFailure: GuardParts['mockFailure']

  constructor(plugins: PluginSet, trips: TripBook, sandboxes: Sandboxes, mockFailure: GuardParts['mockFailure']) {
    this.#plugins = plugins
    this.#trips = trips
    this.#sandboxes = sandboxes
    this.#mockFailure = mockFailure
  }

  /** Whether a mock would answer a call, as far as that is known; nothing is used up by asking. */
  answers(call: CallRecord): boolean {
    const policy = policyOf(call.frame)
    if (policy.sandbox === undefined || policy.mocks.length === 0 || call.layers.length === 0) return false
    const verdict = decide(call.layers, policy, this.#plugins)
    if (verdict.kind === 'reply') call.foresee(verdict, policy)
    return verdict.kind === 'reply'
  }

  /** The answer of the mock that would answer a call in a frame; it is not used up by asking. */
  answerTo(layer: Layer, frame: Frame): unknown {
    const policy = policyOf(frame)
    if (policy.sandbox === undefined) return undefined
    const verdict = decide([layer], policy, this.#plugins)
    return verdict.kind === 'reply' ? verdict.found.mock.answer : undefined
  }

  /** A call that only looks for what another call will connect to belongs to that one, which a mock answers or lets through. */
  preparation(call: CallRecord, { mocks }: Policy, verdict: Verdict): Outcome | undefined {
    const [layer] = call.layers
    if (layer === undefined || verdict.why.by !== 'sandbox' || !this.#plugins.isPreparation(layer)) return undefined
    const host = this.#plugins.hostOf(layer)
    const mock = mocks.find((each) => !each.exhausted && this.#plugins.mayReach(each, host))
    return mock && (mock.passThrough ? { kind: 'pass' } : { kind: 'prepare' })
  }

  reply(call: CallRecord, policy: Policy, verdict: Extract<Verdict, { kind: 'reply' }>): Outcome {
    const { mock, certain, layer } = verdict.found
    const opens = this.#plugins.isOpening(layer)
    // What goes to the real thing, its plugin hears no more of: then it stays with what is known.
    const goes = mock.passThrough && !this.#plugins.forwards(layer)
    if ((certain || goes) && !opens) mock.uses++
    const site = this.#trips.captureLater()
    const plugins = this.#plugins
    // What only opens is served as long as a mock might answer what comes on it, and is nothing to assert.
    const recording = opens ? { plugins, site, layer } : { plugins, site, layer, mock }
    const interaction = this.#sandboxes.record(policy.sandbox as number, call, verdict, recording)
    if (interaction === undefined) return { kind: 'pass' }
    if (goes) return { kind: 'pass' }
    const reply = new PendingReply({ mock, layer, certain: certain || opens }, interaction, call.frame, {
      rechoose: (facts, except) => this.#rechoose(call, { ...layer, facts }, policy, except),
      capped: (facts) =>
        this.#capped(call, policy) ? this.#unanswered(call, layer, policy, facts, site()) : undefined,
      unanswered: (facts) => this.#unanswered(call, layer, policy, facts, site()),
      fallbacks: (facts) => {
        const known = { ...layer, facts }
        return policy.mocks.filter(
          ({ fallback, protocol, rule }) => fallback && protocol === layer.protocol && rule.matches(known, false),
        )
      },
      holds: (frame) => policyOf(frame).sandbox === policy.sandbox,
      fails: (error, mock) => this.#fails(call, mock, error),
      limited: (limit, now) => this.#limited(call, now, limit, site(), policy),
      deviates: (deviation, now) => this.#deviates(call, now, { ...deviation, site: site() }, policy),
    })
    return { kind: 'reply', reply }
  }

  /** The mock for a call of which more is known by now; without one the rules and the default policy decide, as they would have at once. */
  #rechoose(call: CallRecord, layer: Layer, policy: Policy, except: readonly Mock[]): Mock | 'pass' | undefined {
    const capped = missedCeiling(call.layers, policy) !== undefined
    const found = findMock(policy.mocks, layer, { unknown: false, capped, except })
    if (found !== undefined) return found.mock
    return this.#plugins.forwards(layer) && this.#decideWithout(call.layers, policy).kind === 'pass'
      ? 'pass'
      : undefined
  }

  /** A ceiling caps what mocks and rules let through; what the default policy does, it leaves alone. */
  #capped({ layers }: CallRecord, policy: Policy): boolean {
    return missedCeiling(layers, policy) !== undefined && this.#decideWithout(layers, policy).kind !== 'pass'
  }

  #decideWithout(layers: readonly Layer[], policy: Policy): Verdict {
    return decide(layers, { ...policy, mocks: [] }, this.#plugins)
  }

  /** What became known of a call leaves it without an answer. */
  #unanswered(call: CallRecord, answered: Layer, policy: Policy, facts: Facts, site: TripSite): Error {
    const layers = call.layers.map((layer) => (layer === answered ? { ...layer, facts } : layer))
    const known = new CallRecord(call.frame, () => layers, call.onOpen)
    const decided = this.#decideWithout(layers, policy)
    const why: Why = { by: 'sandbox' }
    const verdict: Verdict =
      decided.kind === 'block' ? decided : { kind: 'block', code: 'TRIPWIRE_UNMOCKED_INTERACTION', why }
    const { trip, error } = this.#trips.make(known, verdict, site, policy)
    call.verdict = verdict
    call.trip = trip
    this.#trips.charge(trip, error, call.frame, policy)
    return error
  }

  /** The test's own part of an answer failed. */
  #fails({ frame }: CallRecord, mock: Mock, error: unknown): Error {
    const failure = this.#mockFailure(mock, error)
    if (failure !== undefined) payerOf(frame)?.failures.push(failure)
    return failure ?? (isError(error) ? error : new Error(String(error), { cause: error }))
  }

  /** The engine behind a mock cannot do it. */
  #limited({ frame }: CallRecord, layer: Layer, limit: EngineLimit, site: TripSite, policy: Policy): Error {
    const { trip, error } = this.#trips.makeLimit(frame, layer, { ...limit, site })
    this.#trips.charge(trip, error, frame, policy)
    return error
  }

  /** What came is not what a script waits for. */
  #deviates({ frame }: CallRecord, layer: Layer, deviation: Deviated, policy: Policy): Error {
    const { trip, error } = this.#trips.makeDeviation(frame, layer, deviation)
    this.#trips.charge(trip, error, frame, policy)
    return error
  }
}
