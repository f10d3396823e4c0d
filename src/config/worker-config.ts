import { dirname } from 'node:path'
import type { Provided } from '../provided.ts'
import { findConfig } from './find.ts'

export interface RawConfig {
  readonly raw: unknown
  readonly file: string | undefined
  readonly dir: string
}

/**
 * The config as a worker gets it: from the main process where it is plain, by importing the file (through Vite, so TypeScript works on
 * every Node) where it holds functions, patterns or plugins, or where the setup file stands alone.
 */
export async function workerConfig(
  given: Provided | undefined,
  root: string,
  importer: (path: string) => Promise<unknown>,
): Promise<RawConfig> {
  if (given !== undefined && (given.raw !== undefined || given.file === undefined)) {
    return { raw: given.raw ?? {}, file: given.file, dir: given.dir }
  }
  const file = given?.file ?? findConfig(root)
  if (file === undefined) return { raw: {}, file, dir: root }
  const module = (await importer(file)) as { default?: unknown }
  return { raw: module.default, file, dir: dirname(file) }
}
