/** What Node's functions take, read as Node reads it; what is not valid, Node itself refuses. */
import nodeFs, { constants } from 'node:fs'
import { Fault, nodeError } from './errors.ts'
import { kit } from './kit.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = constants
const { isInteger } = Number
/** Every function may be called on it, and nothing comes of it. */
const NOWHERE = '/dev/null'

export type Options = Readonly<Record<string, unknown>>

/** A path as text. */
export function pathText(given: unknown): string {
  return kit().readPath(given)?.text ?? String(given)
}

/** Options, or the encoding alone. */
export function optionsOf(given: unknown, key = 'encoding'): Options {
  if (typeof given === 'object' && given !== null) return given as Options
  return given === undefined || given === null || typeof given === 'function' ? {} : { [key]: given }
}

const WORDS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  'w+': O_TRUNC | O_CREAT | O_RDWR,
  'wx+': O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  'a+': O_APPEND | O_CREAT | O_RDWR,
  'ax+': O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  'as+': O_APPEND | O_CREAT | O_RDWR | O_SYNC,
}
const SAME: Readonly<Record<string, string>> = {
  sr: 'rs',
  'sr+': 'rs+',
  xw: 'wx',
  'xw+': 'wx+',
  xa: 'ax',
  sa: 'as',
  'xa+': 'ax+',
  'sa+': 'as+',
}

export function flagsOf(given: unknown, without = 'r'): number {
  if (typeof given === 'number') return given
  const word = given ?? without
  const flags = typeof word === 'string' ? WORDS[SAME[word] ?? word] : undefined
  if (flags !== undefined) return flags
  refuse(() => nodeFs.openSync(NOWHERE, word as string))
  throw new TypeError(`'${String(word)}' are no flags`)
}

export function modeOf(given: unknown, without: number): number {
  if (given === undefined || given === null) return without
  if (typeof given === 'number' && isInteger(given) && given >= 0) return given
  if (typeof given === 'string' && /^[0-7]+$/.test(given)) return Number.parseInt(given, 8)
  refuse(() => nodeFs.openSync(NOWHERE, 'r', given as number))
  throw new TypeError(`'${String(given)}' is no mode`)
}

/** Text in the encoding that the options name, bytes where they name none. */
export function encoded(bytes: Uint8Array, encoding: unknown): string | Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (encoding === undefined || encoding === null || encoding === 'buffer') return buffer
  if (!Buffer.isEncoding(encoding as string)) refuse(() => nodeFs.readFileSync(NOWHERE, { encoding } as never))
  return buffer.toString(encoding as BufferEncoding)
}

/** A name in the encoding that the options name, UTF-8 where they name none. */
export function encodedName(name: string, encoding: unknown): string | Buffer {
  if (encoding === undefined || encoding === null || encoding === 'utf8' || encoding === 'utf-8') return name
  return encoded(Buffer.from(name), encoding)
}

/** What is written: text in an encoding, or the bytes of a view. */
export function bytesOf(data: unknown, encoding: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, (encoding ?? 'utf8') as BufferEncoding)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  refuse(() => nodeFs.writeFileSync(NOWHERE, data as string))
  throw new TypeError('the data are no bytes')
}

/** Seconds, of a `Date`, a number or a text. */
export function secondsOf(time: unknown): number {
  return (nodeFs as unknown as { _toUnixTimestamp(time: unknown): number })._toUnixTimestamp(time)
}

/** Node throws at what it is given; nothing is done. */
export function refuse(call: () => unknown): void {
  call()
}

/** Runs a part of a call, and tells its failure as Node does. */
export function at<T>(syscall: string, path: unknown, fn: () => T, dest?: unknown): T {
  try {
    return fn()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw nodeError(error.code, { syscall: error.syscall ?? syscall, path, dest })
  }
}
