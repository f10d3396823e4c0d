import type { PluginDefinition, RuleFields, RulePlace } from '../plugin.ts'
import type { Layer } from './call.ts'
import { SafeMap } from './collections.ts'
import { type FactRule, type FactTest, FieldRule } from './fact-rule.ts'
import { isRegExp } from './kinds.ts'
import { isMatcher, type MatcherFields, type MatcherSpec, printMatcher, specOf } from './matcher.ts'
import { compilePattern, PatternError } from './pattern.ts'
import { RuleSyntaxError } from './rule-syntax.ts'
import { shorten, shortenWords } from './shorten.ts'
import { suggest } from './suggest.ts'

// Captured at load: tests replace them.
const { isArray } = Array

/** A compiled pattern of facts, from a rule string or from `M(...)`. */
export interface Rule {
  /** As the user wrote it. */
  readonly text: string
  /** The protocol it speaks of; undefined = any. */
  readonly protocol: string | undefined
  /** What it was made of, to make it again in a worker thread. */
  readonly source: RuleSource
  /**
   * Whether the layer fits. Facts that a layer has but does not know yet (`method: undefined` while a session is only being opened)
   * count as `unknown`: pass true to ask "could fit", false to ask "fits for certain". A fact that is not there never fits.
   */
  matches(layer: Layer, unknown: boolean): boolean
}

/** The whole protocol, a parsed rule string, or what `M(...)` was given. */
export type RuleSource =
  | { readonly kind: 'protocol' }
  | { readonly kind: 'fields'; readonly fields: RuleFields }
  | { readonly kind: 'matcher'; readonly spec: MatcherSpec }

/** A rule that cannot be meant. */
export class RuleError extends Error {
  override name = 'RuleError'
  readonly value: unknown
  readonly expected: string
  readonly near: readonly string[]
  constructor(value: unknown, message: string, expected: string, near: readonly string[] = []) {
    super(message)
    this.value = value
    this.expected = expected
    this.near = near
  }
}

/** Reads rules for a set of plugins. */
export interface Grammar {
  readonly protocols: readonly string[]
  /** @throws RuleError */
  parse(value: unknown): Rule
  /** One rule or a list of at least one. @throws RuleError */
  parseMany(value: unknown): Rule[]
  /** Patterns by fact of one protocol. @throws RuleError */
  fromPatterns(protocol: string, patterns: Readonly<Record<string, unknown>>, text: string): FactRule
  /** A rule from what it was made of. @throws RuleError when its protocol is unknown here */
  revive(text: string, protocol: string | undefined, source: RuleSource): Rule
}

/**
 * @param place what relative paths in rules mean
 */
export function createGrammar(plugins: readonly PluginDefinition[], place: RulePlace = { dir: undefined }): Grammar {
  return new PluginGrammar(plugins, place)
}

class PluginGrammar implements Grammar {
  readonly #all: readonly PluginDefinition[]
  readonly #place: RulePlace
  #index: PluginIndex | undefined

  constructor(plugins: readonly PluginDefinition[], place: RulePlace) {
    this.#all = plugins
    this.#place = place
  }

  get protocols(): readonly string[] {
    return this.#all.map((plugin) => plugin.name)
  }

