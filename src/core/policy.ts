import { SafeMap } from './collections.ts'
import { currentEpoch, type Frame } from './frames.ts'
import type { Level } from './levels.ts'
import type { Memory } from './memory.ts'
import type { Mock } from './mocks.ts'
import type { Scope } from './scopes.ts'

/** The scopes in force at a frame, compiled: what the verdict looks at for each call. Rebuilt only when a scope opens or ends. */
export interface Policy {
  readonly epoch: number
  /** The open frame that it belongs to. */
  readonly frame: Frame
  /** Whether no rule, ceiling or sandbox is in force: what the default policy lets through passes then, whatever it is. */
  readonly plain: boolean
  /** Scopes that hold allow, deny or refuse rules, the most specific first. */
  readonly ruled: readonly Scope[]
  /** Scopes that hold a ceiling; each must match. */
  readonly ceilings: readonly Scope[]
  /** All scopes, the most specific first: for levels and settings. */
  readonly scopes: readonly Scope[]
  /** The innermost open sandbox. */
  readonly sandbox: number | undefined
  /** Mocks of the open frames, innermost first; they answer in a sandbox only. */
  readonly mocks: readonly Mock[]
  /** Frames of `expectTrip` in force, innermost first. */
  readonly expecting: readonly Frame[]
  readonly levels: Map<string, LevelInForce>
  /** What plugins know of their calls, by protocol. */
  readonly memories: Map<string, Memory>
}

export interface LevelInForce {
  readonly level: Level
  readonly source: string
  /** Whether the scope speaks of this protocol by its name. */
  readonly named?: boolean
}

/** The policy of the nearest open frame; closed frames in between never count. */
export function policyOf(frame: Frame): Policy {
  const open = frame.openAncestor() ?? frame
  const known = open.policy
  if (known !== undefined && known.epoch === currentEpoch()) return known
  const policy = compile(open)
  open.policy = policy
  return policy
}

function compile(open: Frame): Policy {
  const scopes: Scope[] = []
  const mocks: Mock[] = []
  const expecting: Frame[] = []
  let sandbox: number | undefined
  for (let frame: Frame | undefined = open; frame; frame = frame.parent) {
    if (frame.closed) continue
    if (frame.kind === 'sandbox') sandbox ??= frame.sandbox
    if (frame.kind === 'expect') expecting.push(frame)
    mocks.push(...frame.mocks)
    for (let at = frame.scopes.length - 1; at >= 0; at--) {
      const scope = frame.scopes[at] as Scope
      scopes.push(scope)
      sandbox ??= scope.sandbox
    }
  }
  const ruled = scopes.filter((scope) => scope.allow?.length || scope.deny?.length || scope.refuse?.length)
  const ceilings = scopes.filter((scope) => scope.restrict?.length)
  return {
    epoch: currentEpoch(),
    frame: open,
    plain: ruled.length + ceilings.length === 0 && sandbox === undefined,
    scopes,
    ruled,
    ceilings,
    sandbox,
    mocks,
    expecting,
    levels: new SafeMap(),
    memories: new SafeMap(),
  }
}

const DEFAULT_LEVEL: LevelInForce = { level: 'error', source: 'the default' }

/** The level of a protocol: the innermost scope that names it, or that sets a default. */
export function levelOf(policy: Policy, protocol: string): LevelInForce {
  const known = policy.levels.get(protocol)
  if (known !== undefined) return known
  const found = findLevel(policy, protocol)
  policy.levels.set(protocol, found)
  return found
}

/** Observed, or off where everything is; undefined where a scope names the protocol. */
export function lenientLevelOf(policy: Policy, protocol: string): LevelInForce | undefined {
  const found = findLevel(policy, protocol)
  if (found.named) return undefined
  return found.level === 'off' ? found : { level: 'observe', source: 'the default' }
}

function findLevel(policy: Policy, protocol: string): LevelInForce {
  for (const { levels, source } of policy.scopes) {
    if (levels === undefined) continue
    const own = levels[protocol]
    if (own !== undefined) return { level: own, source: `${source}, guard.${protocol}`, named: true }
    const all = levels.default
    if (all !== undefined) return { level: all, source: `${source}, guard` }
  }
  return DEFAULT_LEVEL
}

/** The value of a plugin's setting in the innermost scope that has it, `key.part` for a part of it; undefined where none has. */
export function settingOf(policy: Policy, key: string): unknown {
  const [name = key, part] = key.split('.')
  for (const { settings } of policy.scopes) {
    if (settings === undefined || !(name in settings)) continue
    if (part === undefined) return settings[name]
    const value = (settings[name] as Readonly<Record<string, unknown>>)[part]
    if (value !== undefined) return value
  }
  return undefined
}
