import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { printFile } from '../errors/call-site.ts'
import { ConfigError } from '../errors/classes.ts'

export const CONFIG_NAMES: readonly string[] = ['ts', 'mts', 'js', 'mjs'].map((ending) => `tripwire.config.${ending}`)
const WORKSPACE_MARKS = ['pnpm-workspace.yaml', 'lerna.json']

/**
 * The config file for a project: the nearest from its root upward to the workspace root. @throws ConfigError for two in one folder
 *
 * @param root the project's root, absolute
 */
export function findConfig(root: string): string | undefined {
  for (const dir of foldersToSearch(root)) {
    const found = CONFIG_NAMES.map((name) => join(dir, name)).filter((file) => existsSync(file))
    if (found.length > 1) throw twoConfigs(found)
    if (found[0] !== undefined) return found[0]
  }
  return undefined
}

/** The folders in which a project's config file may stand, the nearest first. */
export function foldersToSearch(root: string): string[] {
  const above = [...upward(resolve(root))]
  const last = above.findIndex(isWorkspaceRoot)
  if (last >= 0) return above.slice(0, last + 1)
  return above.slice(0, above.findIndex((dir) => existsSync(join(dir, 'package.json'))) + 1 || 1)
}

/** The root of the workspace that a project belongs to, as Vite finds it. */
export function workspaceOf(root: string): string {
  return foldersToSearch(root).at(-1) ?? root
}

function* upward(dir: string): Generator<string> {
  yield dir
  if (dirname(dir) !== dir) yield* upward(dirname(dir))
}

/** As Vite's searchForWorkspaceRoot has it; its own is no choice here, as the setup file alone searches too and must stay light. */
function isWorkspaceRoot(dir: string): boolean {
  if (WORKSPACE_MARKS.some((mark) => existsSync(join(dir, mark)))) return true
  if (jsonIn(dir, 'package.json')?.workspaces) return true
  return ['deno.json', 'deno.jsonc'].some((name) => jsonIn(dir, name)?.workspace)
}

function jsonIn(dir: string, name: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, name), 'utf8'))
  } catch {
    return undefined
  }
}

/** The file that `tripwire({ config })` names. @throws ConfigError when it is not there */
export function namedConfig(root: string, name: string): string {
  const file = resolve(root, name)
  if (existsSync(file)) return file
  throw new ConfigError(
    [
      `The config file ${printFile(file)} does not exist.`,
      '',
      `  why  tripwire({ config: '${name}' }) names it, relative to the project's root ${root}`,
      '  fix  correct the path, or leave it out: tripwire.config.ts is found by itself',
    ].join('\n'),
  )
}

/** Settings that somebody wrote into package.json, where nobody reads them. @throws ConfigError */
export function refuseStraySettings(root: string): void {
  const manifest = jsonIn(root, 'package.json')
  for (const key of ['tripwire', 'vitest-tripwire'])
    if (manifest?.[key] !== undefined) throw straySettings(`${printFile(join(root, 'package.json'))}, ${key}`)
}

/** Settings in a place that tripwire does not read. */
export function straySettings(place: string): ConfigError {
  return new ConfigError(
    [
      `Settings of tripwire were found in ${place}, where they have no effect.`,
      '',
      '  fix  move them to tripwire.config.ts:',
      "         import { defineConfig } from 'vitest-tripwire/config'",
      '         export default defineConfig({ … })',
    ].join('\n'),
  )
}

function twoConfigs(files: readonly string[]): ConfigError {
  return new ConfigError(
    [
      'Two config files stand in one folder, and only one can be in force.',
      '',
      ...files.map((file) => `  ${printFile(file)}`),
      '  fix  keep one of them',
    ].join('\n'),
  )
}
