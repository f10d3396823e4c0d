/** The Redis serialization protocol: commands in, replies out, in its versions 2 and 3 (redis.io, "RESP specification"). Lengths count bytes. */

export type Version = 2 | 3

/** What a reply is made of; a `Map` or an object is a map, an `Error` the error of the server. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | Error
  | Status
  | Push
  | readonly Value[]
  | ReadonlySet<Value>
  | ReadonlyMap<Value, Value>
  | { readonly [key: string]: Value }

/** A word of the server's own, which is no value of somebody's. */
export class Status {
  readonly word: string
  constructor(word: string) {
    this.word = word
  }
}

/** What the server says unasked. In RESP2 it is a list like any other. */
export class Push {
  readonly parts: readonly Value[]
  constructor(parts: readonly Value[]) {
    this.parts = parts
  }
}

export const OK = new Status('OK')

/** A command with its end in the stream, in bytes from its start. */
export interface Heard {
  /** Its name and its arguments. */
  readonly words: readonly Buffer[]
  readonly end: number
}

const CR = 13
const LF = 10
/** As Redis has them: `proto-max-bulk-len`, and the most words of a command. */
const MOST_BYTES = 512 * 1024 * 1024
const MOST_WORDS = 1024 * 1024
const MOST_INLINE = 64 * 1024

/** Bytes that are no command: there is no way to find the next one. */
export class ProtocolError extends Error {}

/** Cuts a stream of bytes into commands, however it comes in pieces. */
export class Reader {
  #chunks: Buffer[] = []
  #length = 0
  /** Bytes that have to be there before it is worth to look again: a long value comes in many pieces. */
  #need = 1
  /** Bytes of commands that were taken. */
  #taken = 0
  /** Words of a command that is not there as a whole yet: one of thousands is not gone through for each piece. */
  #begun: { readonly words: Buffer[]; left: number; at: number } | undefined

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The next command. @throws ProtocolError */
  next(): Heard | undefined {
    while (this.#length >= this.#need) {
      const bytes = this.#joined()
      const found = bytes[0] === ASTERISK ? this.#list(bytes) : this.#inline(bytes)
      if (found === undefined) return undefined
      this.#chunks = found.at === bytes.length ? [] : [bytes.subarray(found.at)]
      this.#length -= found.at
      this.#taken += found.at
      this.#need = 1
      this.#begun = undefined
      // An empty line, or an empty list, is no command.
      if (found.words.length > 0) return { words: found.words, end: this.#taken }
    }
    return undefined
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }

  /** `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n` */
  #list(bytes: Buffer): { words: Buffer[]; at: number } | undefined {
    this.#begun ??= this.#head(bytes)
    const begun = this.#begun
    if (begun === undefined) return undefined
    for (; begun.left > 0; begun.left--) {
      const { at, words } = begun
      const size = lineAt(bytes, at)
      if (size === undefined) return this.#wait(bytes.length + 1, bytes.length - at > MOST_INLINE)
      if (bytes[at] !== DOLLAR)
        throw new ProtocolError(`Protocol error: expected '$', got '${String.fromCharCode(bytes[at] as number)}'`)
      const length = numberOf(size.line.subarray(1), 'bulk')
      if (length < 0 || length > MOST_BYTES) throw new ProtocolError('Protocol error: invalid bulk length')
      const end = size.end + length
      if (bytes.length < end + 2) return this.#wait(end + 2, false)
      words.push(bytes.subarray(size.end, end))
      begun.at = end + 2
    }
    return begun
  }

  #head(bytes: Buffer): { words: Buffer[]; left: number; at: number } | undefined {
    const head = lineAt(bytes, 1)
    if (head === undefined) return this.#wait(bytes.length + 1, bytes.length > MOST_INLINE)
    const left = numberOf(head.line, 'multibulk')
    if (left > MOST_WORDS) throw new ProtocolError('Protocol error: invalid multibulk length')
    return { words: [], left, at: head.end }
  }

  /** As people type it: `GET k`. */
  #inline(bytes: Buffer): { words: Buffer[]; at: number } | undefined {
    const end = bytes.indexOf(LF)
    if (end < 0) return this.#wait(bytes.length + 1, bytes.length > MOST_INLINE)
    const words = bytes.toString('latin1', 0, end).trim().split(/\s+/).filter(Boolean)
    return { words: words.map((word) => Buffer.from(word, 'latin1')), at: end + 1 }
  }

  #wait(need: number, isTooLong: boolean): undefined {
    if (isTooLong) throw new ProtocolError('Protocol error: too big inline request')
    this.#need = need
  }
}

