/** A database in memory as the test has it, and as it answers for a file. */
import type { EngineLimit, MockHandle, Reply, Tap } from '../../../src/plugin.ts'
import type { Database, ScriptReply, SqliteOptions } from '../family.ts'
import type { Connection, Engine, Image } from './engine.ts'
import { codeNumber } from './failure.ts'
import { type Line, NodeHost } from './host.ts'
import { badSchema, cannotDo, staleConnection } from './limits.ts'
import { NativeDatabase } from './native-connection.ts'
import { byLibrary, makeNative, type Native, NativeEngine } from './native-engine.ts'
import { NOWHERE, NodeEngine, type Sqlite } from './node-engine.ts'
import { putBack } from './put-back.ts'
import type { Gap, Hosted, How, NativeParts, StandIn } from './seam.ts'
import { imageOf, setUp } from './set-up.ts'

type Name = 'node:sqlite' | 'better-sqlite3'

/** What the plugin gives. */
export interface Parts {
  readonly tap: Tap
  /** The file, absolute. */
  readonly path: string
  /** As code would name it. */
  readonly shown: string
  builtIn(name: string): unknown
  /** The library's class, as it was loaded last; undefined where nobody has loaded it. */
  readonly library: (new (file: unknown) => object) | undefined
  peer(name: string): object
  limit(limit: EngineLimit): Error
  /** Registers a scripted answer. */
  script(statement: unknown, reply: unknown): MockHandle
}

/** The database in one copy of SQLite: each driver has its own, and they do not see each other. */
interface Held {
  readonly engine: Engine
  /** Of the set-up; undefined once that is done. */
  waiting: Promise<void> | undefined
  failed: unknown
  /** As it is put back. */
  backup: Connection | undefined
}

export class SqliteDatabase implements Database<Name>, StandIn {
  readonly ready: Promise<Database<Name>>
  readonly #parts: Parts
  readonly #options: SqliteOptions
  /** By what makes their connections. */
  readonly #held = new Map<object, Held>()
  readonly #name: Name
  #current: Held | undefined
  #failed: unknown
  #image: Image | undefined
  /** Whether there is a file, as far as anybody can tell. */
  #exists: boolean
  #isClosed = false
  readonly #connections = new Set<object>()

  /** @throws MissingPeerError */
  constructor(options: SqliteOptions, parts: Parts) {
    this.#parts = parts
    this.#options = options
    this.#exists = options.from !== undefined || options.schema !== undefined || options.seed !== undefined
    const first = this.#first()
    this.#name = first.name
    try {
      if (options.from !== undefined) this.#image = imageOf(options.from, parts)
      const { waiting } = first.hold()
      this.ready = waiting === undefined ? Promise.resolve(this) : waiting.then(() => this)
    } catch (error) {
      // Who opens it hears of it as well.
      this.#failed = error
      this.ready = Promise.reject(error)
    }
  }

  get engine(): Name {
    return this.#current?.engine.name ?? this.#name
  }

  async query(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    await this.#current?.waiting
    return this.#need().engine.all(sql, params)
  }

  script(statement: string | RegExp | object, reply: ScriptReply): MockHandle {
    return this.#parts.script(statement, reply)
  }

  async backup(): Promise<void> {
    await this.#current?.waiting
    const held = this.#need()
    held.backup = this.#copyOf(held)
  }

  async restore(): Promise<void> {
    await this.#current?.waiting
    const held = this.#need()
    if (held.backup) putBack(held.backup, held.engine)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { engine, backup } of this.#held.values()) {
      engine.close()
      backup?.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  name(reply: Reply, how: How): string {
    if (how.driver !== 'node:sqlite') throw this.cannot(reply, 'name', how)
    const { engine } = this.#use(this.#sqlite() as Sqlite, () => this.#nodeEngine())
    if (!this.#opens(how)) return NOWHERE
    return `${(engine as NodeEngine).uri}${how.readOnly ? '&mode=ro' : ''}`
  }

  host(reply: Reply, database: object, how: How): Hosted {
    const failure = (code: string, message: string) =>
      Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode: codeNumber(code), errstr: message })
    const line = this.#lineOf(
      how.driver,
      failure,
      () => (database as { isTransaction?: boolean }).isTransaction === true,
    )
    const isMain = reply.facts.path === this.#parts.path
    return new NodeHost(line, isMain ? this.#parts.path : undefined)
  }

