import type { PluginDefinition } from '../plugin.ts'
import { frozen } from './frozen.ts'
import { join, type Problems } from './problems.ts'

const FUNCTIONS = ['parseRule', 'describe', 'remedy', 'install'] as const
const OBJECTS = ['operations', 'facts'] as const

interface Context {
  readonly builtins: readonly PluginDefinition[]
  /** Keys of the config that no plugin may take. */
  readonly keys: readonly string[]
  readonly problems: Problems
}

/** The plugins of third parties in a config; those that are unusable are reported and left out. */
export function readPlugins(value: unknown, { builtins, keys, problems }: Context): PluginDefinition[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add('plugins', value, 'it is no list', 'a list of what definePlugin gives')
    return []
  }
  const taken = new Taken(builtins, keys)
  const usable = value.filter((plugin: PluginDefinition, at): plugin is PluginDefinition => {
    const path = `plugins[${at}]`
    return isPlugin(plugin, path, problems) && taken.admit(plugin, path, problems)
  })
  return usable.map(fixed)
}

/** A copy that nobody changes: what it declares is frozen, its functions are what they were. */
function fixed(plugin: PluginDefinition): PluginDefinition {
  const made: PluginDefinition = Object.create(Object.getPrototypeOf(plugin), Object.getOwnPropertyDescriptors(plugin))
  for (const key of ['operations', 'facts', 'schemes', 'synonyms', 'examples', 'settings'] as const)
    if (plugin[key] !== undefined) Object.defineProperty(made, key, { value: frozen(plugin[key]), enumerable: true })
  return Object.freeze(made)
}

function isPlugin(plugin: Partial<PluginDefinition> | null | undefined, path: string, problems: Problems): boolean {
  if (typeof plugin === 'function') {
    problems.add(
      path,
      plugin,
      'it is no plugin',
      "what definePlugin gives; if it is made by a call: 'plugins: [mine()]'",
    )
    return false
  }
  if (typeof plugin !== 'object' || plugin === null || typeof plugin.name !== 'string') {
    problems.add(path, plugin, 'it is no plugin', 'what definePlugin gives')
    return false
  }
  const missing = [
    ...FUNCTIONS.filter((part) => typeof plugin[part] !== 'function'),
    ...OBJECTS.filter((part) => typeof plugin[part] !== 'object' || plugin[part] === null),
  ]
  if (missing.length === 0) return true
  problems.add(path, plugin.name, `the plugin lacks ${missing.join(', ')}`, 'what definePlugin gives')
  return false
}

/** Names, URL schemes and config keys have one owner each. */
class Taken {
  readonly #names = new Set<string>()
  readonly #schemes = new Map<string, string>()
  readonly #settings = new Map<string, string>()

  constructor(builtins: readonly PluginDefinition[], keys: readonly string[]) {
    for (const key of keys) this.#settings.set(key, 'the config itself')
    for (const plugin of builtins) this.#take(plugin)
  }

  admit(plugin: PluginDefinition, path: string, problems: Problems): boolean {
    const { name } = plugin
    const before = problems.list.length
    if (!/^[a-z][a-z0-9-]*$/.test(name) || name === 'default')
      problems.add(`${path}.name`, name, 'it names no protocol', "small letters, digits and '-', and not 'default'")
    else if (this.#names.has(name))
      problems.add(`${path}.name`, name, 'two plugins have this name', 'a protocol that no other plugin has')
    for (const scheme of Object.keys(plugin.schemes ?? {})) {
      const owner = this.#schemes.get(scheme)
      if (owner !== undefined && owner !== name)
        problems.add(join(`${path}.schemes`, scheme), scheme, `the scheme belongs to ${owner}`, 'a scheme of its own')
    }
    for (const key of Object.keys(plugin.settings ?? {})) {
      const owner = this.#settings.get(key)
      if (owner !== undefined && owner !== name)
        problems.add(join(`${path}.settings`, key), key, `the key belongs to ${owner}`, 'a key of its own')
    }
    if (problems.list.length > before) return false
    this.#take(plugin)
    return true
  }

  #take({ name, schemes, settings }: PluginDefinition): void {
    this.#names.add(name)
    for (const scheme of Object.keys(schemes ?? {})) this.#schemes.set(scheme, name)
    for (const key of Object.keys(settings ?? {})) this.#settings.set(key, name)
  }
}
