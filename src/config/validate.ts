import { type Level, parseLevel } from '../core/levels.ts'
import { isRegExp } from '../core/pattern.ts'
import { createGrammar, type Grammar, type Rule, RuleError } from '../core/rules.ts'
import type { Scope } from '../core/scopes.ts'
import { suggest } from '../core/suggest.ts'
import { printFile } from '../errors/call-site.ts'
import type { PluginDefinition } from '../plugin.ts'
import { compileFileGlob } from './file-glob.ts'
import { Problems } from './problems.ts'
import { RESERVED } from './reserved.ts'
import type { FileScope, ResolvedConfig } from './resolved.ts'
import { checkSetting } from './settings.ts'

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
  const plugins = [...builtins, ...readPlugins(config.plugins, builtins, problems)]
  const grammar = createGrammar(plugins, RESERVED)
  const reader = new Reader(grammar, plugins, problems)
  reader.checkKeys(config, '', [...CONFIG_KEYS, ...reader.settingKeys])
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
    data: config.data,
    redact,
  })
}

/** Checks options of a describe, test or sandbox. @throws ConfigError with all problems at once */
export function validateOptions(
  raw: unknown,
  { config, source, kind }: { config: ResolvedConfig; source: string; kind: Scope['kind'] },
): Scope {
  const problems = new Problems()
  const reader = new Reader(config.grammar, config.plugins, problems)
  const options = asObject(raw, '', problems) ?? {}
  reader.checkKeys(options, '', [...OPTION_KEYS, ...reader.settingKeys])
  const scope = reader.scope(options, '', kind, source)
  problems.throwIfAny(source)
  return scope
}

/** Compiles the rules given to `tripwire.allow` and its like. @throws ConfigError */
export function validateRules(value: unknown, what: string, config: ResolvedConfig): readonly Rule[] {
  const problems = new Problems()
  const rules = new Reader(config.grammar, config.plugins, problems).rules(value, what)
  problems.throwIfAny(`The call of ${what}`)
  return rules
}

class Reader {
  readonly settingKeys: readonly string[]
  readonly #grammar: Grammar
  readonly #plugins: readonly PluginDefinition[]
  readonly #problems: Problems

  constructor(grammar: Grammar, plugins: readonly PluginDefinition[], problems: Problems) {
    this.#grammar = grammar
    this.#plugins = plugins
    this.#problems = problems
    this.settingKeys = plugins.flatMap((plugin) => Object.keys(plugin.settings ?? {}))
  }

  checkKeys(options: object, path: string, known: readonly string[]): void {
    for (const [key, value] of Object.entries(options)) {
      if (known.includes(key)) continue
      const at = join(path, key)
      if (RESERVED[key] !== undefined) this.#problems.add(at, value, RESERVED[key], `one of ${known.join(', ')}`)
      else this.#problems.add(at, value, 'the key is unknown', `one of ${known.join(', ')}`, suggest(key, known))
    }
  }

  scope(options: Record<string, unknown>, path: string, kind: Scope['kind'], source: string): Scope {
    const settings: Record<string, unknown> = {}
    for (const plugin of this.#plugins) {
      for (const [key, schema] of Object.entries(plugin.settings ?? {})) {
        if (options[key] === undefined) continue
        checkSetting(schema, options[key], join(path, key), this.#problems)
        settings[key] = options[key]
      }
    }
    const rules = EFFECTS.filter((effect) => options[effect] !== undefined).map((effect) => [
      effect,
      this.rules(options[effect], join(path, effect)),
    ])
    return Object.freeze({
      kind,
      source: path === '' ? source : `${source}, ${path}`,
      ...(options.guard !== undefined && { levels: this.#levels(options.guard, join(path, 'guard')) }),
      ...(Object.keys(settings).length > 0 && { settings: Object.freeze(settings) }),
      ...Object.fromEntries(rules),
    })
  }

  rules(value: unknown, path: string): readonly Rule[] {
    if (Array.isArray(value)) {
      if (value.length === 0)
        this.#problems.add(path, value, 'the list is empty', 'at least one rule, or no key at all')
      return Object.freeze(value.flatMap((rule, at) => this.#rule(rule, `${path}[${at}]`)))
    }
    return Object.freeze(this.#rule(value, path))
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

  #levels(value: unknown, path: string): Readonly<Record<string, Level>> {
    if (typeof value !== 'object' || value === null) return Object.freeze(this.#level(value, path, 'default'))
    const known = ['default', ...this.#grammar.protocols]
    this.checkKeys(value, path, known)
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

function asObject(raw: unknown, path: string, problems: Problems): Record<string, unknown> | undefined {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>
  problems.add(
    path,
    raw,
    path === '' ? `it is ${Array.isArray(raw) ? 'an array' : raw === null ? 'null' : typeof raw}` : 'it is no object',
    'an object with options',
  )
  return undefined
}

function readPlugins(value: unknown, builtins: readonly PluginDefinition[], problems: Problems): PluginDefinition[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add('plugins', value, 'it is no list', 'a list of what definePlugin gives')
    return []
  }
  const names = new Set(builtins.map(({ name }) => name))
  return value.filter((plugin: Partial<PluginDefinition> | undefined, at) => {
    const path = `plugins[${at}]`
    const usable =
      typeof plugin?.name === 'string' && typeof plugin.install === 'function' && typeof plugin.parseRule === 'function'
    if (!usable)
      problems.add(
        path,
        plugin,
        'it is no plugin',
        "what definePlugin gives (did you forget to call it: 'plugins: [mine()]'?)",
      )
    else if (names.has(plugin.name as string))
      problems.add(path, plugin.name, 'two plugins have this name', 'a protocol that no other plugin has')
    else names.add(plugin.name as string)
    return usable
  })
}

function readFiles(
  value: unknown,
  { reader, problems, dir, source }: { reader: Reader; problems: Problems; dir: string; source: string },
): FileScope[] {
  if (value === undefined) return []
  const entries = asObject(value, 'files', problems) ?? {}
  return Object.entries(entries).flatMap(([glob, raw]) => {
    const path = `files[${JSON.stringify(glob)}]`
    if (glob.trim() === '')
      problems.add(
        'files',
        glob,
        'a glob is empty',
        "a glob relative to the config file, such as 'test/integration/**'",
      )
    const options = asObject(raw, path, problems)
    if (options === undefined) return []
    reader.checkKeys(options, path, [...OPTION_KEYS, ...reader.settingKeys])
    return [{ glob, matches: compileFileGlob(glob, dir), scope: reader.scope(options, path, 'file', source) }]
  })
}

function readRedact(value: unknown, problems: Problems): readonly (string | RegExp)[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add('redact', value, 'it is no list', 'a list of texts and regular expressions')
    return []
  }
  value.forEach((pattern, at) => {
    const usable = isRegExp(pattern) || (typeof pattern === 'string' && pattern !== '')
    if (!usable)
      problems.add(`redact[${at}]`, pattern, 'it can hide nothing', 'a text that is not empty, or a regular expression')
  })
  return Object.freeze([...value])
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
