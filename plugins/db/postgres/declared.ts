/**
 * Types as they were declared. pg-mem keeps one type for all whole numbers and one for all others, so what `create table` said is kept
 * here, for columns in results (`bigint` is text to drivers, `numeric(10,2)` has two digits) and for parameters that stand beside them.
 */
import { arrayOf, OID } from './types.ts'

/** A column as it was declared. */
export interface Column {
  /** OID */
  readonly type: number
  /** Digits after the point, of a numeric that has them. */
  readonly scale?: number | undefined
  /** As the wire has it, −1 for none. */
  readonly modifier: number
}

/** Whatever the parser gave: a tree of plain objects. */
export interface Node {
  readonly type?: string
  readonly [key: string]: unknown
}

const NAMES: Readonly<Record<string, number>> = {
  smallint: OID.int2,
  int2: OID.int2,
  smallserial: OID.int2,
  int: OID.int4,
  int4: OID.int4,
  integer: OID.int4,
  serial: OID.int4,
  bigint: OID.int8,
  int8: OID.int8,
  bigserial: OID.int8,
  numeric: OID.numeric,
  decimal: OID.numeric,
  money: OID.numeric,
  real: OID.float4,
  float4: OID.float4,
  float: OID.float8,
  float8: OID.float8,
  'double precision': OID.float8,
  bool: OID.bool,
  boolean: OID.bool,
  text: OID.text,
  varchar: OID.varchar,
  'character varying': OID.varchar,
  char: OID.bpchar,
  character: OID.bpchar,
  bytea: OID.bytea,
  date: OID.date,
  time: OID.time,
  'time without time zone': OID.time,
  timestamp: OID.timestamp,
  'timestamp without time zone': OID.timestamp,
  timestamptz: OID.timestamptz,
  'timestamp with time zone': OID.timestamptz,
  interval: OID.interval,
  json: OID.json,
  jsonb: OID.jsonb,
  uuid: OID.uuid,
}

/** A type as SQL writes it. */
export function columnOf(type: unknown): Column {
  const { name = '', config, kind, arrayOf: of } = (type ?? {}) as Record<string, unknown>
  if (kind === 'array') return { type: arrayOf(columnOf(of).type), modifier: -1 }
  const oid = NAMES[String(name).toLowerCase()] ?? OID.text
  const [first, second = 0] = (config as number[] | undefined) ?? []
  if (first === undefined) return { type: oid, modifier: -1 }
  if (oid === OID.numeric) return { type: oid, scale: second, modifier: ((first << 16) | second) + 4 }
  return { type: oid, modifier: oid === OID.varchar || oid === OID.bpchar ? first + 4 : -1 }
}

type Table = Map<string, Column>

/** Every table that a schema declared. */
export class Declared {
  readonly #tables = new Map<string, Table>()

  /** Takes in a statement that was run. */
  learn(statement: Node): void {
    if (statement.type === 'create table') this.#create(statement)
    else if (statement.type === 'alter table') this.#alter(statement)
    else if (statement.type === 'drop table')
      for (const name of (statement.names as Node[] | undefined) ?? []) this.#tables.delete(nameOf(name))
  }

  table(name: unknown): Table | undefined {
    return this.#tables.get(nameOf(name))
  }

  #create(statement: Node): void {
    const name = nameOf(statement.name)
    if (statement.ifNotExists && this.#tables.has(name)) return
    const columns: Table = new Map()
    for (const column of statement.columns as Node[])
      if (column.kind === 'column') columns.set(nameOf(column.name), columnOf(column.dataType))
    this.#tables.set(name, columns)
  }

  #alter(statement: Node): void {
    const name = nameOf(statement.table)
    const table = this.#tables.get(name)
    for (const change of (statement.changes as Node[] | undefined) ?? []) {
      if (change.type === 'rename') {
        if (table) this.#tables.set(nameOf(change.to), table)
        this.#tables.delete(name)
      }
      if (table === undefined) continue
      const column = nameOf(change.column)
      if (change.type === 'add column') {
        const { name: added, dataType } = change.column as Node
        table.set(nameOf(added), columnOf(dataType))
      }
      if (change.type === 'drop column') table.delete(column)
      if (change.type === 'rename column') rename(table, column, nameOf(change.to))
      const alter = change.alter as Node | undefined
      if (change.type === 'alter column' && alter?.type === 'set type') table.set(column, columnOf(alter.dataType))
    }
  }
}

/** In its place: what `*` gives goes by the order. */
function rename(table: Table, from: string, to: string): void {
  const columns = [...table]
  table.clear()
  for (const [name, column] of columns) table.set(name === from ? to : name, column)
}

function nameOf(name: unknown): string {
  return typeof name === 'string' ? name : String((name as { name?: unknown } | undefined)?.name ?? '')
}

/** What the names of a statement stand for. */
export class Scope {
  /** By alias, in the order of the statement. */
  readonly #tables = new Map<string, Table | undefined>()

