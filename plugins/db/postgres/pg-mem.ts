/** pg-mem as an engine: an imitation of Postgres in JavaScript, which is there at once. */
import { type Column, Declared, type Node, paramTypes, resultColumns } from './declared.ts'
import type { Engine, Line, Result, Run, Shape } from './engine.ts'
import { Failure, Limit } from './failure.ts'
import { failureOf } from './pg-mem-failures.ts'
import { PgMemLine } from './pg-mem-line.ts'
import { besideIndices, literal, substitute } from './pg-mem-values.ts'
import { type Clock, type Holder, Store, type Transaction } from './transactions.ts'
import { arrayOf, cellOf, elementOf, OID, printed, sizeOf, textOf } from './types.ts'
import { type Field, formatAt } from './wire.ts'

/** What is used of the package. */
interface Package {
  newDb(options?: object): PgMem
  readonly DataType: Readonly<Record<string, unknown>>
}

interface Type {
  readonly primary: string
  readonly of?: Type
}

interface Prepared {
  readonly lastStmt?: {
    readonly selection?: { readonly columns: readonly { readonly id?: string; readonly type: Type }[] }
  }
  bind(): { executeAll(): Executed }
}

interface Executed {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly rowCount: number
  readonly command: string
  readonly fields: readonly { readonly name: string }[]
}

interface Schema {
  parse(sql: string): Node[]
  prepare(statements: readonly Node[]): Prepared
  registerFunction(definition: object): void
}

export interface PgMem extends Holder {
  readonly public: Schema
  readonly schemaVersion: number
}

/** What is in a result, before it is put into the words of the wire. */
interface Columns {
  readonly fields: readonly Field[]
  readonly scales: readonly (number | undefined)[]
}

const OIDS: Readonly<Record<string, number>> = {
  integer: OID.int4,
  bigint: OID.int8,
  float: OID.float8,
  decimal: OID.numeric,
  bool: OID.bool,
  text: OID.text,
  timestamptz: OID.timestamptz,
  timestamp: OID.timestamp,
  date: OID.date,
  time: OID.time,
  interval: OID.interval,
  uuid: OID.uuid,
  json: OID.json,
  jsonb: OID.jsonb,
  bytea: OID.bytea,
}

/** Of types, as statements have them. */
const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(OIDS).map(([name, oid]) => [oid, name]),
)

const OF_ARRAY = /\b(?:any|some|all)\b/i
const MOST_KEPT = 500
const NEVER = new Promise<void>(() => {})

export class PgMemEngine implements Engine {
  readonly name = 'pg-mem'
  /** pg-mem's own object, for those who set it up by hand. */
  readonly db: PgMem
  readonly #store: Store
  readonly #declared = new Declared()
  /** By their text. A statement is parsed once. */
  readonly #parsed = new Map<string, Node[]>()
  readonly #shapes = new Map<string, Shape>()

  constructor(pgMem: object, clock: Clock) {
    const { newDb, DataType } = pgMem as Package
    this.db = newDb({ noErrorDiagnostic: true, autoCreateForeignKeyIndices: true })
    this.#store = new Store(this.db, clock)
    registerAsked(this.db.public, DataType)
  }

