/** Values as a test writes and reads them. */
import { OID, printed, readableOf, textOf } from './types.ts'
import { type Cell, type Field, type Format, formatAt } from './wire.ts'

/** A value of JavaScript as a parameter, in text. */
export function cellOfValue(value: unknown): Cell {
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
  const isBytes = ArrayBuffer.isView(value)
  const isDate = Object.prototype.toString.call(value) === '[object Date]'
  const text = printed(value, isDate ? OID.timestamptz : isPlain && !isBytes ? OID.jsonb : OID.text)
  return text === null ? null : Buffer.from(text)
}

/** A row as an object, by the names of its columns. */
export function readableRow(
  fields: readonly Field[],
  row: readonly Cell[],
  formats: readonly Format[] = [],
): Record<string, unknown> {
  const entries = fields.map(({ name, type }, at): [string, unknown] => [
    name,
    readableOf(textOf(row[at] ?? null, formatAt(formats, at), type), type),
  ])
  return Object.fromEntries(entries)
}

/** The type of a value that a script gives, as drivers are to read it. */
export function typeOfValue(value: unknown): number {
  if (typeof value === 'boolean') return OID.bool
  if (typeof value === 'bigint') return OID.int8
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? OID.int4 : OID.float8
  if (Object.prototype.toString.call(value) === '[object Date]') return OID.timestamptz
  if (ArrayBuffer.isView(value)) return OID.bytea
  return typeof value === 'object' && value !== null ? OID.jsonb : OID.text
}
