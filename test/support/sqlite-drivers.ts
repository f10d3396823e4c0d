/** Drivers of SQLite as far as they are alike, where they are there: Node 20 has none, and ends under better-sqlite3 13 (12 is compiled for it: `npm i --no-save better-sqlite3@12`). */
import { createRequire } from 'node:module'
import { type SqliteOptions, tripwire } from 'vitest-tripwire'

const load = createRequire(import.meta.url)

export interface Statement {
  run(...params: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  get(...params: unknown[]): Record<string, unknown> | undefined
  all(...params: unknown[]): Record<string, unknown>[]
  iterate(...params: unknown[]): IterableIterator<Record<string, unknown>>
}

export interface Database {
  exec(sql: string): unknown
  prepare(sql: string): Statement
  close(): unknown
}

export interface Driver {
  readonly name: 'node:sqlite' | 'better-sqlite3'
  open(path: string, options?: { readOnly?: boolean }): Database
}

type Class<T> = new (path: unknown, options?: object) => T

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

export interface NodeDatabase extends Database {
  open(): void
  location(name?: string): string | null
  function(name: string, fn: (...args: never[]) => unknown): void
  createSession(): { changeset(): Uint8Array }
  applyChangeset(changes: Uint8Array): boolean
  createTagStore?(): Record<string, (texts: TemplateStringsArray, ...values: unknown[]) => unknown>
  readonly isOpen: boolean
}

export interface Sqlite {
  readonly DatabaseSync: Class<NodeDatabase>
  backup?(from: Database, path: string): Promise<number>
}

export const sqlite = attempt(() => load('node:sqlite') as Sqlite)

export interface BetterStatement extends Statement {
  pluck(on?: boolean): this
  raw(on?: boolean): this
  bind(...params: unknown[]): this
  safeIntegers(on?: boolean): this
  readonly database: BetterDatabase
}

export interface BetterDatabase extends Database {
  prepare(sql: string): BetterStatement
  exec(sql: string): this
  transaction<T extends (...args: never[]) => unknown>(fn: T): T
  pragma(text: string, options?: object): unknown
  backup(path: string): Promise<{ totalPages: number; remainingPages: number }>
  serialize(): Buffer
  function(name: string, fn: (...args: never[]) => unknown): this
  aggregate(name: string, options: object): this
  defaultSafeIntegers(on?: boolean): this
  readonly name: string
  readonly open: boolean
  readonly inTransaction: boolean
  readonly readonly: boolean
  readonly memory: boolean
}

/** Its addon from 13 on ends a Node before 22. */
export function runsHere(): boolean {
  const { version = '' } = attempt(() => load('better-sqlite3/package.json') as { version: string }) ?? {}
  return Number.parseInt(process.versions.node, 10) >= 22 || Number.parseInt(version, 10) < 13
}

export const BetterSqlite = attempt(() => {
  if (!runsHere()) throw new Error('this Node is too old')
  const Database = load('better-sqlite3') as Class<BetterDatabase>
  new Database(':memory:').close()
  return Database
})

const THERE: readonly Driver[] = [
  ...(sqlite
    ? [{ name: 'node:sqlite', open: (path: string, options = {}) => new sqlite.DatabaseSync(path, options) } as const]
    : []),
  ...(BetterSqlite
    ? [
        {
          name: 'better-sqlite3',
          open: (path: string, { readOnly = false } = {}) => new BetterSqlite(path, { readonly: readOnly }),
        } as const,
      ]
    : []),
]

/** Whether none is here. */
export const NONE = THERE.length === 0
/** Those that are here; where none is, one that nobody may use, so that its tests are seen to be left out. */
export const DRIVERS: readonly Driver[] = NONE
  ? [
      {
        name: 'node:sqlite',
        open: () => {
          throw new Error('this Node has none')
        },
      },
    ]
  : THERE

export const SCHEMA = 'create table orders (id integer primary key, name text not null unique, total real, data blob)'

/** What a call throws. */
export function failure(fn: () => unknown): Error & { readonly code?: string; readonly errcode?: number } {
  try {
    fn()
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}

/** What a test of each driver begins with. @param out gives the path of what has a name where nobody may write */
export function embedded({ name, open }: Driver, out: (name: string) => string) {
  return {
    /** Declares a database with the schema above. */
    sqlite: (path = out('app.db'), options: SqliteOptions = {}) =>
      tripwire.db.sqlite(path, { schema: SCHEMA, engine: name, ...options }),
    /** Opens it in a sandbox. */
    using: <T>(fn: (database: Database) => T, path = out('app.db')): T =>
      tripwire.sandbox(() => {
        const database = open(path)
        try {
          return fn(database)
        } finally {
          database.close()
        }
      }),
    /** A message without what differs from driver to driver and run to run. */
    plain: (message = '') =>
      message
        .replaceAll(out('').replace(/\/$/, ''), '/out')
        .replaceAll(process.cwd(), '/project')
        .replaceAll(name, '<driver>')
        .replace(/(\.ts):\d+:\d+(?:, through <driver>)?/g, '$1')
        .replace(/#[\d.]+/g, '#1'),
  }
}
