import type { Outcome } from '../plugin.ts'
import type { Facts, Layer, Verdict, Why } from './call.ts'
import { CallRecord } from './open-calls.ts'
import type { PluginSet } from './plugins.ts'
import { type Policy, policyOf } from './policy.ts'
import { PendingReply } from './replies.ts'
import type { Sandboxes } from './sandbox.ts'
import type { TripBook, TripSite } from './trips.ts'
import { decide } from './verdict.ts'

/** Carries out what mocks answer: uses them up, writes the call down, and follows it while it is answered. */
export class Answering {
  readonly #plugins: PluginSet
  readonly #trips: TripBook
  readonly #sandboxes: Sandboxes

  constructor(plugins: PluginSet, trips: TripBook, sandboxes: Sandboxes) {
    this.#plugins = plugins
    this.#trips = trips
    this.#sandboxes = sandboxes
  }

  /** Whether a mock would answer a call, as far as that is known; nothing is used up by asking. */
  answers(call: CallRecord): boolean {
    const policy = policyOf(call.frame)
    if (policy.sandbox === undefined || policy.mocks.length === 0 || call.layers.length === 0) return false
    return decide(call.layers, policy, this.#plugins).kind === 'reply'
  }

  reply(call: CallRecord, policy: Policy, verdict: Extract<Verdict, { kind: 'reply' }>): Outcome {
    const { mock, certain } = verdict.found
    const opens = this.#plugins.isOpening(call.layers[0] as Layer)
    if (certain && !opens) mock.uses++
    const site = this.#trips.captureLater()
    const plugins = this.#plugins
    // What only opens is served as long as a mock might answer what comes on it, and is nothing to assert.
    const recording = opens ? { plugins, site } : { plugins, site, mock }
    const interaction = this.#sandboxes.record(policy.sandbox as number, call, verdict, recording)
    if (interaction === undefined) return { kind: 'pass' }
    if (mock.passThrough && !plugins.forwards(call)) return { kind: 'pass' }
    const reply = new PendingReply({ mock, certain: certain || opens }, interaction, call.frame, {
      rechoose: (facts) => plugins.chooseMock(call, facts, policy),
      unanswered: (facts) => this.#unanswered(call, policy, facts, site()),
    })
    return { kind: 'reply', reply }
  }

  /** What became known of a call leaves it without an answer. */
  #unanswered(call: CallRecord, policy: Policy, facts: Facts, site: TripSite): Error {
    const [top, ...lower] = call.layers as [Layer, ...Layer[]]
    const known = new CallRecord(call.frame, () => [{ ...top, facts }, ...lower], call.onOpen)
    const why: Why = { by: 'sandbox' }
    const verdict: Verdict = { kind: 'block', code: 'TRIPWIRE_UNMOCKED_INTERACTION', why }
    const { trip, error } = this.#trips.make(known, verdict, site, policy)
    call.verdict = verdict
    call.trip = trip
    this.#trips.charge(trip, error, call.frame, policy)
    return error
  }
}
