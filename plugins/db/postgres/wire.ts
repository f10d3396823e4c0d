/**
 * Messages of the Postgres wire protocol, version 3 (PostgreSQL documentation, 55.7). Lengths count bytes, never characters.
 */
import type { Failure, Notice } from './failure.ts'

/** A column of a result. */
export interface Field {
  readonly name: string
  /** OID of its type. */
  readonly type: number
  /** Bytes of a value, −1 where that varies. */
  readonly size: number
  /** What the type was declared with (`numeric(10,2)`), −1 where nothing. */
  readonly modifier: number
}

/** A value as it is on the wire: text or binary, by the format that goes with it; null for NULL. */
export type Cell = Buffer | null

export type Format = 0 | 1

/** What a client says, once it is connected. */
export type Said =
  | { readonly kind: 'query'; readonly sql: string }
  | { readonly kind: 'parse'; readonly name: string; readonly sql: string; readonly types: readonly number[] }
  | {
      readonly kind: 'bind'
      readonly portal: string
      readonly statement: string
      readonly formats: readonly Format[]
      readonly params: readonly Cell[]
      readonly results: readonly Format[]
    }
  | { readonly kind: 'describe' | 'close'; readonly what: 'statement' | 'portal'; readonly name: string }
  | { readonly kind: 'execute'; readonly portal: string; readonly most: number }
  | { readonly kind: 'sync' | 'flush' | 'terminate' }
  /** Of a copy that the client sends. */
  | { readonly kind: 'copyData'; readonly data: Buffer }
  | { readonly kind: 'copyDone' }
  | { readonly kind: 'copyFail'; readonly message: string }
  /** An answer to a request for a password. */
  | { readonly kind: 'password'; readonly data: Buffer }
  | { readonly kind: 'unknown'; readonly type: string }

/** A message with its end in the stream, in bytes from its start: whose write it came by, that says. */
export interface Heard {
  readonly said: Said
  readonly end: number
}

/** What a client says before it is connected. */
export type Opening =
  | { readonly kind: 'ssl' | 'gssenc' }
  | { readonly kind: 'cancel'; readonly pid: number; readonly secret: number }
  | { readonly kind: 'startup'; readonly options: Readonly<Record<string, string>> }
  | { readonly kind: 'unknown'; readonly version: number }

const SSL_REQUEST = 80_877_103
const GSSENC_REQUEST = 80_877_104
const CANCEL_REQUEST = 80_877_102
const VERSION_3 = 3

/** Reads the fields of one message. */
class Fields {
  readonly #bytes: Buffer
  #at = 0
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }
  byte(): number {
    return this.#bytes.readUInt8(this.#at++)
  }
  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }
  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }
  cell(): Cell {
    const length = this.int32()
    if (length < 0) return null
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.int16() }, read)
  }
  get rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }
}

/** Cuts a stream of bytes into messages, however it comes in pieces. */
export class Reader {
  #bytes: Buffer = Buffer.alloc(0)
  /** Bytes of messages that were taken. */
  #taken = 0

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
  }

  /** The next message without a type, as connections open with. */
  opening(): Opening | undefined {
    const bytes = this.#bytes
    if (bytes.length < 8) return undefined
    const length = bytes.readInt32BE(0)
    if (length < 8) {
      this.#take(bytes.length)
      return { kind: 'unknown', version: 0 }
    }
    if (bytes.length < length) return undefined
    const fields = new Fields(this.#take(length).subarray(4))
    const version = fields.int32()
    if (version === SSL_REQUEST) return { kind: 'ssl' }
    if (version === GSSENC_REQUEST) return { kind: 'gssenc' }
    if (version === CANCEL_REQUEST) return { kind: 'cancel', pid: fields.int32(), secret: fields.int32() }
    if (version >> 16 !== VERSION_3) return { kind: 'unknown', version }
    const options: Record<string, string> = {}
    for (let name = fields.text(); name !== ''; name = fields.text()) options[name] = fields.text()
    return { kind: 'startup', options }
  }

  /** The next message. @throws RangeError for bytes that are none */
  next(): Heard | undefined {
    const bytes = this.#bytes
    if (bytes.length < 5) return undefined
    const length = 1 + bytes.readInt32BE(1)
    if (length < 5) throw new RangeError('a message counts its length')
    if (bytes.length < length) return undefined
    const message = this.#take(length)
    return { said: readMessage(String.fromCharCode(message[0] as number), message.subarray(5)), end: this.#taken }
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    this.#taken += length
    return taken
  }
}

function readMessage(type: string, bytes: Buffer): Said {
  const fields = new Fields(bytes)
  switch (type) {
    case 'Q':
      return { kind: 'query', sql: fields.text() }
    case 'P':
      return { kind: 'parse', name: fields.text(), sql: fields.text(), types: fields.list(() => fields.int32()) }
    case 'B': {
      const format = () => fields.int16() as Format
      return {
        kind: 'bind',
        portal: fields.text(),
        statement: fields.text(),
        formats: fields.list(format),
        params: fields.list(() => fields.cell()),
        results: fields.list(format),
      }
    }
    case 'D':
    case 'C': {
      const what = fields.byte() === STATEMENT ? 'statement' : 'portal'
      return { kind: type === 'D' ? 'describe' : 'close', what, name: fields.text() }
    }
    case 'E':
      return { kind: 'execute', portal: fields.text(), most: fields.int32() }
    case 'S':
      return { kind: 'sync' }
    case 'H':
      return { kind: 'flush' }
    case 'X':
      return { kind: 'terminate' }
    case 'p':
      return { kind: 'password', data: fields.rest }
    case 'd':
      return { kind: 'copyData', data: fields.rest }
    case 'c':
      return { kind: 'copyDone' }
    case 'f':
      return { kind: 'copyFail', message: fields.text() }
    default:
      return { kind: 'unknown', type }
  }
}

const STATEMENT = 'S'.charCodeAt(0)

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(4 + parts.reduce((sum, { length }) => sum + length, 0), 1)
  return Buffer.concat([head, ...parts])
}

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const text = (value: string) => Buffer.from(`${value}\0`)