  constructor(statement: Node, declared: Declared) {
    const from = [statement.from, statement.into, statement.table].flat().filter(Boolean) as Node[]
    for (const each of from) {
      const name = each.type === 'table' ? (each.name as Node) : each
      const table = each.type === undefined || each.type === 'table' ? declared.table(name) : undefined
      this.#tables.set(String(name.alias ?? nameOf(name)), table)
    }
  }

  /** The column that an expression is, or that decides its type. */
  column(expression: unknown): Column | undefined {
    const { type, name, table, to, function: called, args } = (expression ?? {}) as Node
    if (type === 'cast') return columnOf(to)
    if (type === 'call') return this.#call(nameOf(called).toLowerCase(), (args as unknown[] | undefined) ?? [])
    if (type !== 'ref') return undefined
    const tables = table === undefined ? [...this.#tables.values()] : [this.#tables.get(nameOf(table))]
    return tables.find((each) => each?.has(String(name)))?.get(String(name))
  }

  #call(name: string, args: readonly unknown[]): Column | undefined {
    const column = this.column(args[0])
    if (name === 'min' || name === 'max') return column
    if (name === 'count') return { type: OID.int8, modifier: -1 }
    if (column === undefined || (name !== 'sum' && name !== 'avg')) return undefined
    const isFloat = column.type === OID.float4 || column.type === OID.float8
    if (isFloat) return { type: OID.float8, modifier: -1 }
    const isInt = column.type === OID.int2 || column.type === OID.int4
    return name === 'sum' && isInt
      ? { type: OID.int8, modifier: -1 }
      : { type: OID.numeric, scale: column.scale, modifier: -1 }
  }

  /** The columns that a list of results has; undefined for those that are nobody's. */
  columns(list: readonly Node[]): (Column | undefined)[] {
    return list.flatMap(({ expr }) => {
      const { type, name, table } = (expr ?? {}) as Node
      if (type !== 'ref' || name !== '*') return [this.column(expr)]
      const tables = table === undefined ? [...this.#tables.values()] : [this.#tables.get(nameOf(table))]
      return tables.flatMap((each) => (each === undefined ? [] : [...each.values()]))
    })
  }
}

/** The declared types of a statement's results, in their order. */
export function resultColumns(statement: Node, declared: Declared): readonly (Column | undefined)[] {
  const list = statement.type === 'select' ? statement.columns : statement.returning
  return Array.isArray(list) ? new Scope(statement, declared).columns(list) : []
}

/** The types of a statement's parameters as far as what stands beside them tells; 0 for the others. */
export function paramTypes(statement: Node, declared: Declared): number[] {
  const types: number[] = []
  const note = (node: unknown, column: Column | undefined) => {
    const { type, name } = (node ?? {}) as Node
    if (type !== 'parameter') return
    const at = Number(String(name).slice(1)) - 1
    types[at] = types[at] || (column?.type ?? 0)
  }
  const walk = (node: unknown, scope: Scope): void => {
    if (Array.isArray(node)) for (const each of node) walk(each, scope)
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return
    const each = node as Node
    const inner = ['select', 'insert', 'update', 'delete'].includes(String(each.type))
      ? new Scope(each, declared)
      : scope
    if (each.type === 'insert') noteInsert(each, declared, note)
    if (each.type === 'update')
      for (const { column, value } of each.sets as Node[])
        note(value, inner.column({ type: 'ref', name: nameOf(column) }))
    if (each.type === 'binary') noteBinary(each, inner, note)
    if (each.type === 'ternary') for (const end of [each.lo, each.hi]) note(end, inner.column(each.value))
    if (each.type === 'cast') note(each.operand, columnOf(each.to))
    if (each.type === 'select')
      for (const end of Object.values((each.limit as Node | undefined) ?? {}))
        note(end, { type: OID.int8, modifier: -1 })
    if (each.type === 'parameter') note(each, undefined)
    for (const value of Object.values(each)) walk(value, inner)
  }
  walk(statement, new Scope(statement, declared))
  return Array.from(types, (type) => type ?? 0)
}

type Note = (node: unknown, column: Column | undefined) => void

function noteInsert(statement: Node, declared: Declared, note: Note): void {
  const table = declared.table(statement.into)
  const { type, values } = statement.insert as Node
  if (table === undefined || type !== 'values') return
  const names = (statement.columns as Node[] | undefined)?.map(nameOf) ?? [...table.keys()]
  for (const row of values as unknown[][])
    row.forEach((value, at) => {
      note(value, table.get(names[at] ?? ''))
    })
}

function noteBinary({ left, right, op }: Node, scope: Scope, note: Note): void {
  // What stands beside these says nothing of the type.
  if (/->|\?|@>|<@|\|\|/.test(String(op))) return
  note(left, scope.column(right))
  note(right, scope.column(left))
  const { type, expressions, function: called, args } = (right ?? {}) as Node
  if (type === 'list') for (const each of expressions as unknown[]) note(each, scope.column(left))
  const column = scope.column(left)
  if (type === 'call' && nameOf(called) === 'any' && column)
    note((args as unknown[])[0], { type: arrayOf(column.type), modifier: -1 })
}
