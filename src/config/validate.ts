import { isRegExp } from '../core/kinds.ts'
import { type Level, parseLevel } from '../core/levels.ts'
import { isMatcher } from '../core/matcher.ts'
import { createGrammar, type Grammar, type Rule, RuleError } from '../core/rules.ts'
import type { Scope } from '../core/scopes.ts'
import { suggest } from '../core/suggest.ts'
import { printFile } from '../errors/call-site.ts'
import type { PluginDefinition } from '../plugin.ts'
import { compileFileGlob, globProblem } from './file-glob.ts'
import { frozen } from './frozen.ts'
import { join, Problems } from './problems.ts'
import { readPlugins } from './read-plugins.ts'
import type { FileScope, ResolvedConfig } from './resolved.ts'
import { readSetting } from './settings.ts'

const EFFECTS = ['allow', 'deny', 'refuse', 'restrict'] as const

/** Keys that may stand in options of a file, describe, test or sandbox; plugins add theirs. */
export const OPTION_KEYS: readonly string[] = ['guard', ...EFFECTS]

/** Keys of the config file; plugins add theirs. */
export const CONFIG_KEYS: readonly string[] = [...OPTION_KEYS, 'files', 'plugins', 'onTrip', 'data', 'redact']

interface Context {
  readonly file: string | undefined
  /** Absolute folder that globs are relative to. */
  readonly dir: string
  readonly builtins: readonly PluginDefinition[]
}

/** Checks a whole config and compiles its rules. @throws ConfigError with all problems at once */
export function validateConfig(raw: unknown, { file, dir, builtins }: Context): ResolvedConfig {
  const problems = new Problems()
  const place = file === undefined ? 'The config' : printFile(file)
  const config = asObject(raw, '', problems) ?? {}
  const plugins = [...builtins, ...readPlugins(config.plugins, { builtins, keys: CONFIG_KEYS, problems })]
  const grammar = createGrammar(plugins, { dir })
  const reader = new Reader({ grammar, plugins, dir }, problems)
  reader.checkOptions(config, '', CONFIG_KEYS)
  const source = file === undefined ? 'the default' : printFile(file)
  const project = reader.scope(config, '', 'project', source)
  const files = readFiles(config.files, { reader, problems, dir, source })
  const redact = readRedact(config.redact, problems)
  if (config.onTrip !== undefined && typeof config.onTrip !== 'function') {
    problems.add('onTrip', config.onTrip, 'it is no function', "a function that answers 'allow' or nothing")
  }
  problems.throwIfAny(place)
  return Object.freeze({
    file,
    dir,
    plugins: Object.freeze(plugins),
    grammar,
    project,
    files: Object.freeze(files),
    onTrip: config.onTrip as ResolvedConfig['onTrip'],
    data: frozen(config.data),
    redact,
  })
}

/** Checks options of a describe, test or sandbox. @throws ConfigError with all problems at once */
export function validateOptions(
  raw: unknown,
  { config, source, kind }: { config: ResolvedConfig; source: string; kind: Scope['kind'] },
): Scope {
  const problems = new Problems()
  const reader = new Reader(config, problems)
  const options = asObject(raw, '', problems) ?? {}
  reader.checkOptions(options, '', OPTION_KEYS)
  const scope = reader.scope(options, '', kind, source)
  problems.throwIfAny(source)
  return scope
}

/** Compiles the rules given to `tripwire.allow` and its like. @throws ConfigError */
export function validateRules(value: unknown, what: string, config: ResolvedConfig): readonly Rule[] {
  const problems = new Problems()
  const rules = new Reader(config, problems).rules(value, what)
  problems.throwIfAny(`The call of ${what}`)
  return rules
}

class Reader {
  readonly #grammar: Grammar
  readonly #plugins: readonly PluginDefinition[]
  readonly #dir: string
  readonly #problems: Problems

  constructor({ grammar, plugins, dir }: Pick<ResolvedConfig, 'grammar' | 'plugins' | 'dir'>, problems: Problems) {
    this.#grammar = grammar
    this.#plugins = plugins
    this.#dir = dir
    this.#problems = problems
  }

  /** @param own keys that may stand there beside the plugins' settings */
  checkOptions(options: object, path: string, own: readonly string[]): void {
    const isAllOwn = Object.keys(options).every((key) => own.includes(key))
    if (!isAllOwn) this.#checkKeys(options, path, [...own, ...this.#plugins.flatMap(settingsOf)])
  }

