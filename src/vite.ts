/** The recommended door: `plugins: [tripwire()]` in `vitest.config.ts`. */
import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { TestProject, Vitest } from 'vitest/node'
import { findConfig, namedConfig, refuseStraySettings, straySettings } from './config/find.ts'
import { loadConfig } from './config/load.ts'
import { watchOwnServers } from './main-servers.ts'
import { TripwireReporter } from './reporter.ts'

export interface TripwirePluginOptions {
  /** Path of the config file, relative to the project's root; found by itself when left out. */
  readonly config?: string
}

/** The part of a Vite plugin that Vitest calls; structural, so that every Vite version takes it. */
export interface TripwirePlugin {
  readonly name: string
  config(config: { test?: unknown }): void
  configureVitest(context: { vitest: Vitest; project: TestProject }): Promise<void>
}

const KEY = 'vitest-tripwire' as never
const ROOT = new URL(import.meta.url.includes('/dist/') ? '../..' : '..', import.meta.url)
const SETUP = fileURLToPath(new URL('dist/src/setup.js', ROOT))
const REGISTER = fileURLToPath(new URL('dist/src/register.js', ROOT))

/**
 * Adds the preload, the setup file and the reporter to every project, and hands them the config.
 *
 * @example export default defineConfig({ plugins: [tripwire()] })
 */
export function tripwire(options: TripwirePluginOptions = {}): TripwirePlugin {
  return {
    name: 'vitest-tripwire',
    config(config) {
      const stray = (config.test as { tripwire?: unknown } | undefined)?.tripwire
      if (stray !== undefined) throw straySettings('test.tripwire of the Vitest config')
    },
    // Not the `config` hook: with Vitest 5 it does not reach `projects`.
    async configureVitest({ vitest, project }) {
      if (!existsSync(SETUP)) throw new Error(`vitest-tripwire is not built: ${SETUP} is missing`)
      const { root } = project.config
      refuseStraySettings(root)
      addDoors(project)
      addReporter(vitest)
      const provide = await provideConfig(project, options, root)
      watchConfig(vitest, provide)
    },
  }
}

export default tripwire

function addDoors(project: TestProject): void {
  const { config } = project
  if (!config.setupFiles.includes(SETUP)) config.setupFiles.unshift(SETUP)
  const preload = pathToFileURL(REGISTER).href
  if (!config.execArgv.includes(preload)) config.execArgv.push('--import', preload)
}

function addReporter({ config }: Vitest): void {
  const reporters = config.reporters as unknown[]
  const isOurs = (reporter: unknown) => reporter instanceof TripwireReporter
  if (!reporters.some(isOurs)) reporters.push(new TripwireReporter())
}

interface Providing {
  /** Reads the config anew. */
  reload(): Promise<readonly string[]>
  readonly dependencies: readonly string[]
}

async function provideConfig(project: TestProject, options: TripwirePluginOptions, root: string): Promise<Providing> {
  let current: Awaited<ReturnType<typeof loadConfig>> | undefined
  const servers = watchOwnServers(() => give())
  const give = () => {
    if (current) project.provide(KEY, { ...current.provided, ownEndpoints: [...servers] } as never)
  }
  const reload = async () => {
    const file = options.config === undefined ? findConfig(root) : namedConfig(root, options.config)
    current = await loadConfig(file, root)
    give()
    return current.dependencies
  }
  return { reload, dependencies: await reload() }
}

/** In watch mode a change of the config reruns everything, with the new one. */
function watchConfig(vitest: Vitest, { reload, dependencies }: Providing): void {
  if (!vitest.config.watch) return
  const watched = new Set(dependencies)
  vitest.config.forceRerunTriggers.push(...dependencies)
  vitest.vite.watcher.add([...dependencies])
  vitest.onTestsRerun(async () => {
    for (const file of await reload()) watched.add(file)
  })
}
