/** The recommended door: `plugins: [tripwire()]` in `vitest.config.ts`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject, Vitest } from 'vitest/node'
import { refuseStraySettings, straySettings, workspaceOf } from './config/find.ts'
import { Problems } from './config/problems.ts'
import { suggest } from './core/suggest.ts'
import { ConfigError } from './errors/classes.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { PRELOAD } from './preload.ts'
import { TripwireReporter } from './reporter.ts'
import { configsOf } from './vite-configs.ts'
import { harden } from './vite-harden.ts'

export type { TripwireTaskMeta } from './vitest/task-meta.ts'

export interface TripwirePluginOptions {
  /** Path of the config file, relative to the project's root; found by itself when left out. */
  readonly config?: string
  /**
   * A second wall around Vitest's forks: Node's permission flags, as far as the config implies them. Node 22.13 or newer; what single tests let
   * through it does not know. Default false.
   */
  readonly harden?: boolean
}

/** The part of a Vite plugin that Vitest calls; structural, so that every Vite version takes it. */
export interface TripwirePlugin {
  readonly name: string
  config(config: { test?: unknown }): void
  configureServer(server: ViteServer): () => void
  configureVitest(context: { vitest: Vitest; project: TestProject }): Promise<void>
}

interface ViteServer {
  readonly config: {
    readonly plugins: readonly { readonly name: string; readonly configureServer?: unknown }[]
    readonly logger: { warn(message: string): void }
  }
}

const NAME = 'vitest-tripwire'
const SETUP = join(PACKAGE_ROOT, 'dist/worker/setup.js')

/** How many projects were guarded in this process, to notice a Vitest none of whose projects has the plugin. */
let guarded = 0
const warned = new WeakSet<object>()

/**
 * Adds the preload, the setup file and the reporter to every project, and hands them the config.
 *
 * @example export default defineConfig({ plugins: [tripwire()] })
 */
export function tripwire(options: TripwirePluginOptions = {}): TripwirePlugin {
  refuseUnknown(options)
  let before = guarded
  return {
    name: NAME,
    config(config) {
      before = guarded
      refuseTestKey(config.test)
    },
    configureServer: (server) => () => {
      if (settingUpHere(server) && guarded === before) server.config.logger.warn(unguarded('None of the projects has'))
    },
    // Not the `config` hook: with Vitest 5 it does not reach `projects`.
    async configureVitest({ vitest, project }) {
      guarded++
      if (!existsSync(SETUP)) throw new Error(`vitest-tripwire is not built: ${SETUP} is missing`)
      try {
        await guardProject(vitest, project, options)
      } catch (error) {
        throw withoutFrames(error)
      }
    },
  }
}

export default tripwire

// To Vite the function itself, `plugins: [tripwire]`, is a plugin too, without hooks: the suite would run green, and nothing be guarded.
Object.defineProperty(tripwire, 'config', {
  value() {
    throw withoutFrames(
      new ConfigError('`plugins: [tripwire]` guards nothing.\n\n  fix  call it:\n         plugins: [tripwire()]'),
    )
  },
})

async function guardProject(vitest: Vitest, project: TestProject, options: TripwirePluginOptions): Promise<void> {
  refuseTestKey(project.config)
  refuseStraySettings(project.config.root)
  warnOfUnguarded(vitest)
  if (project.config.browser.enabled) return
  addDoors(project)
  addReporter(vitest)
  const configs = configsOf(vitest)
  await configs.add(project, options.config)
  const resolved = options.harden ? await configs.resolvedOf(project) : undefined
  if (resolved) harden(project, resolved, workspaceOf(project.config.root))
}

const OPTIONS = ['config', 'harden']

/** @throws ConfigError: a misspelt `harden` would be no second wall, and nobody would notice */
function refuseUnknown(options: TripwirePluginOptions): void {
  const problems = new Problems()
  for (const [key, value] of Object.entries(options))
    if (!OPTIONS.includes(key))
      problems.add(key, value, 'the key is unknown', `one of ${OPTIONS.join(', ')}`, suggest(key, OPTIONS))
  problems.throwIfAny('The call of tripwire() in the Vitest config')
}

/** At the start Vitest prints the frames of an error one by one: on those of a config's there is no line of the user's. */
function withoutFrames(error: unknown): unknown {
  if (error instanceof ConfigError) error.stack = `${error.name}: ${error.message}`
  return error
}

/**
 * Whether Vitest has set up its projects when the hooks of this server have run. Vitest 4 does so in a hook of its own on the root's server;
 * Vitest 5 does later, and reaches every project. In a config that is shared with Vite there may be no Vitest at all.
 */
function settingUpHere({ config }: ViteServer): boolean {
  return config.plugins.some((plugin) => plugin.name === 'vitest' && plugin.configureServer !== undefined)
}

function refuseTestKey(test: unknown): void {
  if ((test as { tripwire?: unknown } | undefined)?.tripwire !== undefined)
    throw straySettings('test.tripwire of the Vitest config')
}

function addDoors({ config }: TestProject): void {
  if (!config.setupFiles.includes(SETUP)) config.setupFiles.unshift(SETUP)
  // Required, not imported: it comes before whatever the user imports, and for half of the cost.
  if (!config.execArgv.includes(PRELOAD.script)) config.execArgv.push('--require', PRELOAD.script)
}

/** At this time Vitest's list holds pairs of a name and options for what was given by name, and instances. */
function addReporter({ config }: Vitest): void {
  const reporters = config.reporters as unknown[]
  const isOurs = (reporter: unknown) =>
    Array.isArray(reporter)
      ? String(reporter[0]).startsWith(NAME)
      : (reporter as object).constructor.name === TripwireReporter.name
  if (!reporters.some(isOurs)) reporters.push(new TripwireReporter())
}

/** Projects that do not extend the root config do not have its plugins. */
function warnOfUnguarded({ projects, logger, config }: Vitest): void {
  if (warned.has(config)) return
  warned.add(config)
  for (const project of projects) {
    if (!project.vite.config.plugins.some(({ name }) => name === NAME))
      logger.warn(unguarded(`The project "${project.name}" does not have`))
    else if (project.config.browser.enabled)
      logger.warn(`[vitest-tripwire] The project "${project.name}" runs in a browser, where nothing is guarded.`)
  }
}

function unguarded(who: string): string {
  return [
    `[vitest-tripwire] ${who} the plugin, so nothing is guarded there.`,
    '  fix  give the project `extends: true`, or `plugins: [tripwire()]` of its own',
  ].join('\n')
}
