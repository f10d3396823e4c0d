/** Types by OID, and their values on the wire: as text, or binary where a client asks for that. */
import { Failure } from './failure.ts'
import type { Cell, Format } from './wire.ts'

export const OID = {
  bool: 16,
  bytea: 17,
  char: 18,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const

/** The array of each. */
export const ARRAYS: Readonly<Record<number, number>> = {
  16: 1000,
  17: 1001,
  20: 1016,
  21: 1005,
  23: 1007,
  25: 1009,
  114: 199,
  700: 1021,
  701: 1022,
  1042: 1014,
  1043: 1015,
  1082: 1182,
  1083: 1183,
  1114: 1115,
  1184: 1185,
  1700: 1231,
  2950: 2951,
  3802: 3807,
}
const ELEMENTS: Readonly<Record<number, number>> = Object.fromEntries(
  Object.entries(ARRAYS).map(([element, array]) => [array, Number(element)]),
)

export const arrayOf = (element: number): number => ARRAYS[element] ?? ARRAYS[OID.text] ?? 0
export const elementOf = (array: number): number | undefined => ELEMENTS[array]

const SIZES: Readonly<Record<number, number>> = {
  16: 1,
  20: 8,
  21: 2,
  23: 4,
  26: 4,
  700: 4,
  701: 8,
  1082: 4,
  1083: 8,
  1114: 8,
  1184: 8,
  1186: 16,
  2950: 16,
}

/** Bytes of a value of a type, −1 where that varies. */
export const sizeOf = (type: number): number => SIZES[type] ?? -1

/** Microseconds and days count from 2000-01-01. */
const EPOCH = Date.UTC(2000, 0, 1)
const DAY = 86_400_000

/** A parameter as text, as Postgres would print it; null for NULL. */
export function textOf(cell: Cell, format: Format, type: number): string | null {
  if (cell === null) return null
  if (format === 0) return cell.toString()
  switch (type) {
    case OID.bool:
      return cell[0] === 0 ? 'f' : 't'
    case OID.int2:
      return String(cell.readInt16BE(0))
    case OID.int4:
      return String(cell.readInt32BE(0))
    case OID.oid:
      return String(cell.readUInt32BE(0))
    case OID.int8:
      return String(cell.readBigInt64BE(0))
    case OID.float4:
      return String(cell.readFloatBE(0))
    case OID.float8:
      return String(cell.readDoubleBE(0))
    case OID.text:
    case OID.varchar:
    case OID.bpchar:
    case OID.json:
      return cell.toString()
    case OID.jsonb:
      return cell.toString('utf8', 1)
    case OID.uuid:
      return cell.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    case OID.date:
      return new Date(EPOCH + cell.readInt32BE(0) * DAY).toISOString().slice(0, 10)
    case OID.timestamp:
    case OID.timestamptz:
      return new Date(EPOCH + Number(cell.readBigInt64BE(0)) / 1000).toISOString()
    case 0:
    case OID.bytea:
      return `\\x${cell.toString('hex')}`
    default:
      throw new Failure('0A000', `parameters of the type with OID ${type} are taken as text only`)
  }
}

/** A value as a result has it. */
export function cellOf(text: string | null, format: Format, type: number): Cell {
  if (text === null) return null
  return format === 0 ? Buffer.from(text) : binaryOf(text, type)
}

function binaryOf(text: string, type: number): Buffer {
  const sized = (size: number, write: (bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(size)
    write(bytes)
    return bytes
  }
  switch (type) {
    case OID.bool:
      return Buffer.of(text === 't' ? 1 : 0)
    case OID.int2:
      return sized(2, (bytes) => bytes.writeInt16BE(Number(text)))
    case OID.int4:
      return sized(4, (bytes) => bytes.writeInt32BE(Number(text)))
    case OID.oid:
      return sized(4, (bytes) => bytes.writeUInt32BE(Number(text)))
    case OID.int8:
      return sized(8, (bytes) => bytes.writeBigInt64BE(BigInt(text)))
    case OID.float4:
      return sized(4, (bytes) => bytes.writeFloatBE(Number(text)))
    case OID.float8:
      return sized(8, (bytes) => bytes.writeDoubleBE(Number(text)))
    case OID.text:
    case OID.varchar:
    case OID.bpchar:
    case OID.json:
      return Buffer.from(text)
    case OID.jsonb:
      return Buffer.concat([Buffer.of(1), Buffer.from(text)])
    case OID.uuid:
      return Buffer.from(text.replaceAll('-', ''), 'hex')
    case OID.bytea:
      return Buffer.from(text.slice(2), 'hex')
    case OID.date:
      return sized(4, (bytes) => bytes.writeInt32BE((Date.parse(`${text}T00:00:00Z`) - EPOCH) / DAY))
    case OID.timestamp:
    case OID.timestamptz: {
      const at = Date.parse(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`)
      return sized(8, (bytes) => bytes.writeBigInt64BE(BigInt(at - EPOCH) * 1000n))
    }
    default:
      throw new Failure('0A000', `results of the type with OID ${type} are given as text only`)
  }
}

/** A value as people write it in a test: numbers as numbers where JavaScript holds them, JSON as what it says, all else as text. */
export function readableOf(text: string | null, type: number): unknown {
  if (text === null) return null
  const element = elementOf(type)
  if (element !== undefined) return readableArray(text, element)
  switch (type) {
    case OID.bool:
      return /^(?:t|true|on|yes|1)$/i.test(text)
    case OID.int2:
    case OID.int4:
    case OID.oid:
    case OID.int8:
    case OID.float4:
    case OID.float8:
    case OID.numeric:
      return String(Number(text)) === text ? Number(text) : text
    case OID.json:
    case OID.jsonb:
      return jsonOf(text)
    case OID.bytea:
      return text.startsWith('\\x') ? new Uint8Array(Buffer.from(text.slice(2), 'hex')) : text
    default:
      return text
  }
}

/** `{a,"b c",NULL,{…}}` as a list; other text as it is. */
function readableArray(text: string, element: number): unknown {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{},]|[^{},"]+/g) ?? []
  if (tokens[0] !== '{') return text
  let at = 0
  const list = (): unknown[] => {
    const items: unknown[] = []
    at++
    for (; at < tokens.length && tokens[at] !== '}'; at++) {
      const token = tokens[at] as string
      if (token === '{') items.push(list())
      else if (token.startsWith('"')) items.push(readableOf(token.slice(1, -1).replace(/\\(.)/g, '$1'), element))
      else if (token !== ',') items.push(token.toLowerCase() === 'null' ? null : readableOf(token, element))
    }
    return items
  }
  return list()
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The text of a value of JavaScript, as Postgres prints it. @param scale digits after the point that its column keeps */
export function printed(value: unknown, type: number, scale?: number): string | null {
  if (value === null || value === undefined) return null
  if (Array.isArray(value) && type !== OID.json && type !== OID.jsonb)
    return printedArray(value, elementOf(type) ?? OID.text)
  if (type === OID.json || type === OID.jsonb) return JSON.stringify(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (typeof value === 'number') return printedNumber(value, type, scale)
  if (isDate(value)) return printedDate(value, type)
  if (ArrayBuffer.isView(value)) return printedBytes(value)
  if (typeof value === 'object') return type === OID.interval ? printedInterval(value) : JSON.stringify(value)
  return String(value)
}

const isDate = (value: unknown): value is Date => Object.prototype.toString.call(value) === '[object Date]'

const WHOLE: readonly number[] = [OID.int2, OID.int4, OID.int8]

function printedNumber(value: number, type: number, scale: number | undefined): string {
  if (WHOLE.includes(type) || type === OID.numeric) {
    // Postgres has none among these.
    if (!Number.isFinite(value)) throw new Failure('22012', 'division by zero')
    if (type !== OID.numeric) return String(Math.trunc(value))
  }
  if (type === OID.numeric && scale !== undefined) return value.toFixed(scale)
  return String(value)
}

function printedDate(value: Date, type: number): string {
  const [day = '', time = ''] = value.toISOString().replace('Z', '').split('T')
  if (type === OID.date) return day
  // 10:00:00.120 is 10:00:00.12, and 10:00:00.000 is 10:00:00.
  return `${day} ${time.replace(/\.(\d*?)0+$/, (_, left: string) => (left === '' ? '' : `.${left}`))}${type === OID.timestamptz ? '+00' : ''}`
}

function printedBytes(value: ArrayBufferView): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const text = bytes.toString('latin1')
  // pg-mem keeps the text that it was given.
  return /^\\x(?:[\da-f]{2})*$/i.test(text) ? text.toLowerCase() : `\\x${bytes.toString('hex')}`
}

function printedInterval(value: object): string {
  const { years, months, days, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = value as Record<string, number>
  const parts = Object.entries({ year: years, mon: months, day: days }).flatMap(([unit, count]) =>
    count ? [`${count} ${unit}${count === 1 ? '' : 's'}`] : [],
  )
  const two = (count: number) => String(count).padStart(2, '0')
  const part = seconds + milliseconds / 1000
  if (hours || minutes || part || parts.length === 0)
    parts.push(`${two(hours)}:${two(minutes)}:${part < 10 ? '0' : ''}${part}`)
  return parts.join(' ')
}

function printedArray(values: readonly unknown[], element: number): string {
  const items = values.map((value) => {
    if (Array.isArray(value)) return printedArray(value, element)
    const text = printed(value, element)
    if (text === null) return 'NULL'
    return /^[^\s{},"\\]+$/.test(text) && !/^null$/i.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
  })
  return `{${items.join(',')}}`
}
