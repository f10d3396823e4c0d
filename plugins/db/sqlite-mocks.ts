/** `tripwire.db.sqlite`: what it reads and registers. What it is made of is loaded by the first that is asked for. */
import { builtIn, type Facts, isA, originals, pathBelow, RuleSyntaxError, suggest, type Tap } from '../../src/plugin.ts'
import type { Made } from './answers.ts'
import { readKeys } from './engine-options.ts'
import type { Database, SqliteOptions } from './family.ts'
import { scripting } from './scripts.ts'

/** The class that better-sqlite3 exports. */
export type Library = new (file: unknown) => object

/** Drivers whose databases can be in memory instead. */
const DRIVERS = ['node:sqlite', 'better-sqlite3']
const OPTIONS = ['from', 'schema', 'seed', 'engine']
const PATHS = "the path of a database file: 'data/app.db'"
const { home: HOME } = originals

/** The part that is loaded later. */
interface Part {
  createSqlite(
    options: SqliteOptions,
    parts: object,
  ): { readonly ready: Promise<Database<'node:sqlite' | 'better-sqlite3'>> }
}

export function sqlite(made: Made, tap: Tap, library: Library | undefined, path: unknown, options: unknown) {
  const { register, print } = made
  const file = resolved(readPath(path))
  const read = readOptions(options)
  const text = print('tripwire.db.sqlite', [isA(path, 'URL') ? path.href : path])
  const { createSqlite } = tap.part('sqlite') as Part
  const patterns = { product: 'sqlite', driver: DRIVERS, path: (value: string) => value === file }
  const embedded: ReturnType<Part['createSqlite']> = createSqlite(read, {
    tap,
    library,
    path: file,
    shown: nearOf(file),
    builtIn,
    peer: (name: string) => tap.peer(name, 'tripwire.db.sqlite'),
    limit: tap.limit,
    script: scripting(made, patterns, () => embedded),
  })
  const mock = register({ ...patterns, operation: ['open', 'read', 'control', 'query'] }, { embedded }, text, {
    last: true,
    fallback: true,
  })
  mock.always()
  mock.optional()
  return embedded.ready
}

/** What would answer who opens a file. */
export function sqliteFor({ driver, path }: Facts): string | undefined {
  if (!DRIVERS.includes(String(driver)) || path === undefined) return undefined
  const near = nearOf(String(path))
  return `await tripwire.db.sqlite(${/['\\]/.test(near) ? JSON.stringify(near) : `'${near}'`})`
}

/** A path as code of this project would name it. */
function nearOf(path: string): string {
  return pathBelow(HOME, path) ?? path
}

function readPath(path: unknown): string {
  const { fileURLToPath } = builtIn('node:url')
  if (isA(path, 'URL') && path.protocol === 'file:') return fileURLToPath(path.href)
  if (typeof path !== 'string' || path.trim() === '') throw new RuleSyntaxError('it is no path', PATHS)
  if (path === ':memory:' || /^file:.*(?:mode=memory|:memory:)/.test(path))
    throw new RuleSyntaxError('a database in memory is nowhere else, and needs nobody to answer for it', PATHS)
  if (!path.startsWith('file:')) return path
  if (path.startsWith('file:///')) return fileURLToPath(path.replace(/[?#].*$/s, ''))
  throw new RuleSyntaxError(`'${path}' is a name that SQLite reads`, PATHS)
}

/** As the guard sees it: without links in it. */
function resolved(path: string): string {
  const { resolve, dirname, basename, join } = builtIn('node:path')
  const { realpathSync } = builtIn('node:fs')
  const real = (file: string): string => {
    try {
      return realpathSync.native(file)
    } catch {
      const folder = dirname(file)
      return folder === file ? file : join(real(folder), basename(file))
    }
  }
  return real(resolve(HOME, path))
}

function readOptions(options: unknown): SqliteOptions {
  const read = readKeys<SqliteOptions>(options, OPTIONS)
  const { from, engine } = read
  if (from !== undefined && typeof from !== 'string' && !isA(from, 'URL'))
    throw new RuleSyntaxError('`from` is no path', "{ from: 'test/app.db' }")
  if (engine !== undefined && !DRIVERS.includes(engine))
    throw new RuleSyntaxError(`there is no engine '${engine}'`, DRIVERS.join(' or '), suggest(String(engine), DRIVERS))
  if (engine === 'node:sqlite' && builtIn('node:sqlite') === undefined)
    throw new RuleSyntaxError('this Node has no node:sqlite', 'Node 22.13 or newer, or better-sqlite3')
  return read
}
