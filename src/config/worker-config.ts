import { dirname } from 'node:path'
import { ConfigError } from '../errors/classes.ts'
import type { Provided } from '../provided.ts'
import { findConfig, refuseStraySettings } from './find.ts'
import { emptyConfig, failedConfig } from './unreadable.ts'

export interface RawConfig {
  readonly raw: unknown
  readonly file: string | undefined
  readonly dir: string
}

/**
 * The config as a worker gets it: from the main process where it is plain, by importing the file (through Vite, so TypeScript works on
 * every Node) where it holds functions, patterns or plugins, or where the setup file stands alone.
 *
 * @param root the project's root, where the search begins if the main process said nothing
 * @throws ConfigError
 */
export async function workerConfig(
  given: Provided | undefined,
  root: string,
  importer: (path: string) => Promise<unknown>,
): Promise<RawConfig> {
  if (given?.broken !== undefined) throw new ConfigError(given.broken, { file: given.file })
  if (given !== undefined && (given.raw !== undefined || given.file === undefined)) {
    return { raw: given.raw ?? {}, file: given.file, dir: given.dir }
  }
  if (given === undefined) refuseStraySettings(root)
  const file = given?.file ?? findConfig(root)
  if (file === undefined) return { raw: {}, file, dir: root }
  return { raw: await loadInWorker(file, importer), file, dir: dirname(file) }
}

/** The config that a file exports as default. @throws ConfigError when it throws or exports none */
export async function loadInWorker(file: string, importer: (path: string) => Promise<unknown>): Promise<unknown> {
  let config: unknown
  try {
    const exported = await ((await importer(file)) as { default?: unknown }).default
    // Vite calls a function in the main process, so workers do as well: both must see one config.
    config = typeof exported === 'function' ? await exported({ command: 'serve', mode: 'test' }) : exported
  } catch (cause) {
    throw failedConfig(file, cause)
  }
  if (Object.prototype.toString.call(config) !== '[object Object]') throw emptyConfig(file)
  return config
}
