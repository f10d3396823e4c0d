/** An embedded database as the test has it, and as connections reach it. */
import type { Socket } from 'node:net'
import type { EngineLimit, MockHandle, Redirected, Tap } from '../../../src/plugin.ts'
import type { Database, EmbeddedPostgres, PostgresOptions, ScriptReply } from '../family.ts'
import { placed, stepsOf } from '../schema.ts'
import { splitStatements } from '../statements.ts'
import { converse, Sessions } from './connection.ts'
import type { Engine, Line } from './engine.ts'
import { Failure, Limit } from './failure.ts'
import { badSchema, limitOf } from './limits.ts'
import { type Account, Login } from './login.ts'
import { PgMemEngine } from './pg-mem.ts'
import { startPglite } from './pglite.ts'
import type { Clock } from './transactions.ts'
import { cellOfValue, readableRow } from './values.ts'
import { watchOf } from './watch.ts'

/** What the plugin gives. */
export interface Parts {
  readonly clock: Clock
  /** Who is let in; anybody where there is none. */
  readonly account: Account | undefined
  builtIn(name: string): never
  peer(name: string): object
  limit(limit: EngineLimit): Error
  /** Registers a scripted answer. */
  script(statement: unknown, reply: unknown): MockHandle
}

const NEVER = new Promise<void>(() => {})

export class EmbeddedDatabase implements EmbeddedPostgres, Database {
  readonly engine: 'pg-mem' | 'pglite'
  readonly ready: Promise<Database>
  readonly #parts: Parts
  readonly #started: Promise<Engine>
  readonly #sessions = new Sessions()
  #isClosed = false
  #restore: () => Promise<void> = async () => {}

  /** @throws MissingPeerError */
  constructor(options: PostgresOptions, parts: Parts) {
    this.engine = options.engine ?? 'pg-mem'
    this.#parts = parts
    this.#started = this.#start(options, this.#load())
    this.ready = this.#started.then(() => this)
    // Whoever connects hears of it as well, and the test may be waiting for neither.
    this.#started.catch(() => {})
  }

  async query(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const engine = await this.#started
    return this.#tellLimits(() => this.#onLine(engine, (line) => queryOn(line, sql, params)))
  }

  script(statement: string | RegExp | object, reply: ScriptReply): MockHandle {
    return this.#parts.script(statement, reply)
  }

  async backup(): Promise<void> {
    this.#restore = await (await this.#started).backup()
  }

  async restore(): Promise<void> {
    await this.#started
    await this.#restore()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await (await this.#started).close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A session on the engine, once that is set up. @throws Failure when it was closed */
  async line(): Promise<Line> {
    this.check()
    return (await this.#started).open()
  }

  check(): void {
    if (this.#isClosed) throw new Failure('57P01', 'the embedded database was closed')
  }

  accept(peer: Socket, connection: Redirected, tap: Tap): void {
    const host = String(connection.reply?.facts.host ?? 'localhost')
    converse(peer, {
      sessions: this.#sessions,
      login: (user) => {
        const { account, builtIn } = this.#parts
        return account && new Login(account, user, builtIn('node:crypto'))
      },
      secure: (socket, ready) =>
        tap.hub.secure(socket, host, [], (secured) => {
          secured.on('error', () => {})
          ready(secured)
        }),
      enter: (options, secured) => watchOf(this, connection, tap, options, secured),
    })
  }

  #load(): () => Promise<Engine> {
    const { clock, peer } = this.#parts
    if (this.engine === 'pglite') {
      const pglite = peer('@electric-sql/pglite')
      return () => startPglite(pglite, clock)
    }
    const pgMem = peer('pg-mem')
    return async () => new PgMemEngine(pgMem, clock)
  }

  async #start({ schema, seed }: PostgresOptions, make: () => Promise<Engine>): Promise<Engine> {
    const engine = await make()
    const { builtIn } = this.#parts
    const { join } = builtIn('node:path') as typeof import('node:path')
    const setup = {
      exec: (sql: string, file?: string) => this.#onLine(engine, (line) => this.#execute(line, sql, file)),
      engine: engine.db,
    }
    for (const step of stepsOf([schema ?? [], seed ?? []], setup, builtIn('node:fs'), join)) await step()
    this.#restore = await engine.backup()
    return engine
  }

  /** @throws EngineError that says which statement, and where it stands */
  async #execute(line: Line, sql: string, file: string | undefined): Promise<void> {
    for (const statement of placed(splitStatements(sql), sql, file)) {
      try {
        await line.run({ sql: statement.sql, types: [], params: [], formats: [], results: [] }, NEVER)
      } catch (error) {
        const limit =
          error instanceof Limit ? limitOf(this.engine, error) : badSchema(this.engine, statement.sql, error)
        throw this.#parts.limit({ ...limit, at: statement.at })
      }
    }
  }

  async #onLine<T>(engine: Engine, use: (line: Line) => Promise<T>): Promise<T> {
    const line = engine.open()
    try {
      return await use(line)
    } finally {
      await line.end()
    }
  }

  async #tellLimits<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await fn()
    } catch (error) {
      throw error instanceof Limit ? this.#parts.limit(limitOf(this.engine, error)) : error
    }
  }
}

async function queryOn(line: Line, sql: string, params: readonly unknown[]): Promise<Record<string, unknown>[]> {
  const cells = params.map(cellOfValue)
  const [statement = '', ...more] = splitStatements(sql)
  if (more.length > 0) throw new TypeError('db.query takes one statement')
  const { fields = [], rows } = await line.run(
    { sql: statement, types: [], params: cells, formats: [], results: [] },
    NEVER,
  )
  return rows.map((row) => readableRow(fields, row))
}