  native(_: Reply, args: readonly unknown[], how: How, { hosts, make, copy }: NativeParts): object {
    const [, given, , , , timeout] = args
    const held = this.#use(copy, () => new NativeEngine(makeNative(make, this.#image?.bytes), make))
    const { native } = held.engine as NativeEngine
    // Its own error, of a file that is not there.
    if (!this.#opens(how))
      return make('/nonexistent/tripwire', given, false, true, true, timeout, null, null, null, null)
    const failure = (code: string, message: string) => {
      const NativeError = errorClassOf(native)
      return new NativeError(message, code)
    }
    const database: NativeDatabase = new NativeDatabase({
      native,
      name: String(given),
      readonly: how.readOnly,
      hosts,
      line: this.#lineOf(how.driver, failure, () => native.inTransaction),
      others: () => this.#connections.size > 0,
      closed: (connection) => void this.#connections.delete(connection),
    })
    this.#connections.add(database)
    return database
  }

  receive(_: Reply, source: object, attached: unknown, __: How, { make, copy }: NativeParts): object {
    const { engine } = this.#use(copy, () => new NativeEngine(makeNative(make, this.#image?.bytes), make))
    this.#exists = true
    const taken = (engine as NativeEngine).copyOf(source as Native, String(attached))
    putBack(taken, engine)
    const [{ page_count: totalPages } = {}] = taken.all('pragma page_count')
    taken.close()
    return { transfer: () => ({ totalPages, remainingPages: 0 }), close() {} }
  }

  cannot(reply: Reply, gap: Gap, how: How): Error {
    return reply.limited(cannotDo(how.driver, gap, this.#parts.shown))
  }

  /** Whether somebody who opens the file so finds one, or makes it. */
  #opens({ mustExist }: How): boolean {
    if (!mustExist) this.#exists = true
    return this.#exists
  }

  #lineOf(driver: string, failure: Line['failure'], inTransaction: () => boolean): Line {
    const { tap, path, shown } = this.#parts
    return {
      tap,
      driver,
      path,
      embedded: this,
      failure,
      stale: (reply, text) => reply.limited(staleConnection(driver, text, shown)),
      get inTransaction() {
        return inTransaction()
      },
    }
  }

  /** @throws what the set-up threw, or Error while it is not done */
  #use(key: object, make: () => Engine): Held {
    if (this.#failed !== undefined) throw this.#failed
    const held = this.#held.get(key) ?? this.#hold(key, make())
    this.#current = held
    if (held.waiting)
      throw new Error(
        `the database of ${this.#parts.path} is still being set up: 'await tripwire.db.sqlite(…)' before it is opened`,
      )
    return this.#need()
  }

  #need(): Held {
    if (this.#isClosed) throw new Error(`the database of ${this.#parts.path} was closed by the test`)
    const failed = this.#failed ?? this.#current?.failed
    if (failed !== undefined || this.#current === undefined) throw failed
    return this.#current
  }

  #hold(key: object, engine: Engine): Held {
    const held: Held = { engine, waiting: undefined, failed: undefined, backup: undefined }
    this.#held.set(key, held)
    this.#current = held
    const { limit } = this.#parts
    const done = () => {
      held.waiting = undefined
      held.backup = this.#copyOf(held)
    }
    const exec = (sql: string, at: string | undefined) => {
      try {
        engine.exec(sql)
      } catch (error) {
        throw limit({ ...badSchema(engine.name, sql, error), at })
      }
    }
    try {
      const working = setUp(this.#options, { exec, engine: engine.db }, this.#parts)
      if (working === undefined) done()
      else held.waiting = working.then(done)
    } catch (error) {
      held.failed = error
      throw error
    }
    held.waiting?.catch((error: unknown) => {
      held.waiting = undefined
      held.failed = error
    })
    return held
  }

  #copyOf({ engine }: Held): Connection {
    if (engine.inTransaction)
      throw new Error('a transaction is open on the database: it cannot be copied before its end')
    return engine.copy()
  }

  /** Before anybody has opened it: by what is there. @throws MissingPeerError */
  #first(): { readonly name: Name; hold(): Held } {
    const { library, peer } = this.#parts
    const wanted = this.#options.engine
    const node = { name: 'node:sqlite', hold: () => this.#hold(this.#sqlite() as Sqlite, this.#nodeEngine()) } as const
    if (wanted === 'node:sqlite' || (wanted === undefined && library === undefined && this.#sqlite())) return node
    const Library = library ?? (peer('better-sqlite3') as new (file: unknown) => object)
    // It is there, and was compiled for another Node.
    if (wanted === undefined && this.#sqlite() && !works(Library)) return node
    const hold = () => {
      const engine = byLibrary(Library, this.#image)
      return this.#hold(Object.getPrototypeOf(engine.native), engine)
    }
    return { name: 'better-sqlite3', hold }
  }

  #sqlite(): Sqlite | undefined {
    return this.#parts.builtIn('node:sqlite') as Sqlite | undefined
  }

  #nodeEngine(): NodeEngine {
    const { randomUUID } = this.#parts.builtIn('node:crypto') as typeof import('node:crypto')
    const make = () => new NodeEngine(this.#sqlite() as Sqlite, () => `tripwire-${randomUUID()}`, this.#image)
    // Reading the file that it is a copy of is the test's, wherever the code stands that opens the copy.
    return this.#parts.tap.outside(make)
  }
}

function works(Library: new (file: unknown) => object): boolean {
  try {
    return new Library(':memory:') !== undefined
  } catch {
    return false
  }
}

/** The class of what better-sqlite3 throws, which is known by one that it throws. */
function errorClassOf(native: Native): new (message: string, code: string) => Error {
  try {
    native.exec('?')
  } catch (error) {
    return (error as { constructor: new (message: string, code: string) => Error }).constructor
  }
  return Error as never
}
