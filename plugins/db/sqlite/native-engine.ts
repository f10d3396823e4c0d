/**
 * A database of better-sqlite3 in memory. Its SQLite is built without the means to open one twice (no URIs, no shared cache), so each connection
 * to it is an object of ours (`native-connection.ts`) over this one.
 */
import type { Connection, Engine, Image, Row } from './engine.ts'

export interface NativeStatement {
  readonly reader: boolean
  readonly readonly: boolean
  safeIntegers(on: boolean): this
  run(...params: unknown[]): unknown
  all(...params: unknown[]): unknown[]
}

/** What the addon gives for a database (better-sqlite3 12 and 13); the library wraps it. */
export interface Native {
  readonly inTransaction: boolean
  prepare(sql: string, owner: object, isPragma: boolean, isExplain?: boolean): NativeStatement
  exec(sql: string): void
  serialize(attached: string): Uint8Array
  close(): void
  function(...args: unknown[]): void
  aggregate(...args: unknown[]): void
  table(...args: unknown[]): void
  loadExtension(...args: unknown[]): void
  unsafeMode(...args: unknown[]): void
  backup(...args: unknown[]): object
}

/** Makes one, as the library does. */
export type MakeNative = (...args: unknown[]) => object

/** `(file, as it was given, whether it is in memory, read only, has to be there, timeout, verbose, bytes, descriptor, descriptor of the journal)` */
export function makeNative(make: MakeNative, bytes?: Uint8Array): Native {
  const image = bytes !== undefined && bytes.length > 0 ? Buffer.from(bytes) : null
  const native = make(':memory:', ':memory:', true, false, false, 5000, null, image, null, null) as Native
  // It would put what is temporary, and too much for its cache, on the disk.
  native.exec('pragma temp_store = memory')
  return native
}

class NativeConnection implements Connection {
  readonly name = 'better-sqlite3'
  readonly native: Native

  constructor(native: Native) {
    this.native = native
  }

  get inTransaction(): boolean {
    return this.native.inTransaction
  }

  exec(sql: string): void {
    this.native.exec(sql)
  }

  all(sql: string, params: readonly unknown[] = [], exact = false): Row[] {
    const statement = this.native.prepare(sql, this, false, false)
    if (statement.reader) return statement.safeIntegers(exact).all(...params) as Row[]
    statement.run(...params)
    return []
  }

  close(): void {
    this.native.close()
  }
}

export class NativeEngine extends NativeConnection implements Engine {
  readonly #make: MakeNative
  readonly #db: object | undefined

  /** @param db the library's object over the native one */
  constructor(native: Native, make: MakeNative, db?: object) {
    super(native)
    this.#make = make
    this.#db = db
  }

  get db(): object {
    return this.#db ?? this.native
  }

  copy(): NativeConnection {
    return new NativeConnection(makeNative(this.#make, this.native.serialize('main')))
  }

  /** A copy of what another one holds. */
  copyOf(source: Native, attached: string): NativeConnection {
    return new NativeConnection(makeNative(this.#make, source.serialize(attached)))
  }
}

/** With an object of the library over it. */
export function byLibrary(Library: new (file: unknown) => object, image: Image | undefined): NativeEngine {
  const db = new Library(image === undefined ? ':memory:' : Buffer.from(image.bytes))
  const native = Object.getOwnPropertySymbols(db)
    .map((symbol) => (db as Record<symbol, unknown>)[symbol])
    .find((value) => typeof (value as Partial<Native> | undefined)?.prepare === 'function') as Native
  native.exec('pragma temp_store = memory')
  const { constructor: Native } = native as unknown as { constructor: new (...args: unknown[]) => object }
  return new NativeEngine(native, (...args) => new Native(...args), db)
}
