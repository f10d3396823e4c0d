/** The configs of a Vitest run, in its main process: each file is read once, handed to its projects, and read again in watch mode. */
import type { TestProject, Vitest } from 'vitest/node'
import { CONFIG_NAMES, findConfig, namedConfig, workspaceOf } from './config/find.ts'
import { type LoadedConfig, loadConfig } from './config/load.ts'
import type { ResolvedConfig } from './config/resolved.ts'
import { ConfigError } from './errors/classes.ts'
import { type OwnServers, watchOwnServers } from './main-servers.ts'
import type { Provided } from './provided.ts'
import { VERSION } from './version.ts'

/** By Vitest's config and not by Vitest itself, which begins anew with another config when its server restarts. */
const known = new WeakMap<object, Configs>()

export function configsOf(vitest: Vitest): Configs {
  const there = known.get(vitest.config)
  if (there !== undefined) return there
  const made = new Configs(vitest)
  known.set(vitest.config, made)
  return made
}

/** A config that was loaded, or why it could not be. */
type Result = Omit<Provided, 'ownEndpoints'>

class Configs {
  readonly #vitest: Vitest
  readonly #servers: OwnServers
  /** Projects with the config file that `tripwire({ config })` names. */
  readonly #projects = new Map<TestProject, string | undefined>()
  readonly #results = new Map<TestProject, Result>()
  readonly #loaded = new Map<TestProject, LoadedConfig>()
  readonly #watched = new Set<string>()
  #loading = new Map<string, Promise<LoadedConfig>>()

  constructor(vitest: Vitest) {
    this.#vitest = vitest
    this.#servers = watchOwnServers(() => this.#provideAll())
    vitest.onClose(() => this.#servers.stop())
    if (!vitest.config.watch) return
    // Also where none is yet.
    vitest.config.forceRerunTriggers.push(`**/{${CONFIG_NAMES.join(',')}}`)
    vitest.onTestsRerun(() => this.#reload())
  }

  /** What the config of a project says that was added, as it was when the run began. */
  async resolvedOf(project: TestProject): Promise<ResolvedConfig | undefined> {
    return this.#loaded.get(project)?.resolve()
  }

  /** Reads the config of a project and hands it to its workers. @throws ConfigError */
  async add(project: TestProject, name: string | undefined): Promise<void> {
    if (this.#projects.has(project)) {
      if (name === undefined || name === this.#projects.get(project)) return
      throw new ConfigError(twice(this.#projects.get(project), name))
    }
    this.#projects.set(project, name)
    this.#results.set(project, await this.#read(project, name))
    this.#provide(project)
  }

  /** Everything anew, before the tests run again: a config that cannot be used fails each file that would run under it. */
  async #reload(): Promise<void> {
    this.#loading = new Map()
    for (const [project, name] of this.#projects) {
      try {
        this.#results.set(project, await this.#read(project, name))
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        this.#results.set(project, brokenResult(project, error))
      }
      this.#provide(project)
    }
  }

  async #read(project: TestProject, name: string | undefined): Promise<Result> {
    const { root } = project.config
    const file = name === undefined ? findConfig(root) : namedConfig(root, name)
    if (file !== undefined) this.#watch([file])
    const key = file ?? root
    const loading = this.#loading.get(key) ?? loadConfig(file, root)
    this.#loading.set(key, loading)
    const loaded = await loading
    this.#loaded.set(project, loaded)
    this.#watch(loaded.dependencies)
    return { ...loaded.provided, workspace: workspaceOf(root) }
  }

  #watch(files: readonly string[]): void {
    const { config, vite } = this.#vitest
    if (!config.watch) return
    const fresh = files.filter((file) => !this.#watched.has(file))
    for (const file of fresh) this.#watched.add(file)
    vite.watcher.add(fresh)
    config.forceRerunTriggers.push(...fresh.map(asGlob))
  }

  #provideAll(): void {
    for (const project of this.#results.keys()) this.#provide(project)
  }

  #provide(project: TestProject): void {
    const result = this.#results.get(project)
    if (result) project.provide('vitest-tripwire', { ...result, ownEndpoints: [...this.#servers.endpoints] })
  }
}

/** A path as a glob that fits only itself; Vitest compares with forward slashes. */
function asGlob(file: string): string {
  return file.replaceAll('\\', '/').replace(/[[\](){}*?!+@|]/g, '\\$&')
}

function brokenResult(project: TestProject, error: ConfigError): Result {
  const { file } = error as { file?: string }
  const text = error.message.replace(`[${error.code}] `, '')
  return { version: VERSION, file, dir: project.config.root, raw: undefined, broken: text }
}

function twice(first: string | undefined, second: string): string {
  return [
    'The tripwire plugin is used twice in one project, with two configs, and only one can be in force.',
    '',
    `  ${first === undefined ? 'tripwire()' : `tripwire({ config: '${first}' })`}`,
    `  tripwire({ config: '${second}' })`,
    '  fix  keep one of them; a project that shall not have the plugins of the root says `extends: false` (Vitest 5 hands them down)',
  ].join('\n')
}
