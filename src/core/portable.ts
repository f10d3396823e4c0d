/** Frames, scopes and rules as plain data, and back: a worker thread has frames of its own that stand for those of its starter. */
import { SafeMap, SafeSet, SafeWeakMap } from './collections.ts'
import { Frame, type FrameKind } from './frames.ts'
import { isRegExp } from './kinds.ts'
import type { MatcherSpec } from './matcher.ts'
import type { Grammar, Rule, RuleSource } from './rules.ts'
import type { Scope } from './scopes.ts'

const EFFECTS = ['allow', 'deny', 'refuse', 'restrict'] as const

export interface PortableRule {
  readonly text: string
  readonly protocol: string | undefined
  /** Undefined for a rule that holds a function: it is asked by its number where it was written. */
  readonly source: RuleSource | undefined
  readonly asked: number
}

export type PortableScope = Omit<Scope, (typeof EFFECTS)[number]> &
  Partial<Record<(typeof EFFECTS)[number], readonly PortableRule[]>>

export interface PortableFrame {
  readonly id: number
  readonly kind: FrameKind
  readonly name: string
  readonly file: string | undefined
  readonly sandbox: number | undefined
  readonly closed: boolean
  readonly scopes: readonly PortableScope[]
}

/** A frame and everything around it, the outermost first. @param numberOf gives a rule that cannot cross the number by which it is asked */
export function packFrames(frame: Frame, numberOf: (rule: Rule) => number): PortableFrame[] {
  const chain: PortableFrame[] = []
  for (let at: Frame | undefined = frame; at; at = at.parent) {
    const { id, kind, name, file, sandbox, closed } = at
    chain.unshift({
      id,
      kind,
      name,
      file,
      sandbox,
      closed,
      scopes: at.scopes.map((scope) => packScope(scope, numberOf)),
    })
  }
  return chain
}

function packScope(scope: Scope, numberOf: (rule: Rule) => number): PortableScope {
  const rules = EFFECTS.filter((effect) => scope[effect] !== undefined).map((effect) => [
    effect,
    scope[effect]?.map((rule): PortableRule => {
      const { text, protocol, source } = rule
      const portable = isPortable(source)
      return { text, protocol, source: portable ? source : undefined, asked: portable ? 0 : numberOf(rule) }
    }),
  ])
  const { kind, source, levels, settings, sandbox } = scope
  return {
    kind,
    source,
    ...(levels && { levels }),
    ...(settings && { settings }),
    ...(sandbox !== undefined && { sandbox }),
    ...Object.fromEntries(rules),
  }
}

/** Functions and asymmetric matchers do not cross. */
function isPortable(source: RuleSource): boolean {
  if (source.kind === 'matcher') return isPortableSpec(source.spec)
  return source.kind === 'protocol' || isPortablePattern(source.fields)
}

function isPortableSpec(spec: MatcherSpec): boolean {
  if (spec.kind === 'not') return isPortableSpec(spec.part)
  return spec.kind === 'fields' ? isPortablePattern(spec.fields) : spec.parts.every(isPortableSpec)
}

function isPortablePattern(value: unknown): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false
  if (typeof value !== 'object' || value === null || isRegExp(value)) return true
  if ('asymmetricMatch' in value) return false
  return Object.values(value).every(isPortablePattern)
}

/** Asks the thread where a rule was written; undefined when it does not answer. */
export type AskRule = (number: number, layer: Parameters<Rule['matches']>[0], unknown: boolean) => boolean | undefined

/** The frames of another thread, as frames of this one. */
export class MirroredFrames {
  readonly #grammar: Grammar
  readonly #ask: AskRule
  readonly #frames = new SafeMap<number, Frame>()
  readonly #originals = new SafeWeakMap<Frame, number>()
  /** Where code runs that has no context of its own. */
  leaf: Frame

  /** @param run stands for the outermost frame */
  constructor(run: Frame, grammar: Grammar, ask: AskRule) {
    this.leaf = run
    this.#grammar = grammar
    this.#ask = ask
  }

  /** Takes over the frames as they are now; the last becomes the leaf. Frames that are not named any more keep what they had, ended. */
  update(chain: readonly PortableFrame[], run: Frame): void {
    const named = new SafeSet(chain.map(({ id }) => id))
    for (const [id, frame] of this.#frames) {
      if (named.has(id)) continue
      if (!frame.closed) frame.mirror(true, frame.scopes)
      this.#frames.delete(id)
    }
    let parent: Frame | undefined
    for (const portable of chain) parent = this.#mirror(portable, parent, run)
    if (parent) this.leaf = parent
  }

  /** The number that a frame, or the nearest around it, has in the other thread. */
  originalOf(frame: Frame): number {
    for (let at: Frame | undefined = frame; at; at = at.parent) {
      const id = this.#originals.get(at)
      if (id !== undefined) return id
    }
    return this.#originals.get(this.leaf) ?? 0
  }

  #mirror(portable: PortableFrame, parent: Frame | undefined, run: Frame): Frame {
    const { id, kind, name, file, sandbox } = portable
    let frame = this.#frames.get(id)
    if (frame === undefined) {
      const extra = { ...(file !== undefined && { file }), ...(sandbox !== undefined && { sandbox }) }
      frame = parent === undefined ? run : new Frame(kind, name, parent, extra)
      this.#frames.set(id, frame)
      this.#originals.set(frame, id)
    }
    frame.mirror(
      portable.closed,
      portable.scopes.map((scope) => this.#scope(scope)),
    )
    return frame
  }

  #scope(scope: PortableScope): Scope {
    const rules = EFFECTS.filter((effect) => scope[effect] !== undefined).map((effect) => [
      effect,
      scope[effect]?.map((rule) => this.#rule(rule, effect)),
    ])
    return { ...scope, ...Object.fromEntries(rules) }
  }

  #rule({ text, protocol, source, asked }: PortableRule, effect: (typeof EFFECTS)[number]): Rule {
    if (source === undefined) {
      // Who is not answered stays on the safe side.
      const matches: Rule['matches'] = (layer, unknown) => this.#ask(asked, layer, unknown) ?? effect === 'deny'
      return { text, protocol, source: { kind: 'protocol' }, matches }
    }
    try {
      return this.#grammar.revive(text, protocol, source)
    } catch {
      // Of a plugin that this thread does not have, and so makes no calls of.
      return { text, protocol, source, matches: () => false }
    }
  }
}
