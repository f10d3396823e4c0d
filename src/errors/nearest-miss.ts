import type { Facts, Layer } from '../core/call.ts'
import { SafeSet } from '../core/collections.ts'
import type { Mock } from '../core/mocks.ts'
import type { Rule } from '../core/rules.ts'
import type { Scope } from '../core/scopes.ts'

/** An allow rule that almost let a call through, and the facts of the call that kept it from it. */
export interface NearestMiss {
  readonly rule: Rule
  readonly source: string
  readonly facts: Facts
}

/** Looked at for a call that is stopped; a config with more rules than this is no place to search. */
const MOST_RULES = 50
/** Where the call goes: another place is no miss unless it is a neighbour. */
const PLACES = new SafeSet(['host', 'hostname'])

/** What a call says: one that says something else with other values is another call. */
const SAID = new SafeSet(['text', 'params'])

/** The allow rule that differs from the call in the fewest facts, two at most; undefined when none comes near. */
export function nearestMiss(call: Layer, scopes: readonly Scope[]): NearestMiss | undefined {
  return nearest(
    call,
    scopes.flatMap(({ allow = [], source }) => allow.map((rule) => ({ rule, source }))),
  )
}

/** A mock that could have answered, and what kept it from it. */
export type MissedMock = Pick<Mock, 'text' | 'source'> &
  (
    | { readonly why: 'exhausted'; readonly most: number }
    | { readonly why: 'no-sandbox' }
    | { readonly why: 'facts'; readonly facts: Facts }
  )

/** The mock that was most likely meant for a call that nothing answered. */
export function nearestMock(call: Layer, mocks: readonly Mock[], inSandbox: boolean): MissedMock | undefined {
  // One that is there for whatever no other answers had nothing to say either.
  const specific = mocks.filter(({ fallback }) => !fallback)
  return missedOf(call, specific, inSandbox) ?? missedOf(call, mocks, inSandbox)
}

function missedOf(call: Layer, mocks: readonly Mock[], inSandbox: boolean): MissedMock | undefined {
  const fitting = mocks.find(({ protocol, rule }) => protocol === call.protocol && rule.matches(call, true))
  if (fitting !== undefined) {
    const { text, source, most } = fitting
    if (!inSandbox) return { text, source, why: 'no-sandbox' }
    return fitting.exhausted ? { text, source, why: 'exhausted', most } : undefined
  }
  const miss = nearest(call, mocks)
  const mock = mocks.find(({ rule }) => rule === miss?.rule)
  return miss && mock && { text: mock.text, source: mock.source, why: 'facts', facts: miss.facts }
}

/** A rule says whether a layer could fit while a fact is not known: what makes it fit when it is taken for unknown is what differs. */
function nearest(call: Layer, allowed: readonly { readonly rule: Rule; readonly source: string }[]) {
  const names = Object.keys(call.facts).filter((name) => call.facts[name] !== undefined)
  const pairs = names.flatMap((first, at) => names.slice(at + 1).map((second) => [first, second]))
  const near = pairs.filter((pair) => !pair.every((name) => SAID.has(name)))
  for (const differing of [...names.map((name) => [name]), ...near]) {
    for (const { rule, source } of allowed.slice(0, MOST_RULES)) {
      if (rule.protocol !== call.protocol || !fitsWithout(rule, call, differing) || isElsewhere(rule, call, differing))
        continue
      return { rule, source, facts: Object.fromEntries(differing.map((name) => [name, call.facts[name]])) }
    }
  }
  return undefined
}

function fitsWithout(rule: Rule, call: Layer, names: readonly string[]): boolean {
  const facts = { ...call.facts, ...Object.fromEntries(names.map((name) => [name, undefined])) }
  try {
    return rule.matches({ ...call, facts }, true)
  } catch {
    return false // a predicate of the user's
  }
}

/** `eu.example.com` and `*.example.org` are two places; `eu.example.com` and `us.example.com` are neighbours. */
function isElsewhere(rule: Rule, { facts }: Layer, names: readonly string[]): boolean {
  return names.some((name) => {
    const domain = PLACES.has(name) ? String(facts[name]).split('.').slice(-2).join('.') : ''
    return !rule.text.includes(domain)
  })
}
