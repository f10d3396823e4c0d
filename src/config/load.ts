/** Reads the config in the main process, once per file. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRegExp } from '../core/kinds.ts'
import { isMatcher } from '../core/matcher.ts'
import type { Provided } from '../provided.ts'
import { VERSION } from '../version.ts'
import type { ResolvedConfig } from './resolved.ts'
import { emptyConfig, failedConfig } from './unreadable.ts'

export interface LoadedConfig {
  readonly provided: Omit<Provided, 'ownEndpoints'>
  /** What the config says. */
  resolve(): Promise<ResolvedConfig>
  /** The config file and what it imports, for watching. */
  readonly dependencies: readonly string[]
}

const NO_FILE = { raw: {}, dependencies: [] }

/** Loads and checks a config file; without one the defaults hold. @throws ConfigError */
export async function loadConfig(file: string | undefined, root: string): Promise<LoadedConfig> {
  const { raw, dependencies } = file === undefined ? NO_FILE : await importConfig(file)
  const dir = file === undefined ? root : dirname(file)
  const check = async () => {
    // It brings every plugin with it, 10 to 15 ms before the first test: where there is no config nothing has to be checked.
    const { checkConfig } = await import('./check.ts')
    return checkConfig(raw, { file, dir })
  }
  const checked = file === undefined ? undefined : await check()
  return {
    resolve: async () => checked ?? check(),
    provided: { version: VERSION, file, dir, raw: isPlain(raw) ? raw : undefined },
    dependencies: file === undefined ? [] : [file, ...dependencies.filter((other) => other !== file)],
  }
}

interface Loader {
  loadConfigFromFile(
    env: { command: 'serve'; mode: string },
    file: string,
    root: string,
    logLevel: 'silent',
  ): Promise<{ config: unknown; dependencies: string[] } | null>
}

async function importConfig(file: string): Promise<{ raw: unknown; dependencies: readonly string[] }> {
  const { loadConfigFromFile } = await findVite()
  try {
    const loaded = await loadConfigFromFile({ command: 'serve', mode: 'test' }, file, dirname(file), 'silent')
    return { raw: loaded?.config, dependencies: loaded?.dependencies ?? [] }
  } catch (cause) {
    const isEmpty = cause instanceof Error && /config must export or return an object/.test(cause.message)
    throw isEmpty ? emptyConfig(file) : failedConfig(file, cause)
  }
}

/** Vite is Vitest's dependency, and in strict package layouts only Vitest can see it. */
async function findVite(): Promise<Loader> {
  try {
    return await import('vite')
  } catch {
    const vitest = createRequire(import.meta.url).resolve('vitest/package.json')
    return import(pathToFileURL(createRequire(vitest).resolve('vite')).href)
  }
}

/** Whether a value crosses to a worker as it is: functions do not, and patterns and matchers lose what they are. */
function isPlain(value: unknown, above: readonly unknown[] = []): boolean {
  if (typeof value === 'function' || typeof value === 'symbol' || isRegExp(value) || isMatcher(value)) return false
  if (typeof value !== 'object' || value === null) return true
  if (above.includes(value)) return false
  const plain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))
  return plain && Object.values(value).every((part) => isPlain(part, [...above, value]))
}
