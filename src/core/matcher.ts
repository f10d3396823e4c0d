/**
 * Kept under a symbol: structured cloning skips symbol keys, so a matcher with a predicate inside survives the trip of test options to
 * Vitest's main process, and another copy of this package can read it.
 */
const SPEC = Symbol.for('vitest-tripwire.matcher')

/** A pattern for one fact: text read by the fact's kind, a RegExp, a predicate, an asymmetric matcher, or any of several. */
export type FactPattern =
  | string
  | number
  | boolean
  | RegExp
  | ((value: never) => unknown)
  | { asymmetricMatch(value: unknown): boolean }
  | readonly FactPattern[]

/** What `M` takes: the protocol (left out: any), the operation, and patterns for facts. */
export interface MatcherFields {
  readonly protocol?: string
  readonly operation?: FactPattern
  readonly [fact: string]: FactPattern | undefined
}

export type MatcherSpec =
  | { readonly kind: 'fields'; readonly fields: MatcherFields }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly MatcherSpec[] }
  | { readonly kind: 'not'; readonly part: MatcherSpec }

/** A rule that says what a rule string cannot. Immutable. */
export interface Matcher {
  readonly [SPEC]: MatcherSpec
  and(other: Matcher): Matcher
  or(other: Matcher): Matcher
  not(): Matcher
}

/**
 * A rule made of patterns for facts.
 *
 * @example M({ host: /^api-\d+\.example\.com$/, method: ['GET', 'HEAD'] }).and(M({ path: '/v1/**' }).not())
 */
export function M(fields: MatcherFields): Matcher {
  return matcherOf({ kind: 'fields', fields: Object.freeze({ ...fields }) })
}

export function isMatcher(value: unknown): value is Matcher {
  return typeof value === 'object' && value !== null && SPEC in value
}

export function specOf(matcher: Matcher): MatcherSpec {
  return matcher[SPEC]
}

/** The matcher as code, for messages. */
export function printMatcher(spec: MatcherSpec): string {
  if (spec.kind === 'not') return `${printMatcher(spec.part)}.not()`
  if (spec.kind === 'fields') {
    const fields = Object.entries(spec.fields).map(([name, pattern]) => `${name}: ${printPattern(pattern)}`)
    return `M({ ${fields.join(', ')} })`
  }
  const [first, ...rest] = spec.parts.map(printMatcher)
  return `${first}${rest.map((part) => `.${spec.kind}(${part})`).join('')}`
}

function printPattern(pattern: unknown): string {
  if (typeof pattern === 'string') return `'${pattern}'`
  if (typeof pattern === 'function') return 'function'
  if (Array.isArray(pattern)) return `[${pattern.map(printPattern).join(', ')}]`
  return String(pattern)
}

function matcherOf(spec: MatcherSpec): Matcher {
  const matcher = Object.create(PROTOTYPE, { [SPEC]: { value: spec, enumerable: true } })
  return Object.freeze(matcher)
}

const PROTOTYPE = {
  and(this: Matcher, other: Matcher): Matcher {
    return matcherOf({ kind: 'and', parts: [specOf(this), specOf(other)] })
  },
  or(this: Matcher, other: Matcher): Matcher {
    return matcherOf({ kind: 'or', parts: [specOf(this), specOf(other)] })
  },
  not(this: Matcher): Matcher {
    return matcherOf({ kind: 'not', part: specOf(this) })
  },
}
