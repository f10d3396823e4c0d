/** A database in memory as the test has it, and as it answers for a file. */
import type { EngineLimit, MockHandle, Reply, Tap } from '../../../src/plugin.ts'
import type { Database, ScriptReply, SqliteOptions } from '../family.ts'
import type { Connection, Image } from './engine.ts'
import { codeNumber } from './failure.ts'
import { type Line, NodeHost } from './host.ts'
import { badSchema, cannotDo, staleConnection } from './limits.ts'
import { errorClassOf, firstMaker, type Maker, nativeMaker, nodeMaker } from './makers.ts'
import { NativeDatabase } from './native-connection.ts'
import { type Native, NativeEngine } from './native-engine.ts'
import { NOWHERE, type NodeEngine } from './node-engine.ts'
import { putBack } from './put-back.ts'
import type { Gap, Hosted, How, NativeParts, StandIn } from './seam.ts'
import { imageOf, setUp } from './set-up.ts'
import { type Slot, Tenant } from './slot.ts'

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
  readonly name: Name
  readonly tenant: Tenant
  /** Of the set-up; undefined once that is done. */
  waiting: Promise<void> | undefined
  failed: unknown
  /** As it is put back. */
  backup: Connection | undefined
}

/** Where a connection stands. */
interface Seat {
  readonly driver: string
  readonly slot: Slot
  /** Of the copy of SQLite. */
  readonly maker: Maker
  failure: Line['failure']
  inTransaction(): boolean
}

export class SqliteDatabase implements Database<Name>, StandIn {
  readonly ready: Promise<Database<Name>>
  readonly #parts: Parts
  readonly #options: SqliteOptions
  /** By what makes their connections. */
  readonly #held = new Map<object, Held>()
  #kind: Name
  #current: Held | undefined
  #failed: unknown
  #image: Image | undefined
  /** Whether there is a file, as far as anybody can tell. */
  #exists: boolean
  #isClosed = false

  /** @throws MissingPeerError */
  constructor(options: SqliteOptions, parts: Parts) {
    this.#parts = parts
    this.#options = options
    this.#exists = options.from !== undefined || options.schema !== undefined || options.seed !== undefined
    const first = firstMaker(options.engine, parts)
    this.#kind = first.name
    try {
      if (options.from !== undefined) this.#image = imageOf(options.from, parts)
      const { waiting } = this.#hold(first)
      this.ready = waiting === undefined ? Promise.resolve(this) : waiting.then(() => this)
    } catch (error) {
      // Who opens it hears of it as well.
      this.#failed = error
      this.ready = Promise.reject(error)
    }
  }

  get engine(): Name {
    return this.#kind
  }

  async query(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    await this.#current?.waiting
    return this.#need().tenant.slot.engine.all(sql, params)
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
    if (held.backup) putBack(held.backup, held.tenant.slot.engine)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { tenant, backup } of this.#held.values()) {
      tenant.close()
      backup?.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  name(reply: Reply, how: How): string {
    if (how.driver !== 'node:sqlite') throw this.cannot(reply, 'name', how)
    const { slot } = this.#use(nodeMaker(this.#parts) as Maker).tenant
    if (!this.#opens(how)) return NOWHERE
    slot.isOpened = true
    return `${(slot.engine as NodeEngine).uri}${how.readOnly ? '&mode=ro' : ''}`
  }

  host(reply: Reply, database: object, how: How): Hosted {
    const failure = (code: string, message: string) =>
      Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode: codeNumber(code), errstr: message })
    const maker = nodeMaker(this.#parts) as Maker
    const inTransaction = () => (database as { isTransaction?: boolean }).isTransaction === true
    const { slot } = this.#use(maker).tenant
    const line = this.#lineOf({ driver: how.driver, failure, inTransaction, maker, slot })
    const isMain = reply.facts.path === this.#parts.path
    return new NodeHost(line, isMain ? this.#parts.path : undefined)
  }

  native(_: Reply, args: readonly unknown[], how: How, { hosts, make, copy }: NativeParts): object {
    const [, given, , , , timeout] = args
    const maker = nativeMaker(copy, make)
    const { slot } = this.#use(maker).tenant
    const { native } = slot.engine as NativeEngine
    // Its own error, of a file that is not there.
    if (!this.#opens(how))
      return make('/nonexistent/tripwire', given, false, true, true, timeout, null, null, null, null)
    slot.isOpened = true
    const failure = (code: string, message: string) => {
      const NativeError = errorClassOf(native)
      return new NativeError(message, code)
    }
    const inTransaction = () => native.inTransaction
    const database: NativeDatabase = new NativeDatabase({
      native,
      name: String(given),
      readonly: how.readOnly,
      hosts,
      line: this.#lineOf({ driver: how.driver, failure, inTransaction, maker, slot }),
      others: () => slot.connections.size > 0,
      closed: (connection) => void slot.connections.delete(connection),
    })
    slot.connections.add(database)
    return database
  }

  receive(_: Reply, source: object, attached: unknown, __: How, { make, copy }: NativeParts): object {
    const { slot } = this.#use(nativeMaker(copy, make)).tenant
    this.#exists = true
    const taken = (slot.engine as NativeEngine).copyOf(source as Native, String(attached))
    putBack(taken, slot.engine)
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

  #lineOf({ driver, failure, inTransaction, maker, slot }: Seat): Line {
    const { tap, path, shown } = this.#parts
    return {
      tap,
      driver,
      path,
      failure,
      enter(embedded) {
        if (embedded instanceof SqliteDatabase) embedded.#enter(slot, maker, inTransaction)
      },
      stale: (reply, text, why) => reply.limited(staleConnection(driver, text, shown, why)),
      get inTransaction() {
        return inTransaction()
      },
    }
  }

  /** Is where a connection leads. @throws Error where it cannot be */
  #enter(slot: Slot, maker: Maker, inTransaction: () => boolean): void {
    const { tenant } = this.#use(maker)
    if (slot.tenant === tenant) return
    if (inTransaction()) throw new Error('a transaction is open on it')
    tenant.moveIn(slot)
    slot.isOpened = true
  }

  /** @throws what the set-up threw, or Error while it is not done */
  #use(maker: Maker): Held {
    if (this.#failed !== undefined) throw this.#failed
    const held = this.#held.get(maker.key) ?? this.#hold(maker)
    this.#current = held
    this.#kind = held.name
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

  #hold({ key, make }: Maker): Held {
    const engine = make(this.#image)
    const held: Held = {
      name: engine.name,
      tenant: new Tenant(engine),
      waiting: undefined,
      failed: undefined,
      backup: undefined,
    }
    // What the library makes is of the copy of SQLite that its addon is.
    this.#held.set(engine instanceof NativeEngine ? Object.getPrototypeOf(engine.native) : key, held)
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

  #copyOf({ tenant }: Held): Connection {
    const { engine } = tenant.slot
    if (engine.inTransaction)
      throw new Error('a transaction is open on the database: it cannot be copied before its end')
    return engine.copy()
  }
}
