import { foldStatement, verbOf } from '../statements.ts'
import type { Line, Result, Run, Shape, Status } from './engine.ts'
import { abortedFailure, Failure } from './failure.ts'
import type { PgMemEngine } from './pg-mem.ts'
import type { Store, Transaction } from './transactions.ts'
import { ARRAYS, cellOf, OID, sizeOf } from './types.ts'
import { type Format, formatAt } from './wire.ts'

/** What clients set and nothing of the engine goes by; or that are as it is. */
const HARMLESS =
  /^set (?:session |local )?(?:client_encoding|application_name|client_min_messages|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|extra_float_digits|standard_conforming_strings|bytea_output|search_path (?:to|=) "?public"?$|datestyle (?:to|=) '?iso|intervalstyle (?:to|=) '?postgres|(?:time zone|timezone (?:to|=)) '?(?:utc|etc\/utc)|names '?utf-?8|transaction|characteristics as transaction)/i

const SHOWN: Readonly<Record<string, string>> = {
  server_version: '16.4',
  server_version_num: '160004',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  timezone: 'UTC',
  'time zone': 'UTC',
  search_path: 'public',
  standard_conforming_strings: 'on',
  transaction_isolation: 'read committed',
  'transaction isolation level': 'read committed',
}

/** What postgres.js asks before its first statement; pg-mem's catalogue is empty. */
const TYPES_OF_ARRAYS = /^select b\.oid, b\.typarray from pg_catalog\.pg_type a\b/i

const done = (tag: string): Result => ({ fields: undefined, rows: [], tag })

/** A session on pg-mem. What steers it is done here, all else by the engine. */
export class PgMemLine implements Line {
  readonly #engine: PgMemEngine
  readonly #store: Store
  #transaction: Transaction | undefined
  #failed = false
  /** Whether the schema changed in the transaction, which pg-mem does not take back. */
  #lasting = false

  constructor(engine: PgMemEngine, store: Store) {
    this.#engine = engine
    this.#store = store
  }

  get status(): Status {
    return this.#failed ? 'E' : this.#transaction === undefined ? 'I' : 'T'
  }

  async params(sql: string, types: readonly number[]): Promise<readonly number[]> {
    return this.#engine.params(sql, types)
  }

  async describe(sql: string, types: readonly number[]): Promise<Shape> {
    this.#refuseFailed(sql)
    const folded = foldStatement(sql)
    if (shownBy(folded) !== undefined) return { params: [], fields: [shownField(folded)] }
    if (TYPES_OF_ARRAYS.test(folded)) return { params: [], fields: arrays([]).fields }
    if (this.#isSteering(folded)) return { params: [], fields: undefined }
    return await this.#engine.describe(sql, types, this.#transaction)
  }

  async run(statement: Run, cancelled: Promise<void>): Promise<Result> {
    this.#refuseFailed(statement.sql)
    const folded = foldStatement(statement.sql)
    try {
      const steered = TYPES_OF_ARRAYS.test(folded) ? arrays(statement.results) : this.#steer(folded)
      if (steered !== undefined) return steered
      const result = await this.#engine.run(statement, this.#transaction, cancelled)
      if (this.#transaction && /^(?:create|alter|drop)\b/i.test(folded)) this.#lasting = true
      return result
    } catch (error) {
      if (this.#transaction !== undefined) this.#failed = true
      throw error
    }
  }

  async fail(): Promise<void> {
    this.#failed = this.#transaction !== undefined
  }

  async end(): Promise<void> {
    this.#close('rollback')
  }

  #refuseFailed(sql: string): void {
    if (this.#failed && !/^(?:rollback|abort|commit|end)$/.test(verbOf(sql))) throw abortedFailure()
  }

  #isSteering(folded: string): boolean {
    return (
      /^(?:begin|start|commit|end|rollback|abort|savepoint|release|reset|discard|deallocate)\b/i.test(folded) ||
      HARMLESS.test(folded)
    )
  }

  #steer(folded: string): Result | undefined {
    const to = /^rollback (?:work |transaction )?to (?:savepoint )?(.+)$/i.exec(folded)?.[1]
    if (to !== undefined) {
      this.#store.rollbackTo(this.#needed('ROLLBACK TO SAVEPOINT'), nameOf(to))
      this.#failed = false
      return done('ROLLBACK')
    }
    switch (verbOf(folded)) {
      case 'begin':
      case 'start':
        return this.#begin(folded)
      case 'commit':
      case 'end':
        return this.#close(this.#failed ? 'rollback' : 'commit')
      case 'rollback':
      case 'abort':
        return this.#close('rollback')
      case 'savepoint':
        this.#store.savepoint(this.#needed('SAVEPOINT'), nameOf(folded.slice('savepoint '.length)))
        return done('SAVEPOINT')
      case 'release':
        this.#store.release(this.#needed('RELEASE SAVEPOINT'), nameOf(folded.replace(/^release (?:savepoint )?/i, '')))
        return done('RELEASE')
      case 'set':
        return HARMLESS.test(folded) ? done('SET') : undefined
      case 'reset':
      case 'deallocate':
        return done(verbOf(folded).toUpperCase())
      case 'discard':
        return done('DISCARD ALL')
      case 'show':
        return shown(folded)
      default:
        return undefined
    }
  }

  #begin(folded: string): Result {
    const notices = this.#transaction && [warning('25001', 'there is already a transaction in progress')]
    this.#transaction ??= this.#store.begin()
    const tag = /^start/i.test(folded) ? 'START TRANSACTION' : 'BEGIN'
    return { ...done(tag), ...(notices && { notices }) }
  }

  #close(how: 'commit' | 'rollback'): Result {
    const transaction = this.#transaction
    const tag = how.toUpperCase()
    if (transaction === undefined)
      return { ...done(tag), notices: [warning('25P01', 'there is no transaction in progress')] }
    const lasts = how === 'rollback' && this.#lasting
    this.#transaction = undefined
    this.#failed = false
    this.#lasting = false
    this.#store[how](transaction)
    if (!lasts) return done(tag)
    return { ...done(tag), notices: [warning('0A000', 'pg-mem did not take back the changes of the schema')] }
  }

  #needed(what: string): Transaction {
    if (this.#transaction === undefined) throw new Failure('25P01', `${what} can only be used in transaction blocks`)
    return this.#transaction
  }
}

const warning = (code: string, message: string) => ({ severity: 'WARNING', code, message })

/** A name as the catalogue has it: in lower case, unless it is quoted. */
function nameOf(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase()
}

function arrays(results: readonly Format[]): Result {
  const fields = ['oid', 'typarray'].map((name) => ({ name, type: OID.oid, size: 4, modifier: -1 }))
  const rows = Object.entries(ARRAYS).map((pair) =>
    pair.map((oid, at) => cellOf(String(oid), formatAt(results, at), OID.oid)),
  )
  return { fields, rows, tag: `SELECT ${rows.length}` }
}

function shownBy(folded: string): string | undefined {
  return /^show (.+)$/i.exec(folded)?.[1]?.toLowerCase()
}

function shownField(folded: string) {
  const name = (shownBy(folded) ?? '').replace(/ isolation level$/, '_isolation').replace('time zone', 'TimeZone')
  return { name, type: OID.text, size: sizeOf(OID.text), modifier: -1 }
}

function shown(folded: string): Result {
  const name = shownBy(folded) ?? ''
  const value = SHOWN[name]
  if (value === undefined) throw new Failure('42704', `unrecognized configuration parameter "${name}"`)
  return { fields: [shownField(folded)], rows: [[Buffer.from(value)]], tag: 'SHOW' }
}
