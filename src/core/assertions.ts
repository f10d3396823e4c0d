import type { Facts } from './call.ts'
import type { FactRule } from './fact-rule.ts'
import { isRegExp } from './kinds.ts'
import type { InteractionRecord, Ledger } from './ledger.ts'

/** What an assertion says: the patterns of its first argument and its facts, compiled. */
export interface Assertion {
  readonly protocol: string
  readonly rule: FactRule
  /** What is expected of each fact that it names. */
  readonly expected: Readonly<Record<string, unknown>>
  /** Facts that the code under test controls. */
  controlled(facts: Facts, answer: unknown): readonly (string | readonly string[])[]
}

/** The facts that neither a name nor what else names them names. */
export function unnamed(controlled: readonly (string | readonly string[])[], names: readonly string[]): string[] {
  const left = controlled.map((fact) => [fact].flat()).filter((ways) => !ways.some((way) => names.includes(way)))
  return left.map(([fact]) => fact as string)
}

/** Why an assertion does not hold. */
export type Failure =
  | { readonly kind: 'nothing-left'; readonly blocked: readonly InteractionRecord[] }
  | {
      readonly kind: 'mismatch'
      /** The call that is next, or comes nearest where the order does not matter. */
      readonly interaction: InteractionRecord
      /** Facts that differ; undefined when it is a call of another protocol. */
      readonly differing: readonly string[] | undefined
      readonly expected: Readonly<Record<string, unknown>>
      /** What else is still to be asserted. */
      readonly pending: readonly InteractionRecord[]
      /** A call further down that the assertion does fit. */
      readonly later: InteractionRecord | undefined
      readonly ordered: boolean
    }
  | { readonly kind: 'missing-facts'; readonly interaction: InteractionRecord; readonly missing: readonly string[] }
  | { readonly kind: 'wildcards'; readonly interaction: InteractionRecord }

/**
 * Asserts the next call of a ledger; where the order does not matter, the first that fits. Values are compared before completeness, so that
 * no call is asked for facts that another one has.
 */
export function assertNext(ledger: Ledger, assertion: Assertion): Failure | undefined {
  const ordered = !ledger.isUnordered(assertion.protocol)
  const candidate = ordered
    ? ledger.next(assertion.protocol)
    : (firstThatFits(ledger, assertion) ?? nearest(ledger, assertion))
  if (candidate === undefined) return { kind: 'nothing-left', blocked: ledger.blocked }
  const differing = differingFacts(assertion, candidate)
  if (differing === undefined || differing.length > 0) {
    const later = ordered ? firstThatFits(ledger, assertion) : undefined
    const { expected } = assertion
    return {
      kind: 'mismatch',
      interaction: candidate,
      differing,
      expected,
      pending: [...ledger.pending()],
      later,
      ordered,
    }
  }
  const missing = unnamed(
    assertion.controlled(candidate.facts, candidate.mock?.answer),
    Object.keys(assertion.expected),
  )
  if (missing.length > 0) return { kind: 'missing-facts', interaction: candidate, missing }
  if (Object.values(assertion.expected).every(isWildcard)) return { kind: 'wildcards', interaction: candidate }
  candidate.asserted = true
  return undefined
}

function firstThatFits(ledger: Ledger, assertion: Assertion): InteractionRecord | undefined {
  for (const interaction of ledger.pending()) {
    if (differingFacts(assertion, interaction)?.length === 0) return interaction
  }
  return undefined
}

function differingFacts({ protocol, rule }: Assertion, interaction: InteractionRecord): string[] | undefined {
  return interaction.protocol === protocol ? rule.differing(interaction) : undefined
}

/** The call that an assertion of any order most likely means: the one of its protocol with the fewest differing facts. */
function nearest(ledger: Ledger, assertion: Assertion): InteractionRecord | undefined {
  let best: { interaction: InteractionRecord; count: number } | undefined
  for (const interaction of ledger.pending()) {
    const count = differingFacts(assertion, interaction)?.length ?? Number.POSITIVE_INFINITY
    if (best === undefined || count < best.count) best = { interaction, count }
  }
  return best?.interaction
}

/** A value that says nothing of what it stands for. */
function isWildcard(value: unknown): boolean {
  if (typeof value === 'string') return /^[/*]*\*[/*]*$/.test(value)
  if (isRegExp(value)) return ['(?:)', '.*', '^.*$', '.*?'].includes(value.source)
  const name = (value as { constructor?: { name?: string } } | null | undefined)?.constructor?.name
  return name === 'Anything' || name === 'Any'
}