/** What the server says. */
export const say = {
  ok: () => message('R', int32(0)),
  cleartext: () => message('R', int32(3)),
  md5: (salt: Buffer) => message('R', int32(5), salt),
  sasl: (mechanisms: readonly string[]) => message('R', int32(10), ...mechanisms.map(text), Buffer.of(0)),
  saslContinue: (data: string) => message('R', int32(11), Buffer.from(data)),
  saslFinal: (data: string) => message('R', int32(12), Buffer.from(data)),
  setting: (name: string, value: string) => message('S', text(name), text(value)),
  key: (pid: number, secret: number) => message('K', int32(pid), int32(secret)),
  ready: (status: 'I' | 'T' | 'E') => message('Z', Buffer.from(status)),
  parsed: () => message('1'),
  bound: () => message('2'),
  closed: () => message('3'),
  noData: () => message('n'),
  suspended: () => message('s'),
  empty: () => message('I'),
  done: (tag: string) => message('C', text(tag)),
  params: (types: readonly number[]) => message('t', int16(types.length), ...types.map(int32)),
  fields: (fields: readonly Field[], formats: readonly Format[]) =>
    message('T', int16(fields.length), ...fields.map((field, at) => fieldOf(field, formatAt(formats, at)))),
  row: (cells: readonly Cell[]) =>
    message('D', int16(cells.length), ...cells.flatMap((cell) => (cell ? [int32(cell.length), cell] : [int32(-1)]))),
  /** Text, of columns that are not counted before the data are there. */
  copyIn: () => message('G', Buffer.alloc(3)),
  /** @param head the format of all, and of each column */
  copyOut: (head: Buffer) => message('H', head),
  copyData: (data: Buffer) => message('d', data),
  copyDone: () => message('c'),
  error: (failure: Failure) => message('E', failureOf(failure)),
  notice: (notice: Notice) => message('N', failureOf(notice)),
  notification: (pid: number, channel: string, payload: string) =>
    message('A', int32(pid), text(channel), text(payload)),
}

function fieldOf({ name, type, size, modifier }: Field, format: Format): Buffer {
  return Buffer.concat([text(name), int32(0), int16(0), int32(type), int16(size), int32(modifier), int16(format)])
}

/** One format stands for all, none for text. */
export function formatAt(formats: readonly Format[], at: number): Format {
  return (formats.length === 1 ? formats[0] : formats[at]) ?? 0
}

/** Fields of errors and notices (PostgreSQL documentation, 55.8). */
const LETTERS = {
  severity: 'S',
  code: 'C',
  message: 'M',
  detail: 'D',
  hint: 'H',
  position: 'P',
  schema: 's',
  table: 't',
  column: 'c',
  dataType: 'd',
  constraint: 'n',
} as const

function failureOf(failure: Notice): Buffer {
  const parts: Buffer[] = [Buffer.from('V'), text(failure.severity)]
  for (const [name, letter] of Object.entries(LETTERS)) {
    const value = failure[name as keyof typeof LETTERS]
    if (value !== undefined) parts.push(Buffer.from(letter), text(String(value)))
  }
  return Buffer.concat([...parts, Buffer.of(0)])
}
