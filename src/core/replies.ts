import type { Deviation, EngineLimit, Left, Reply, Step } from '../plugin.ts'
import type { Facts, Layer } from './call.ts'
import type { Frame } from './frames.ts'
import type { InteractionRecord } from './ledger.ts'
import type { Found, Mock } from './mocks.ts'

// Captured at load: tests replace them.
const { keys, getOwnPropertyDescriptor, defineProperty } = Object

/** What the guard knows of mocks and trips, for a reply that has to be chosen again. */
export interface ReplyGuard {
  /** The mock that fits these facts for certain; whether the call may go on without one. */
  rechoose(facts: Facts, except: readonly Mock[]): Mock | 'pass' | undefined
  /** The error of a call that a ceiling does not let through. */
  capped(facts: Facts): Error | undefined
  /** Writes down that nothing answers the call after all. */
  unanswered(facts: Facts): Error
  /** The fallbacks that fit the call. */
  fallbacks(facts: Facts): readonly Mock[]
  /** Whether code in a frame stands in the sandbox of the call. */
  holds(frame: Frame): boolean
  /** The test's own part of the answer failed. */
  fails(error: unknown, mock: Mock): Error
  /** Writes down that a script's conversation went another way. */
  deviates(deviation: Deviation & { readonly mock: Mock }, layer: Layer): Error
  /** Writes down what the engine behind a mock cannot do. */
  limited(limit: EngineLimit, layer: Layer): Error
}

/** A mock's answer on its way. */
export class PendingReply implements Reply {
  #mock: Mock
  #tentative: boolean
  #passes = false
  /** Mocks that had nothing to say. */
  readonly #silent: Mock[] = []
  readonly #interaction: InteractionRecord
  readonly #guard: ReplyGuard
  readonly frame: Frame

  constructor(found: Found, interaction: InteractionRecord, frame: Frame, guard: ReplyGuard) {
    this.frame = frame
    this.#mock = found.mock
    this.#tentative = !found.certain
    this.#interaction = interaction
    this.#guard = guard
  }

  get answer(): unknown {
    return this.#mock.answer
  }

  get passThrough(): boolean {
    return this.#passes || this.#mock.passThrough
  }

  get protocol(): string {
    return this.#interaction.protocol
  }

  get facts(): Facts {
    return this.#interaction.facts
  }

  get tentative(): boolean {
    return this.#tentative
  }

  complete(facts: Facts): Error | undefined {
    const interaction = this.#interaction
    const known: Record<string, unknown> = { ...interaction.facts }
    for (const name of keys(facts)) {
      // What is still growing comes as a getter.
      const fact = getOwnPropertyDescriptor(facts, name) as PropertyDescriptor
      if (fact.get === undefined) known[name] = fact.value
      else defineProperty(known, name, fact)
    }
    interaction.facts = known
    if (!this.#tentative) return undefined
    this.#tentative = false
    return this.#choose()
  }

  declines(): Error | undefined {
    this.#silent.push(this.#mock)
    return this.#choose()
  }

  lets(): Error | undefined {
    const error = this.#guard.capped(this.#interaction.facts)
    this.#interaction.outcome = error === undefined ? 'passed' : 'blocked'
    if (error !== undefined) this.#interaction.mock = undefined
    return error
  }

  #choose(): Error | undefined {
    const interaction = this.#interaction
    const mock = this.#guard.rechoose(interaction.facts, this.#silent)
    if (typeof mock === 'object') {
      mock.uses++
      this.#mock = mock
      interaction.mock = mock
      interaction.outcome = mock.passThrough ? 'passed' : 'replied'
      return undefined
    }
    interaction.mock = undefined
    if (mock === 'pass') {
      this.#passes = true
      interaction.outcome = 'passed'
      return undefined
    }
    interaction.outcome = 'blocked'
    return this.#guard.unanswered(interaction.facts)
  }

  fallbacks(): readonly unknown[] {
    return this.#guard.fallbacks(this.#interaction.facts).map(({ answer }) => answer)
  }

  holds(frame: Frame): boolean {
    return this.#guard.holds(frame)
  }

  accountsBy(left: Left): void {
    this.#interaction.byState = left
  }

  owes(left: () => readonly Step[]): void {
    this.#mock.begin(left)
  }

  fails(error: unknown): Error {
    return this.#guard.fails(error, this.#mock)
  }

  deviates(deviation: Deviation): Error {
    const { protocol, operation, facts } = this.#interaction
    return this.#guard.deviates({ ...deviation, mock: this.#mock }, { protocol, operation, facts })
  }

  limited(limit: EngineLimit): Error {
    // It is told by the error: there is nothing to assert.
    this.#interaction.mock = undefined
    this.#interaction.outcome = 'blocked'
    const { protocol, operation, facts } = this.#interaction
    return this.#guard.limited(limit, { protocol, operation, facts })
  }
}
