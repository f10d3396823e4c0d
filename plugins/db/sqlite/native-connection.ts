/** A connection of better-sqlite3 to a database in memory: what its library takes for the addon's object. */
import { execute, type Line, prepare, StatementHost } from './host.ts'
import type { Native, NativeStatement } from './native-engine.ts'
import type { Fn, Hosts } from './seam.ts'

export interface Opened {
  readonly native: Native
  /** The file, as it was given. */
  readonly name: string
  readonly readonly: boolean
  readonly hosts: Hosts
  readonly line: Line
  /** Whether others have it open. */
  readonly others: () => boolean
  readonly closed: (connection: object) => void
}

export class NativeDatabase {
  readonly name: string
  readonly readonly: boolean
  readonly memory = false
  open = true
  readonly #opened: Opened
  #safeIntegers = false

  constructor(opened: Opened) {
    this.#opened = opened
    this.name = opened.name
    this.readonly = opened.readonly
  }

  get inTransaction(): boolean {
    return this.open && this.#opened.native.inTransaction
  }

  prepare(sql: string, owner: object, isPragma: boolean, isExplain: boolean): object {
    const { native, line, hosts } = this.needOpen()
    const statement = prepare(
      line,
      sql,
      () => native.prepare(sql, owner, isPragma, isExplain) as NativeStatement & object,
    )
    if (this.#safeIntegers) statement.safeIntegers(true)
    hosts.set(statement, new NativeStatementHost(line, sql, this, statement))
    return statement
  }

  exec(sql: string): void {
    const { line } = this.needOpen()
    execute(line, sql, sql, (statement) => this.attempt(statement))
  }

  attempt(statement: string): void {
    const { native } = this.needOpen()
    this.guarded(() => native.exec(statement))
  }

  /** Runs what may write; where this connection may not, SQLite itself says so. */
  guarded<T>(run: () => T): T {
    const { native } = this.needOpen()
    if (!this.readonly) return run()
    native.exec('pragma query_only = on')
    try {
      return run()
    } finally {
      native.exec('pragma query_only = off')
    }
  }

  close(): void {
    const { native, others, closed } = this.#opened
    if (!this.open) return
    closed(this)
    // As SQLite does with what is not committed.
    if (native.inTransaction && !others()) native.exec('rollback')
    this.open = false
  }

  defaultSafeIntegers(...args: unknown[]): void {
    const [toggle = true] = args
    this.needOpen()
    this.#safeIntegers = toggle === true
  }

  serialize(attached: string): Uint8Array {
    return this.needOpen().native.serialize(attached)
  }

  backup(...args: unknown[]): object {
    return this.needOpen().native.backup(...args)
  }

  function(...args: unknown[]): void {
    this.needOpen().native.function(...args)
  }

  aggregate(...args: unknown[]): void {
    this.needOpen().native.aggregate(...args)
  }

  table(...args: unknown[]): void {
    this.needOpen().native.table(...args)
  }

  loadExtension(...args: unknown[]): void {
    this.needOpen().native.loadExtension(...args)
  }

  unsafeMode(...args: unknown[]): void {
    this.needOpen().native.unsafeMode(...args)
  }

  needOpen(): Opened {
    if (!this.open) throw new TypeError('The database connection is not open')
    return this.#opened
  }
}

/** A statement, which lives as long as its connection, and may do what that may. */
class NativeStatementHost extends StatementHost {
  readonly #database: NativeDatabase
  readonly #statement: NativeStatement

  constructor(line: Line, text: string, database: NativeDatabase, statement: NativeStatement) {
    super(line, text)
    this.#database = database
    this.#statement = statement
  }

  override call(self: object, method: string, original: Fn, args: unknown[], given: readonly unknown[]): unknown {
    const mayRun = this.#statement.readonly || !this.#database.readonly
    const guarded: Fn = (...passed) => {
      this.#database.needOpen()
      if (mayRun) return Reflect.apply(original, self, passed)
      // It fails, and at once: an iterator would fail at its first step.
      if (method === 'iterate') this.#database.attempt(this.text)
      return this.#database.guarded(() => Reflect.apply(original, self, passed))
    }
    return super.call(self, method, guarded, args, given)
  }
}
