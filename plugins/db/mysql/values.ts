/** Values as columns of a result, in text and in binary, and as parameters of a prepared statement. */
import { BINARY, type Column, type Fields, sized, UTF8 } from './packets.ts'

export const TYPE = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  json: 0xf5,
  newdecimal: 0xf6,
  tinyblob: 0xf9,
  mediumblob: 0xfa,
  longblob: 0xfb,
  blob: 0xfc,
  text: 0xfd,
} as const

const tagOf = (value: unknown) => Object.prototype.toString.call(value).slice('[object '.length, -1)

/** The type of one value. */
function typeOf(value: unknown): number {
  if (typeof value === 'boolean') return TYPE.tiny
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? TYPE.longlong : TYPE.newdecimal
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) return TYPE.double
    return Math.abs(value) < 2 ** 31 ? TYPE.long : TYPE.longlong
  }
  if (typeof value === 'string') return TYPE.text
  if (ArrayBuffer.isView(value)) return TYPE.blob
  return tagOf(value) === 'Date' ? TYPE.datetime : TYPE.json
}

const NUMBERS: readonly number[] = [TYPE.tiny, TYPE.long, TYPE.longlong, TYPE.double]

/** The type of a column: of numbers the widest, of values of several kinds text. */
function commonType(values: readonly unknown[]): number {
  const types = [...new Set(values.filter((value) => value !== null && value !== undefined).map(typeOf))]
  if (types.length <= 1) return types[0] ?? TYPE.text
  const widest = Math.max(...types.map((type) => NUMBERS.indexOf(type)))
  if (types.every((type) => NUMBERS.includes(type))) return NUMBERS[widest] as number
  return TYPE.text
}

/** The columns of rows, in the order in which their names come up. */
export function columnsOf(rows: readonly Readonly<Record<string, unknown>>[]): Column[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return names.map((name) => {
    const type = commonType(rows.map((row) => row[name]))
    const isText = type === TYPE.text || type === TYPE.json
    return {
      name,
      type,
      charset: isText ? UTF8 : BINARY,
      decimals: type === TYPE.datetime ? 3 : type === TYPE.double ? 31 : 0,
    }
  })
}

const two = (number: number, width = 2) => String(number).padStart(width, '0')

/** In local time, as drivers read it where nobody says otherwise. */
function dateText(date: Date): string {
  const day = [two(date.getFullYear(), 4), two(date.getMonth() + 1), two(date.getDate())].join('-')
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':')
  return `${day} ${time}.${two(date.getMilliseconds(), 3)}`
}

/** A value in text; undefined for NULL. */
function textOf(value: unknown, type: number): string | Buffer | undefined {
  if (value === null || value === undefined) return undefined
  if (type === TYPE.json) return JSON.stringify(value)
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (tagOf(value) === 'Date') return dateText(value as Date)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function textRow(columns: readonly Column[], row: Readonly<Record<string, unknown>>): Buffer {
  const cells = columns.map(({ name, type }) => {
    const text = textOf(row[name], type)
    return text === undefined ? Buffer.of(0xfb) : sized(text)
  })
  return Buffer.concat(cells)
}

export function binaryRow(columns: readonly Column[], row: Readonly<Record<string, unknown>>): Buffer {
  const nulls = Buffer.alloc((columns.length + 9) >> 3)
  const cells = columns.map(({ name, type }, at) => {
    const value = row[name]
    if (value !== null && value !== undefined) return binaryOf(value, type)
    const bit = at + 2
    nulls[bit >> 3] = (nulls[bit >> 3] as number) | (1 << (bit & 7))
    return Buffer.alloc(0)
  })
  return Buffer.concat([Buffer.of(0), nulls, ...cells])
}

function binaryOf(value: unknown, type: number): Buffer {
  const wide = (size: number, write: (bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(size)
    write(bytes)
    return bytes
  }
  switch (type) {
    case TYPE.tiny:
      return Buffer.of(value ? 1 : 0)
    case TYPE.long:
      return wide(4, (bytes) => bytes.writeInt32LE(Number(value)))
    case TYPE.longlong:
      return wide(8, (bytes) => bytes.writeBigInt64LE(BigInt(value as number)))
    case TYPE.double:
      return wide(8, (bytes) => bytes.writeDoubleLE(Number(value)))
    case TYPE.datetime: {
      const date = value as Date
      return wide(12, (bytes) => {
        bytes[0] = 11
        bytes.writeUInt16LE(date.getFullYear(), 1)
        const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()]
        bytes.set(parts, 3)
        bytes.writeUInt32LE(date.getMilliseconds() * 1000, 8)
      })
    }
    default:
      return sized(textOf(value, type) ?? '')
  }
}

/** A parameter's type as the client says it. */
export interface ParamType {
  readonly type: number
  readonly unsigned: boolean
}

/** A parameter as people write it in a test: numbers, JSON and bytes as such, all else as text. @throws RangeError */
export function readParam(fields: Fields, { type, unsigned }: ParamType): unknown {
  switch (type) {
    case TYPE.null:
      return null
    case TYPE.tiny:
      return whole(fields.bytes(1), unsigned)
    case TYPE.short:
    case TYPE.year:
      return whole(fields.bytes(2), unsigned)
    case TYPE.long:
    case TYPE.int24:
      return whole(fields.bytes(4), unsigned)
    case TYPE.longlong:
      return whole(fields.bytes(8), unsigned)
    case TYPE.float:
      return fields.bytes(4).readFloatLE()
    case TYPE.double:
      return fields.bytes(8).readDoubleLE()
    case TYPE.date:
    case TYPE.datetime:
    case TYPE.timestamp:
      return readDate(fields.bytes(fields.uint(1)))
    case TYPE.time:
      return readTime(fields.bytes(fields.uint(1)))
    case TYPE.json:
      return jsonOf(fields.sized().toString())
    case TYPE.tinyblob:
    case TYPE.mediumblob:
    case TYPE.longblob:
    case TYPE.blob:
      return new Uint8Array(fields.sized())
    default:
      return fields.sized().toString()
  }
}

/** What one of the test's values is when it comes as a parameter. */
export function asParam(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (tagOf(value) === 'Date') return dateText(value as Date)
  return value
}

/** Beyond what a number holds it is text. */
function whole(bytes: Buffer, unsigned: boolean): number | string {
  if (bytes.length < 8) return unsigned ? bytes.readUIntLE(0, bytes.length) : bytes.readIntLE(0, bytes.length)
  const value = unsigned ? bytes.readBigUInt64LE() : bytes.readBigInt64LE()
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

/** Parts that are zero at the end are left out. */
function readDate(bytes: Buffer): string {
  const at = (index: number) => bytes[index] ?? 0
  const year = bytes.length >= 2 ? bytes.readUInt16LE() : 0
  const day = [two(year, 4), two(at(2)), two(at(3))].join('-')
  if (bytes.length <= 4) return day
  const time = [two(at(4)), two(at(5)), two(at(6))].join(':')
  return `${day} ${time}.${two(bytes.length > 7 ? Math.floor(bytes.readUInt32LE(7) / 1000) : 0, 3)}`
}

function readTime(bytes: Buffer): string {
  if (bytes.length === 0) return '00:00:00'
  const hours = bytes.readUInt32LE(1) * 24 + (bytes[5] as number)
  const micros = bytes.length > 8 ? `.${two(bytes.readUInt32LE(8), 6)}` : ''
  return `${bytes[0] ? '-' : ''}${two(hours)}:${two(bytes[6] as number)}:${two(bytes[7] as number)}${micros}`
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
