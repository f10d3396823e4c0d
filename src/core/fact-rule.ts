import type { Layer } from './call.ts'
import type { Test } from './pattern.ts'
import type { Rule, RuleSource } from './rules.ts'

/** A rule that can tell which facts of a call do not fit. */
export interface FactRule extends Rule {
  /** The facts that it names. */
  readonly names: readonly string[]
  /** Those that do not fit, in the order of the pattern. */
  differing(layer: Pick<Layer, 'operation' | 'facts'>): string[]
}

/** The compiled pattern of one fact. */
export interface FactTest {
  readonly fact: string
  readonly test: Test
}

/** A rule of patterns for facts, which all have to fit. */
export class FieldRule implements FactRule {
  readonly text: string
  readonly protocol: string
  readonly source: RuleSource
  readonly #tests: readonly FactTest[]

  constructor(text: string, protocol: string, tests: readonly FactTest[], source: RuleSource) {
    this.text = text
    this.protocol = protocol
    this.source = source
    this.#tests = tests
  }

  get names(): readonly string[] {
    return this.#tests.map(({ fact }) => fact)
  }

  differing(layer: Pick<Layer, 'operation' | 'facts'>): string[] {
    return this.#tests.filter(({ fact, test }) => !test(factOf(layer, fact))).map(({ fact }) => fact)
  }

  matches(layer: Layer, unknown: boolean): boolean {
    if (layer.protocol !== this.protocol) return false
    for (const { fact, test } of this.#tests) {
      const value = factOf(layer, fact)
      if (value === undefined ? !(unknown && fact in layer.facts) : !test(value)) return false
    }
    return true
  }
}

function factOf({ operation, facts }: Pick<Layer, 'operation' | 'facts'>, fact: string): unknown {
  return fact === 'operation' ? operation : facts[fact]
}