  // Most files are without a rule: nothing is looked up in them.
  get #known(): PluginIndex {
    this.#index ??= indexOf(this.#all)
    return this.#index
  }

  /** What would be a rule, for messages. */
  get #forms(): string {
    return formsOf(this.#all)
  }

  parseMany(value: unknown): Rule[] {
    if (!isArray(value)) return [this.parse(value)]
    if (value.length === 0) throw new RuleError(value, 'the list is empty', 'at least one rule')
    return value.map((rule) => this.parse(rule))
  }

  fromPatterns(protocol: string, patterns: Readonly<Record<string, unknown>>, text: string): FactRule {
    const plugin = this.#known.byName.get(protocol)
    if (plugin === undefined) throw this.#unknown(text, protocol)
    const fields = patterns as RuleFields
    return new FieldRule(text, protocol, this.#compile(text, plugin, patterns), { kind: 'fields', fields })
  }

  revive(text: string, protocol: string | undefined, source: RuleSource): Rule {
    if (source.kind === 'matcher') return this.#fromSpec(text, source.spec)
    const plugin = this.#known.byName.get(protocol ?? '')
    if (plugin === undefined) throw this.#unknown(text, String(protocol))
    if (source.kind === 'protocol') return wholeProtocol(plugin.name)
    return new FieldRule(text, plugin.name, this.#compile(text, plugin, source.fields), source)
  }

  parse(value: unknown): Rule {
    if (isMatcher(value)) return this.#fromMatcher(value)
    if (typeof value === 'function') {
      throw new RuleError(value, 'a bare function is no rule', "M({ protocol: '…', fact: value => … })")
    }
    if (typeof value !== 'string') throw new RuleError(value, 'it is no rule', this.#forms)
    if (value.trim() === '') throw new RuleError(value, 'the rule is empty', this.#forms)
    return this.#fromText(value.trim())
  }

  #fromText(text: string): Rule {
    if (this.#known.byName.has(text)) return wholeProtocol(text)
    const verb = /^[A-Z]+\s+(?=[a-z][a-z0-9+.-]*:\/\/)/.exec(text)?.[0] ?? ''
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(text.slice(verb.length))?.[1]
    if (scheme !== undefined) return this.#fromUrl(text, scheme, verb !== '')
    const name = /^([A-Za-z][\w-]*)(?=:|$)/.exec(text)?.[1]
    const plugin = name === undefined ? undefined : this.#known.byName.get(name)
    if (name === undefined || plugin === undefined) throw this.#unknown(text, name ?? text)
    return this.#parsed(plugin, text, text.slice(name.length + 1))
  }

  #fromUrl(text: string, scheme: string, verb: boolean): Rule {
    const plugin = this.#known.byScheme.get(scheme)
    if (plugin === undefined) throw this.#unknown(text, scheme)
    if (verb && !plugin.verbs)
      throw new RuleError(text, `${plugin.name} rules take no verb`, `'${scheme}://host[:port][/path]'`)
    return this.#parsed(plugin, text, text)
  }

  #parsed(plugin: PluginDefinition, text: string, rest: string): Rule {
    let fields: RuleFields
    try {
      if (rest === '') throw new RuleSyntaxError('nothing follows the colon', `'${plugin.name}' for all of it`)
      fields = plugin.parseRule(rest, this.#place)
    } catch (error) {
      if (error instanceof RuleSyntaxError)
        throw new RuleError(text, shortenWords(error.message), error.expected, error.near)
      throw error
    }
    return new FieldRule(text, plugin.name, this.#compile(text, plugin, fields), { kind: 'fields', fields })
  }

  #unknown(text: string, word: string): RuleError {
    const right = this.#known.bySynonym.get(word)
    if (right !== undefined) return new RuleError(text, `'${word}' is no protocol`, `the word '${right}'`, [right])
    // A host alone, as people write it who know no protocols, is mostly meant for requests: for the protocol whose rules begin with verbs.
    const isHost = /^(?:(?:\*\.)?[\w-]+(?:\.[\w-]+)+|localhost)(?::(?:\d+|\*))?$/.test(text)
    const near = isHost
      ? this.#all.filter(({ verbs }) => verbs).map(({ name }) => `${name}:${text}`)
      : suggest(word, [...this.protocols, ...this.#known.byScheme.keys()])
    return new RuleError(text, `'${shorten(word)}' is no protocol`, `one of ${this.protocols.join(', ')}`, near)
  }

  #fromMatcher(value: unknown): Rule {
    return this.#fromSpec(value, specOf(value as never))
  }

  #fromSpec(value: unknown, spec: MatcherSpec): Rule {
    const matches = this.#compileSpec(value, spec)
    return { text: printMatcher(spec), protocol: protocolOf(spec), source: { kind: 'matcher', spec }, matches }
  }

  #compileSpec(value: unknown, spec: MatcherSpec): (layer: Layer, unknown: boolean) => boolean {
    if (spec.kind === 'not') {
      const part = this.#compileSpec(value, spec.part)
      // What a pattern could but need not fit, its opposite could fit as well.
      return (layer, unknown) => !part(layer, !unknown)
    }
    if (spec.kind !== 'fields') {
      const parts = spec.parts.map((part) => this.#compileSpec(value, part))
      const { kind } = spec
      return (layer, unknown) =>
        kind === 'and' ? parts.every((part) => part(layer, unknown)) : parts.some((part) => part(layer, unknown))
    }
    const rule = this.#fieldsRule(value, spec.fields)
    return (layer, unknown) => rule.matches(layer, unknown)
  }

  #fieldsRule(value: unknown, fields: MatcherFields): Rule {
    const { protocol, ...patterns } = fields
    const named = Object.entries(patterns).filter(([, pattern]) => pattern !== undefined)
    const text = printMatcher({ kind: 'fields', fields })
    if (protocol === undefined && named.length === 0) throw new RuleError(value, 'the pattern is empty', this.#forms)
    if (protocol !== undefined) {
      const plugin = this.#known.byName.get(protocol)
      if (plugin === undefined) throw this.#unknown(text, String(protocol))
      return this.#ofPatterns(text, plugin, named)
    }
    // Without a protocol a fact is read as each protocol that has it reads it.
    const rules: Rule[] = []
    for (const plugin of this.#known.byName.values()) {
      if (named.every(([fact]) => fact === 'operation' || fact in plugin.facts)) {
        rules.push(this.#ofPatterns(text, plugin, named))
      }
    }
    if (rules.length === 0) {
      const known = [...this.#known.byName.values()].flatMap((plugin) => Object.keys(plugin.facts))
      const [fact = ''] = named.map(([name]) => name).filter((name) => !known.includes(name))
      throw new RuleError(
        text,
        `no protocol has the fact '${shorten(fact)}'`,
        'a fact that some protocol has',
        suggest(fact, known),
      )
    }
    return {
      text,
      protocol: undefined,
      source: { kind: 'matcher', spec: { kind: 'fields', fields } },
      matches: (layer, unknown) => rules.some((rule) => rule.matches(layer, unknown)),
    }
  }

  #ofPatterns(text: string, plugin: PluginDefinition, named: readonly [string, unknown][]): Rule {
    const fields = Object.fromEntries(named) as RuleFields
    return new FieldRule(text, plugin.name, this.#compile(text, plugin, fields), { kind: 'fields', fields })
  }

  #compile(text: string, plugin: PluginDefinition, fields: Readonly<Record<string, unknown>>): FactTest[] {
    const tests: FactTest[] = []
    for (const [fact, pattern] of Object.entries(fields)) {
      const kind = fact === 'operation' ? 'word' : plugin.facts[fact]
      if (kind === undefined) {
        const facts = Object.keys(plugin.facts)
        throw new RuleError(
          text,
          `${plugin.name} has no fact '${shorten(fact)}'`,
          `one of ${facts.join(', ')}`,
          suggest(fact, facts),
        )
      }
      try {
        tests.push({ fact, test: compilePattern(kind, fact === 'operation' ? qualified(plugin, pattern) : pattern) })
      } catch (error) {
        if (error instanceof PatternError)
          throw new RuleError(text, `the pattern for '${fact}' cannot be meant`, error.expected)
        throw error
      }
    }
    return tests
  }
}

interface PluginIndex {
  readonly byName: Map<string, PluginDefinition>
  readonly byScheme: Map<string, PluginDefinition>
  readonly bySynonym: Map<string, string>
}

function indexOf(plugins: readonly PluginDefinition[]): PluginIndex {
  const index: PluginIndex = { byName: new SafeMap(), byScheme: new SafeMap(), bySynonym: new SafeMap() }
  for (const plugin of plugins) {
    index.byName.set(plugin.name, plugin)
    for (const scheme of Object.keys(plugin.schemes ?? {})) index.byScheme.set(scheme, plugin)
    for (const synonym of plugin.synonyms ?? []) index.bySynonym.set(synonym, plugin.name)
  }
  return index
}

function formsOf(plugins: readonly PluginDefinition[]): string {
  const own = plugins.find(({ examples = [] }) => examples.length > 0)?.examples
  const examples = own ?? plugins.slice(0, 1).map(({ name }) => `'${name}'`)
  return `a rule such as ${[examples.slice(0, -1).join(', '), examples.at(-1)].filter(Boolean).join(' or ')}`
}

function wholeProtocol(name: string): Rule {
  return { text: name, protocol: name, source: { kind: 'protocol' }, matches: (layer) => layer.protocol === name }
}

/** Operations are named with their protocol in calls, and may be named without it in rules. */
function qualified(plugin: PluginDefinition, pattern: unknown): unknown {
  if (isArray(pattern)) return pattern.map((part) => qualified(plugin, part))
  if (typeof pattern !== 'string' || pattern.includes('*') || isRegExp(pattern)) return pattern
  const name = pattern.startsWith(`${plugin.name}:`) ? pattern.slice(plugin.name.length + 1) : pattern
  if (name in plugin.operations) return `${plugin.name}:${name}`
  throw new PatternError(`an operation of ${plugin.name}: ${Object.keys(plugin.operations).join(', ')}`)
}

function protocolOf(spec: MatcherSpec): string | undefined {
  return spec.kind === 'fields' ? spec.fields.protocol : undefined
}