  #checkKeys(options: object, path: string, known: readonly string[]): void {
    for (const [key, value] of Object.entries(options)) {
      if (known.includes(key)) continue
      const near = this.#nearKeys(key, path, known)
      this.#problems.add(join(path, key), value, 'the key is unknown', `one of ${known.join(', ')}`, near)
    }
  }

  /** A protocol belongs into `guard`, and goes by its own name there. */
  #nearKeys(key: string, path: string, known: readonly string[]): readonly string[] {
    const word = key.toLowerCase()
    const synonym = this.#plugins.find(({ synonyms = [] }) => synonyms.some((other) => other.toLowerCase() === word))
    const protocol = this.#grammar.protocols.find((name) => name === word) ?? synonym?.name
    if (protocol === undefined) return suggest(key, known)
    if (known.includes(protocol)) return [protocol]
    return known.includes('guard') ? [join(join(path, 'guard'), protocol)] : suggest(key, known)
  }

  scope(options: Record<string, unknown>, path: string, kind: Scope['kind'], source: string): Scope {
    // Without a config nothing is looked for, in each file.
    const place = path === '' ? source : `${source}, ${path}`
    if (Object.keys(options).length === 0) return Object.freeze({ kind, source: place })
    const settings: Record<string, unknown> = {}
    for (const plugin of this.#plugins) {
      for (const [key, schema] of Object.entries(plugin.settings ?? {})) {
        if (options[key] === undefined) continue
        const context = { dir: this.#dir, problems: this.#problems }
        settings[key] = frozen(readSetting(schema, options[key], join(path, key), context))
      }
    }
    const rules = EFFECTS.filter((effect) => options[effect] !== undefined).map((effect) => [
      effect,
      this.rules(options[effect], join(path, effect)),
    ])
    this.#refuseTwice(options, path)
    return Object.freeze({
      kind,
      source: place,
      ...(options.guard !== undefined && { levels: this.#levels(options.guard, join(path, 'guard')) }),
      ...(Object.keys(settings).length > 0 && { settings: Object.freeze(settings) }),
      ...Object.fromEntries(rules),
    })
  }

  rules(value: unknown, path: string): readonly Rule[] {
    if (!Array.isArray(value)) return Object.freeze(this.#rule(value, path))
    if (value.length === 0) this.#problems.add(path, value, 'the list is empty', 'at least one rule, or no key at all')
    return Object.freeze(value.flatMap((rule, at) => this.#rule(rule, `${path}[${at}]`)))
  }

  #rule(value: unknown, path: string): Rule[] {
    try {
      return [this.#grammar.parse(value)]
    } catch (error) {
      if (!(error instanceof RuleError)) throw error
      this.#problems.add(path, value, error.message, error.expected, error.near)
      return []
    }
  }

  /** A rule in two lists of one place: only the stronger counts, so one of the two is a mistake. */
  #refuseTwice(options: Record<string, unknown>, path: string): void {
    const places = new Map<string, string>()
    for (const effect of EFFECTS) {
      const value = options[effect]
      const rules = Array.isArray(value) ? value : [value]
      rules.forEach((rule, at) => {
        if (typeof rule !== 'string' || effect === 'restrict') return
        const text = rule.trim()
        const place = Array.isArray(value) ? `${join(path, effect)}[${at}]` : join(path, effect)
        const first = places.get(text)
        if (first === undefined) places.set(text, place)
        else this.#problems.add(place, rule, `the rule stands in ${first} already`, 'each rule once')
      })
    }
  }

  #levels(value: unknown, path: string): Readonly<Record<string, Level>> {
    if (typeof value !== 'object' || value === null) return Object.freeze(this.#level(value, path, 'default'))
    if (!isRecord(value)) {
      this.#problems.add(path, value, 'it is no level', 'one level, or an object of levels by protocol')
      return {}
    }
    const known = ['default', ...this.#grammar.protocols]
    this.#checkKeys(value, path, known)
    const levels = Object.entries(value).filter(([key]) => known.includes(key))
    if (Object.keys(value).length === 0)
      this.#problems.add(path, value, 'no protocol is named', `some of ${known.join(', ')}`)
    return Object.freeze(Object.assign({}, ...levels.map(([key, level]) => this.#level(level, join(path, key), key))))
  }

  #level(value: unknown, path: string, key: string): Record<string, Level> {
    const level = parseLevel(value)
    if (typeof level === 'string') return { [key]: level }
    this.#problems.add(path, value, 'it is no level', level.expected, level.near)
    return {}
  }
}

function settingsOf({ settings = {} }: PluginDefinition): string[] {
  return Object.keys(settings)
}

function isRecord(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && Object.prototype.toString.call(raw) === '[object Object]'
}

function kindOf(raw: unknown): string {
  if (raw === null) return 'null'
  if (Array.isArray(raw)) return 'an array'
  return typeof raw === 'object' ? 'no plain object' : `a ${typeof raw}`
}

function asObject(raw: unknown, path: string, problems: Problems): Record<string, unknown> | undefined {
  if (isRecord(raw) && !isMatcher(raw)) return raw
  const expected = path === 'files' ? 'an object of options by glob' : 'an object with options'
  problems.add(path, raw, path === '' ? `it is ${kindOf(raw)}` : 'it is no object', expected)
  return undefined
}

function readFiles(
  value: unknown,
  { reader, problems, dir, source }: { reader: Reader; problems: Problems; dir: string; source: string },
): FileScope[] {
  if (value === undefined) return []
  const entries = asObject(value, 'files', problems) ?? {}
  return Object.entries(entries).flatMap(([glob, raw]) => {
    const path = `files[${JSON.stringify(glob)}]`
    const wrong = globProblem(glob)
    if (wrong) problems.add(path, glob, wrong.why, wrong.expected)
    const options = asObject(raw, path, problems)
    if (options === undefined) return []
    reader.checkOptions(options, path, OPTION_KEYS)
    const scope = reader.scope(options, path, 'file', source)
    return wrong ? [] : [Object.freeze({ glob, matches: compileFileGlob(glob, dir), scope })]
  })
}

function readRedact(value: unknown, problems: Problems): readonly (string | RegExp)[] {
  if (value === undefined) return Object.freeze([])
  if (!Array.isArray(value)) {
    problems.add('redact', value, 'it is no list', 'a list of texts and regular expressions')
    return Object.freeze([])
  }
  value.forEach((pattern, at) => {
    const usable = isRegExp(pattern) || (typeof pattern === 'string' && pattern !== '')
    if (!usable)
      problems.add(`redact[${at}]`, pattern, 'it can hide nothing', 'a text that is not empty, or a regular expression')
  })
  return frozen(value)
}
