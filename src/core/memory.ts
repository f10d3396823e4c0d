import type { RunPlace } from '../plugin.ts'
import type { Policy } from './policy.ts'
import type { Rule } from './rules.ts'
import type { Scope } from './scopes.ts'

/**
 * What a plugin may know of its calls before it reports one: a permitted call must not cost more than a look. One belongs to the scopes in
 * force, so that it is gone as soon as a scope or frame opens or ends.
 */
export interface Memory {
  /**
   * `unwatched`: nothing is judged here. `steady`: what passed (`Outcome.steady`) passes again, so it need not be reported. `each`: every call
   * counts, since a sandbox writes it down, or a rule looks at more than text can say.
   */
  readonly kind: 'unwatched' | 'steady' | 'each'
  /** Whether rules or ceilings in force speak of this protocol; without one its default policy and the level decide. */
  readonly ruled: boolean
  /** The value of a setting, as in PolicyContext. */
  setting(key: string): unknown
  readonly place: RunPlace
  /** The plugin's own. */
  kept: unknown
}

/** Before a setup file made the guard active, and while the guard itself works. */
export const UNWATCHED: Memory = {
  kind: 'unwatched',
  ruled: false,
  setting: () => undefined,
  place: { root: '', workspace: '', rules: '' },
  kept: undefined,
}

/** The memory of a protocol under a policy, made at the first question. */
export function memoryOf(
  policy: Policy,
  protocol: string,
  { setting, place, isOff }: Pick<Memory, 'setting' | 'place'> & { readonly isOff: boolean },
): Memory {
  const rules = policy.scopes.flatMap((scope) =>
    rulesOf(scope).filter((rule) => (rule.protocol ?? protocol) === protocol),
  )
  const ruled = rules.length > 0 || policy.ceilings.length > 0
  const each = policy.sandbox !== undefined || rules.some((rule) => !isPlain(rule))
  const kind = each ? 'each' : isOff && !ruled ? 'unwatched' : 'steady'
  const memory: Memory = { kind, ruled, setting, place, kept: undefined }
  policy.memories.set(protocol, memory)
  return memory
}

/** Text looks at nothing but what a call is about; a matcher may hold functions. */
function isPlain({ text, protocol, source }: Rule): boolean {
  return source.kind === 'fields' || (source.kind === 'protocol' && text === protocol)
}

function rulesOf({ allow = [], deny = [], refuse = [], restrict = [] }: Scope) {
  return [...allow, ...deny, ...refuse, ...restrict]
}
