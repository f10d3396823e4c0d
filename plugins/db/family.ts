import type { Family, MockHandle } from '../../src/plugin.ts'
import type { Embedded } from './answers.ts'
import type { ScriptedFamily } from './scripted-family.ts'

/** A statement by its parts; what is left out fits anything. */
export interface StatementPattern {
  /** White space is folded. */
  readonly text?: string | RegExp | object
  readonly params?: unknown
  /** Whether it is part of a transaction. */
  readonly transaction?: boolean
  readonly rows?: unknown
  readonly error?: unknown
  readonly host?: string | RegExp
  readonly port?: number | '*'
  readonly path?: string | RegExp
  readonly database?: string | RegExp
  readonly user?: string | RegExp
  readonly driver?: string | RegExp
}

/** Facts that an assertion adds to its pattern. */
export type StatementFacts = Omit<StatementPattern, 'text'>

/** What a function is given that sets a database up. */
export interface DatabaseSetup<Done = Promise<void>> {
  /** Runs statements. */
  exec(sql: string): Done
  /** The engine's own object: what `newDb()` of pg-mem, `new PGlite()` or `new DatabaseSync(':memory:')` gives. */
  readonly engine: object
}

/** SQL; the path of a file, or of a folder whose `.sql` files are run in the order of their names; a function; or a list of these. */
export type SchemaSource<Done = Promise<void>> =
  | string
  | URL
  | readonly SchemaSource<Done>[]
  | ((db: DatabaseSetup<Done>) => unknown)

export interface PostgresOptions {
  readonly schema?: SchemaSource
  /** Run after the schema. */
  readonly seed?: SchemaSource
  /** `pg-mem` (the default) is there at once, and imitates Postgres in JavaScript; `pglite` is Postgres, and needs seconds to start. */
  readonly engine?: 'pg-mem' | 'pglite'
  /** How a client is asked for the password, where the URL has one: `scram-sha-256` unless set; `password` is in clear text. */
  readonly login?: 'scram-sha-256' | 'md5' | 'password'
}

export interface SqliteOptions {
  /** A database file that it starts as a copy of; the file is only read. */
  readonly from?: string | URL
  /** Run after that. */
  readonly schema?: SchemaSource<void>
  /** Run after the schema. */
  readonly seed?: SchemaSource<void>
  /** Whose SQLite `query`, `schema` and `seed` run on before anybody has opened it: better-sqlite3 where that is loaded, else Node's, unless set. */
  readonly engine?: 'node:sqlite' | 'better-sqlite3'
}

/** What a script gives instead of the engine. */
export type ScriptReply =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  /** @param code SQLSTATE; of SQLite its name, `SQLITE_BUSY` */
  | { readonly error: { readonly code: string; readonly message: string } }

/** An embedded database. */
export interface Database<Engine extends string = 'pg-mem' | 'pglite'> {
  readonly engine: Engine
  /** Runs a statement for the test itself: it is not recorded, and needs no assertion. @throws EngineError for what the engine has no way to run */
  query(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /**
   * Answers a statement without the engine: once, unless the handle says otherwise.
   *
   * @example db.script('select price from prices where id = $1', { rows: [{ price: 5 }] }).always()
   */
  script(statement: string | RegExp | object, reply: ScriptReply): MockHandle
  /** Remembers the database as it is now; it does so by itself after schema and seed. */
  backup(): Promise<void>
  /** Puts the database back as it was at the last backup. */
  restore(): Promise<void>
  /** Lets go of the engine, after which nobody is answered: PGlite holds hundreds of megabytes. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** `tripwire.db`. */
export interface DbFamily extends Omit<Family, 'mock' | 'passThrough'>, ScriptedFamily {
  /**
   * Answers connections to a Postgres database in sandboxes by an embedded one, for any driver that speaks to a server.
   *
   * @param url where the code under test connects to: `postgres://localhost:5432/app`; without a database any; with a password only who knows it is let in
   * @throws MissingPeerError when the engine's package is not installed
   * @throws EngineError when the engine cannot run the schema or the seed
   * @example const db = await tripwire.db.postgres('postgres://localhost:5432/app', { schema: 'db/migrations' })
   */
  postgres(url: string | URL, options?: PostgresOptions): Promise<Database>
  /**
   * Answers in sandboxes whoever opens a database file with `node:sqlite` or better-sqlite3 by a database in memory.
   *
   * @param path of the file, which need not be there: nothing is written to the disk, and nothing read but `from`
   * @throws MissingPeerError where Node has no SQLite, and better-sqlite3 is not installed
   * @throws EngineError when SQLite cannot run the schema or the seed
   * @example const db = await tripwire.db.sqlite('data/app.db', { schema: 'db/migrations' })
   */
  sqlite(path: string | URL, options?: SqliteOptions): Promise<Database<'node:sqlite' | 'better-sqlite3'>>
  /** @example tripwire.db.assert('insert into orders (total) values ($1)', { params: [5] }) */
  assert(pattern: string | RegExp | StatementPattern, facts?: StatementFacts): void
}

/** An embedded database, as the plugin has it. */
export interface EmbeddedPostgres extends Embedded {
  readonly ready: Promise<Database>
}
