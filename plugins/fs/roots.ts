/** The folders that tests may read and write, and whether a path lies in one of them. */
import { endsWith, type PolicyContext, SafeMap, SafeWeakMap, startsWith } from '../../src/plugin.ts'
import { HOME, real } from './originals.ts'
import { Resolver } from './paths.ts'
import type { Access } from './table.ts'

/** A folder in force, and what put it there. */
export interface Root {
  /** With its links resolved; undefined for `'.'`, which is wherever the process is. */
  readonly path: string | undefined
  readonly source: string
}

type Context = Pick<PolicyContext, 'setting' | 'place'>

const { platform, sep, dirname, join } = real
/** These file systems do not tell case apart, nor (macOS) composed letters from decomposed ones. */
const fold =
  platform === 'darwin'
    ? (path: string) => path.normalize('NFC').toLowerCase()
    : platform === 'win32'
      ? (path: string) => path.toLowerCase()
      : (path: string) => path

/** Read by libraries that ask what machine they are on, and that swallow a refusal (detect-libc, napi-rs). */
const OF_THE_MACHINE = ['/usr/bin/ldd', '/proc']

/** Whether a path is a folder or lies below it: whole parts are compared, so `/a/bc` is not below `/a/b`. Both have their links resolved. */
export function isWithin(path: string, folder: string): boolean {
  const [one, other] = [fold(path), fold(folder)]
  return one === other || startsWith(one, endsWith(other, sep) ? other : `${other}${sep}`)
}

/** Folders that were written into a config, with their links resolved once. */
const resolved = new SafeWeakMap<readonly string[], readonly Root[]>()
const standing = new SafeMap<string, readonly Root[]>()
let temporary: readonly Root[] | undefined

/** The folders below which writing passes. */
export function writeRoots({ setting }: Context): readonly Root[] {
  return [...temporaryFolder(), ...named(setting('fs.write'), 'fs.write')]
}

/** The folders below which reading passes; undefined where nobody named one, and all passes. */
export function readRoots(context: Context): readonly Root[] | undefined {
  const read = context.setting('fs.read')
  if (read === undefined) return undefined
  return [...writeRoots(context), ...named(read, 'fs.read'), ...ofTheProject(context.place)]
}

/** The default policy: whether something may be done to a path (links resolved) although no rule names it. */
export function passesByRoots(access: Access, path: string, context: Context): boolean {
  const roots = access === 'write' ? writeRoots(context) : readRoots(context)
  return roots === undefined || rootOf(path, roots) !== undefined
}

/** The root that a path lies in. */
function rootOf(path: string, roots: readonly Root[]): Root | undefined {
  for (const root of roots) if (isWithin(path, pathOf(root))) return root
  return undefined
}

/** `'.'` moves with the process. */
function pathOf({ path }: Root): string {
  return path ?? resolveLinks(real.cwd())
}

/** The root with which a path shares most of its folders; undefined when it shares none. */
export function nearestRoot(path: string, roots: readonly Root[]): Root | undefined {
  const parts = path.split(sep)
  let most = 1
  let nearest: Root | undefined
  for (const root of roots) {
    const others = pathOf(root).split(sep)
    const shared = parts.findIndex((part, at) => fold(part) !== fold(others[at] ?? ''))
    if (shared > most) {
      most = shared
      nearest = root
    }
  }
  return nearest
}

/** `.cache (fs.write)`, relative to the folder that Vitest runs in. */
export function printRoot({ path, source }: Root): string {
  return path === undefined ? `'.' (the current folder, ${source})` : `${printPath(path)} (${source})`
}

export function printPath(path: string): string {
  if (!isWithin(path, HOME) || path === HOME) return path
  const near = path.slice(HOME.length + 1)
  return sep === '/' ? near : near.replaceAll(sep, '/')
}

function temporaryFolder(): readonly Root[] {
  temporary ??= [{ path: resolveLinks(real.tmpdir), source: 'the temporary folder' }]
  return temporary
}

function named(folders: unknown, source: string): readonly Root[] {
  if (folders === undefined) return []
  const list = folders as readonly string[]
  const known = resolved.get(list)
  if (known !== undefined) return known
  const roots = list.map((folder) => ({ path: folder === '.' ? undefined : resolveLinks(folder), source }))
  resolved.set(list, roots)
  return roots
}

/** The workspace, every `node_modules` from the project upward, and what libraries ask the machine. */
function ofTheProject({ root, workspace }: PolicyContext['place']): readonly Root[] {
  const known = standing.get(root)
  if (known !== undefined) return known
  const roots: Root[] = [{ path: resolveLinks(workspace), source: 'the workspace' }]
  for (let folder = root; ; folder = dirname(folder)) {
    roots.push({ path: resolveLinks(join(folder, 'node_modules')), source: 'node_modules' })
    if (dirname(folder) === folder) break
  }
  roots.push(...OF_THE_MACHINE.map((path) => ({ path, source: 'the machine' })))
  standing.set(root, roots)
  return roots
}

/** The path that the operating system would work on. */
export function resolveLinks(folder: string): string {
  return new Resolver().resolve({ text: folder, bytes: false }, 'content')
}