  open(): Line {
    return new PgMemLine(this, this.#store)
  }

  async backup(): Promise<() => Promise<void>> {
    const version = this.db.schemaVersion
    const state = this.#store.snapshot()
    return async () => {
      if (this.db.schemaVersion !== version)
        throw new Failure('0A000', 'pg-mem cannot put back a database whose schema has changed since the backup')
      this.#store.restore(state)
    }
  }

  async close(): Promise<void> {}

  /** Parsed; @throws Limit */
  parse(sql: string): Node[] {
    const known = this.#parsed.get(sql)
    if (known !== undefined) return known
    const statements = guarded(sql, () => this.db.public.parse(`${sql};`))
    if (this.#parsed.size >= MOST_KEPT) this.#parsed.clear()
    this.#parsed.set(sql, statements)
    return statements
  }

  /** OIDs of the parameters of a statement. @throws Limit */
  params(sql: string, given: readonly number[]): number[] {
    const [statement] = this.parse(sql)
    return statement === undefined ? [] : this.#types(statement, given)
  }

  async describe(sql: string, given: readonly number[], transaction: Transaction | undefined): Promise<Shape> {
    const key = `${this.db.schemaVersion} ${given.join()} ${sql}`
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    const [statement] = this.parse(sql)
    if (statement === undefined) return { params: [], fields: undefined }
    const params = this.#types(statement, given)
    if (isSchema(statement)) return { params, fields: undefined }
    const shape = await this.#store.run(transaction, false, NEVER, () =>
      guarded(sql, () => {
        const nulls = substitute(
          statement,
          // `any($1)` takes an array, also before there is one.
          params.map((type) => (elementOf(type) === undefined ? { type: 'null' } : { type: 'string', value: '{}' })),
        ) as Node
        return { params, fields: this.#columns(statement, this.db.public.prepare([nulls]))?.fields }
      }),
    )
    if (this.#shapes.size >= MOST_KEPT) this.#shapes.clear()
    this.#shapes.set(key, shape)
    return shape
  }

  run(
    { sql, types, params, formats, results }: Run,
    transaction: Transaction | undefined,
    cancelled: Promise<void>,
  ): Promise<Result> {
    const [statement] = this.parse(sql)
    if (statement === undefined) return Promise.resolve({ fields: undefined, rows: [], tag: '' })
    // Its placeholders are not those of a statement that is run.
    if (statement.type === 'prepare') throw new Limit(sql, 'PREPARE is not supported')
    const known = this.#types(statement, types)
    if (params.length < known.length)
      throw new Failure(
        '08P01',
        `bind message supplies ${params.length} parameters, but the statement requires ${known.length}`,
      )
    const values = params.map((cell, at) => constantOf(textOf(cell, formatAt(formats, at), known[at] ?? 0), known[at]))
    const execute = () => {
      const whole = values.length === 0 ? statement : (substitute(statement, values) as Node)
      const bound = OF_ARRAY.test(sql) ? (besideIndices(whole) as Node) : whole
      const prepared = this.db.public.prepare([bound])
      const executed = prepared.bind().executeAll()
      const columns = this.#columns(statement, prepared)
      const rows =
        columns === undefined
          ? []
          : executed.rows.map((row) => {
              return columns.fields.map(({ type }, at) => {
                const value = row[executed.fields[at]?.name ?? '']
                return cellOf(printed(value, type, columns.scales[at]), formatAt(results, at), type)
              })
            })
      if (isSchema(statement)) this.#declared.learn(statement)
      return { fields: columns?.fields, rows, tag: tagOf(statement, executed) }
    }
    return this.#store.run(transaction, isSchema(statement), cancelled, () => guarded(sql, execute))
  }

  /** What the client says, else what stands beside the parameter. */
  #types(statement: Node, given: readonly number[]): number[] {
    return paramTypes(statement, this.#declared).map((type, at) => given[at] || type || OID.text)
  }

  #columns(statement: Node, { lastStmt }: Prepared): Columns | undefined {
    const columns = lastStmt?.selection?.columns
    if (columns === undefined || (!isQuery(statement) && statement.returning === undefined)) return undefined
    const declared = resultColumns(statement, this.#declared)
    const known = declared.length === columns.length ? declared : []
    const fields = columns.map(({ id, type }, at): Field => {
      const column = known[at] ?? { type: oidOf(type), modifier: -1 }
      return { name: id ?? '?column?', type: column.type, size: sizeOf(column.type), modifier: column.modifier }
    })
    return { fields, scales: columns.map((_, at) => (known[at] as Column | undefined)?.scale) }
  }
}

/** @throws Failure for what no text of Postgres has */
function constantOf(text: string | null, type = 0): Node {
  if (text?.includes('\0')) throw new Failure('22021', 'invalid byte sequence for encoding "UTF8": 0x00')
  const element = elementOf(type)
  return literal(text, element === undefined ? undefined : (NAMES[element] ?? 'text'))
}

function guarded<T>(sql: string, fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    throw failureOf(error, sql)
  }
}

function oidOf({ primary, of }: Type): number {
  return primary === 'array' ? arrayOf(of === undefined ? OID.text : oidOf(of)) : (OIDS[primary] ?? OID.text)
}

const QUERIES = ['select', 'union', 'union all', 'values', 'with', 'with recursive', 'show']
const isQuery = ({ type }: Node) => QUERIES.includes(String(type))
const isSchema = ({ type }: Node) => /^(?:create|alter|drop|comment|do$|refresh)/.test(String(type))

function tagOf(statement: Node, { rowCount, rows }: Executed): string {
  const type = String(statement.type)
  if (type === 'insert') return `INSERT 0 ${rowCount}`
  if (type === 'update' || type === 'delete') return `${type.toUpperCase()} ${rowCount}`
  if (isQuery(statement)) return `SELECT ${rows.length}`
  return (type === 'create enum' ? 'create type' : type).toUpperCase()
}

/** Functions that drivers and schemas ask for, and pg-mem leaves to its users. */
function registerAsked(schema: Schema, types: Readonly<Record<string, unknown>>): void {
  const register = (name: string, returns: unknown, implementation: () => unknown) =>
    schema.registerFunction({ name, args: [], returns, implementation, impure: true })
  register('version', types.text, () => 'PostgreSQL 16.4 (pg-mem)')
  register('gen_random_uuid', types.uuid, () => globalThis.crypto.randomUUID())
}
