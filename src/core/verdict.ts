import type { Layer, Verdict, Why } from './call.ts'
import { type Found, findMock } from './mocks.ts'
import { lenientLevelOf, levelOf, type Policy } from './policy.ts'
import type { Rule } from './rules.ts'
import type { Scope } from './scopes.ts'

/** What the verdict asks about the protocols; core itself knows none. */
export interface Knowledge {
  /** Whether the default policy lets the layer pass although no rule names it. */
  passes(layer: Layer, policy: Policy): boolean
  isSafe(layer: Layer): boolean
  /** The layer with every fact that a mock may speak of; those that become known later are there, and undefined. */
  forMocks(layer: Layer): Layer
  /** Whether the default policy lets the layer through and reports it. */
  isLenient(layer: Layer): boolean
}

/**
 * The decision, in the order of the design: mock, rules (most specific scope first; deny, refuse, allow), default policy, ceilings,
 * sandbox, level. Pure and synchronous. The runner's own work (step 1) is told apart by the caller, and only when a call would be stopped.
 *
 * @param layers highest protocol first: it decides; deny and restrict see the others too
 */
export function decide(layers: readonly Layer[], policy: Policy, knowledge: Knowledge): Verdict {
  const top = layers[0] as Layer
  const ceiling = policy.ceilings.length > 0 ? missedCeiling(layers, policy) : undefined
  const found =
    policy.sandbox === undefined || policy.mocks.length === 0
      ? undefined
      : byMock(layers, policy, knowledge, ceiling !== undefined)
  if (found !== undefined) return { kind: 'reply', found, why: { by: 'mock', rule: found.mock.rule } }
  const ruled = policy.ruled.length > 0 ? byRules(layers, policy, ceiling !== undefined) : undefined
  if (ruled !== undefined) return ruled
  for (const layer of layers) {
    if (knowledge.passes(layer, policy)) return PASS_BY_DEFAULT
  }
  const lenient = knowledge.isLenient(top) ? lenientLevelOf(policy, top.protocol) : undefined
  if (ceiling !== undefined && lenient === undefined) {
    const rule = ceiling.restrict?.[0]
    const why: Why = { by: 'ceiling', effect: 'restrict', source: ceiling.source, ...(rule && { rule }) }
    return { kind: 'block', code: 'TRIPWIRE_GUARDED_CALL', why }
  }
  const { level, source } = lenient ?? levelOf(policy, top.protocol)
  if (level === 'off') return { kind: 'pass', why: { by: 'level', level, source } }
  if (policy.sandbox !== undefined && lenient === undefined) {
    return { kind: 'block', code: 'TRIPWIRE_UNMOCKED_INTERACTION', why: { by: 'sandbox', level, source } }
  }
  const why: Why = { by: 'level', level, source }
  if (level === 'observe') return { kind: 'observe', why }
  if (level === 'error') return { kind: 'block', code: 'TRIPWIRE_GUARDED_CALL', why }
  return knowledge.isSafe(top) ? { kind: 'warn', why } : { kind: 'block', code: 'TRIPWIRE_UNSAFE_PASSTHROUGH', why }
}

/** The highest layer that a mock speaks of: a driver's connection may be answered as the connection that it is. */
function byMock(layers: readonly Layer[], { mocks }: Policy, knowledge: Knowledge, capped: boolean): Found | undefined {
  for (const layer of layers) {
    const isMocked = mocks.some(({ protocol }) => protocol === layer.protocol)
    const found = isMocked ? findMock(mocks, knowledge.forMocks(layer), { unknown: true, capped }) : undefined
    if (found !== undefined) return { ...found, layer }
  }
  return undefined
}

/** The default policy let it through, where no rule could have had a say. */
export const UNRULED: Verdict = { kind: 'pass', why: { by: 'default' } }

const PASS_BY_DEFAULT: Verdict = { kind: 'pass', why: { by: 'default' } }

function byRules(layers: readonly Layer[], policy: Policy, capped: boolean): Verdict | undefined {
  const top = layers[0] as Layer
  for (const scope of policy.ruled) {
    const denied = scope.deny && matchAny(scope.deny, layers)
    if (denied) {
      return { kind: 'block', code: 'TRIPWIRE_GUARDED_CALL', why: because('deny', denied, scope) }
    }
    const refused = scope.refuse && matchTop(scope.refuse, top)
    if (refused) return { kind: 'refuse', why: because('refuse', refused, scope) }
    const allowed = scope.allow && !capped ? matchTop(scope.allow, top) : undefined
    if (allowed) return { kind: 'pass', why: because('allow', allowed, scope) }
  }
  return undefined
}

function because(effect: 'allow' | 'deny' | 'refuse', rule: Rule, scope: Scope): Why {
  return { by: 'rule', effect, rule, source: scope.source }
}

/** Allow and refuse speak of the call as a whole: what is not known yet may still fit. */
function matchTop(rules: readonly Rule[], top: Layer): Rule | undefined {
  for (const rule of rules) if (rule.matches(top, true)) return rule
  return undefined
}

/** Deny sees the endpoint too, and only what is certain. */
function matchAny(rules: readonly Rule[], layers: readonly Layer[]): Rule | undefined {
  for (const rule of rules) for (const layer of layers) if (rule.matches(layer, false)) return rule
  return undefined
}

/** The first ceiling in force, innermost first, that the call does not fit under. */
export function missedCeiling(layers: readonly Layer[], policy: Policy): Scope | undefined {
  for (const scope of policy.ceilings) {
    let fits = false
    for (const rule of scope.restrict ?? []) {
      for (const layer of layers) if (rule.matches(layer, true)) fits = true
    }
    if (!fits) return scope
  }
  return undefined
}