const ASTERISK = '*'.charCodeAt(0)
const DOLLAR = '$'.charCodeAt(0)

function lineAt(bytes: Buffer, from: number): { readonly line: Buffer; readonly end: number } | undefined {
  const end = bytes.indexOf(CR, from)
  return end < 0 || end + 1 >= bytes.length ? undefined : { line: bytes.subarray(from, end), end: end + 2 }
}

function numberOf(line: Buffer, what: string): number {
  const text = line.toString('latin1')
  if (!/^-?\d{1,15}$/.test(text)) throw new ProtocolError(`Protocol error: invalid ${what} length`)
  return Number(text)
}

/** A reply as the server writes it. @throws TypeError for what is no reply */
export function encode(value: Value, version: Version): Buffer {
  const parts: Buffer[] = []
  write(value, version, parts)
  return Buffer.concat(parts)
}

const line = (text: string) => Buffer.from(`${text}\r\n`)
const LONG = 64

function write(value: Value, version: Version, parts: Buffer[]): void {
  if (value === null) parts.push(line(version === 3 ? '_' : '$-1'))
  else if (typeof value === 'string') writeBytes(Buffer.from(value), parts)
  else if (typeof value === 'number') writeNumber(value, version, parts)
  else if (typeof value === 'boolean') parts.push(line(version === 3 ? `#${value ? 't' : 'f'}` : `:${Number(value)}`))
  else if (typeof value === 'bigint') {
    const isLong = BigInt.asIntN(LONG, value) !== value
    if (!isLong) parts.push(line(`:${value}`))
    else if (version === 3) parts.push(line(`(${value}`))
    else writeBytes(Buffer.from(String(value)), parts)
  } else if (typeof value === 'object') writeObject(value, version, parts)
  else throw new TypeError(`${value === undefined ? 'nothing' : `a ${typeof value}`} is no reply`)
}

function writeObject(value: object, version: Version, parts: Buffer[]): void {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (value instanceof Status) parts.push(line(`+${value.word}`))
  else if (value instanceof Push) writeAll(version === 3 ? '>' : '*', value.parts, version, parts)
  else if (ArrayBuffer.isView(value)) writeBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength), parts)
  else if (Array.isArray(value)) writeAll('*', value, version, parts)
  else if (tag === 'Error' || value instanceof Error) parts.push(line(`-${errorOf((value as Error).message)}`))
  else if (tag === 'Set') writeAll(version === 3 ? '~' : '*', [...(value as ReadonlySet<Value>)], version, parts)
  else if (tag === 'Map') writePairs([...(value as ReadonlyMap<Value, Value>)], version, parts)
  else if (tag === 'Object') writePairs(Object.entries(value), version, parts)
  else throw new TypeError(`a ${tag} is no reply`)
}

function writeBytes(bytes: Buffer, parts: Buffer[]): void {
  parts.push(line(`$${bytes.length}`), bytes, line(''))
}

function writeNumber(value: number, version: Version, parts: Buffer[]): void {
  if (Number.isSafeInteger(value)) parts.push(line(`:${Object.is(value, -0) ? 0 : value}`))
  else {
    const text = Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
    if (version === 3) parts.push(line(`,${text}`))
    else writeBytes(Buffer.from(text), parts)
  }
}

function writeAll(mark: string, values: readonly Value[], version: Version, parts: Buffer[]): void {
  parts.push(line(`${mark}${values.length}`))
  for (const each of values) write(each, version, parts)
}

/** In RESP2 a map is a list of keys and values by turns. */
function writePairs(pairs: readonly (readonly [Value, Value])[], version: Version, parts: Buffer[]): void {
  parts.push(line(version === 3 ? `%${pairs.length}` : `*${2 * pairs.length}`))
  for (const [key, value] of pairs) {
    write(key, version, parts)
    write(value, version, parts)
  }
}

/** Programs go by the first word of an error; one that has none is an `ERR`. A line feed alone is no end of it to any client. */
export function errorOf(message: string): string {
  const isNamed = /^[A-Z][A-Z0-9]*(?: |$)/.test(message) || message.startsWith('[TRIPWIRE_')
  return `${isNamed ? '' : 'ERR '}${message.replaceAll('\r', '')}`
}
