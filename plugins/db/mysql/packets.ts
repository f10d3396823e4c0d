/** Packets of the MySQL protocol, version 10 (MySQL Internals, "Client/Server Protocol"). Numbers are little-endian. */

/** A packet of the client's, with its end in the stream, in bytes from its start. */
export interface Heard {
  readonly payload: Buffer
  /** The number that the answer goes on from. */
  readonly sequence: number
  readonly end: number
}

/** A packet of this length goes on in the next one. */
const LONGEST = 0xff_ff_ff

/** Cuts a stream of bytes into packets, however it comes in pieces. */
export class Reader {
  #chunks: Buffer[] = []
  #length = 0
  #need = 4
  #taken = 0
  /** Of a packet that goes on. */
  #parts: Buffer[] = []

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  next(): Heard | undefined {
    while (this.#length >= this.#need) {
      if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
      const bytes = this.#chunks[0] as Buffer
      const size = bytes.readUIntLE(0, 3)
      const end = 4 + size
      if (bytes.length < end) {
        this.#need = end
        return undefined
      }
      this.#parts.push(bytes.subarray(4, end))
      this.#chunks = end === bytes.length ? [] : [bytes.subarray(end)]
      this.#length -= end
      this.#taken += end
      this.#need = 4
      if (size === LONGEST) continue
      const payload = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts)
      this.#parts = []
      return { payload, sequence: ((bytes[3] as number) + 1) & 0xff, end: this.#taken }
    }
    return undefined
  }

  /** What has come and was not read: TLS begins with it. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#length = 0
    return rest
  }
}

/** Reads the fields of one packet. @throws RangeError where it is too short */
export class Fields {
  readonly #bytes: Buffer
  at = 0
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }
  get left(): number {
    return this.#bytes.length - this.at
  }
  uint(size: number): number {
    this.at += size
    return this.#bytes.readUIntLE(this.at - size, size)
  }
  bytes(length: number): Buffer {
    if (length > this.left) throw new RangeError('a packet ends in the middle of a value')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }
  /** To the next zero. */
  zeroed(): string {
    const end = this.#bytes.indexOf(0, this.at)
    const text = this.#bytes.toString('utf8', this.at, end < 0 ? this.#bytes.length : end)
    this.at = end < 0 ? this.#bytes.length : end + 1
    return text
  }
  /** A number of one, three, four or nine bytes. */
  size(): number {
    const first = this.uint(1)
    if (first < 0xfb) return first
    if (first === 0xfc) return this.uint(2)
    if (first === 0xfd) return this.uint(3)
    this.at += 8
    return Number(this.#bytes.readBigUInt64LE(this.at - 8))
  }
  sized(): Buffer {
    return this.bytes(this.size())
  }
  get rest(): Buffer {
    return this.bytes(this.left)
  }
}

/** Packets of a payload, numbered from the one that is next. */
export function framed(payloads: readonly Buffer[], sequence: number): Buffer {
  const parts: Buffer[] = []
  let number = sequence
  for (const payload of payloads) {
    for (let at = 0, isLast = false; !isLast; at += LONGEST) {
      const part = payload.subarray(at, at + LONGEST)
      const head = Buffer.alloc(4)
      head.writeUIntLE(part.length, 0, 3)
      head[3] = number++ & 0xff
      parts.push(head, part)
      isLast = part.length < LONGEST
    }
  }
  return Buffer.concat(parts)
}

export function uint(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntLE(value, 0, size)
  return bytes
}

export function sizeOf(value: number | bigint): Buffer {
  const number = Number(value)
  if (number < 0xfb) return Buffer.of(number)
  if (number <= 0xff_ff) return Buffer.concat([Buffer.of(0xfc), uint(number, 2)])
  if (number <= 0xff_ff_ff) return Buffer.concat([Buffer.of(0xfd), uint(number, 3)])
  const bytes = Buffer.alloc(9, 0xfe)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 1)
  return bytes
}

export function sized(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([sizeOf(bytes.length), bytes])
}

const zeroed = (text: string) => Buffer.from(`${text}\0`)

/** What this server can, of the flags of the protocol. */
export const CAN = {
  LONG_PASSWORD: 1 << 0,
  FOUND_ROWS: 1 << 1,
  LONG_FLAG: 1 << 2,
  CONNECT_WITH_DB: 1 << 3,
  PROTOCOL_41: 1 << 9,
  SSL: 1 << 11,
  TRANSACTIONS: 1 << 13,
  SECURE_CONNECTION: 1 << 15,
  MULTI_STATEMENTS: 1 << 16,
  MULTI_RESULTS: 1 << 17,
  PS_MULTI_RESULTS: 1 << 18,
  PLUGIN_AUTH: 1 << 19,
  CONNECT_ATTRS: 1 << 20,
  PLUGIN_AUTH_LENENC: 1 << 21,
} as const

const ALL = Object.values(CAN).reduce((sum, flag) => sum | flag, 0)

/** Flags of a status. */
export const STATUS = { IN_TRANSACTION: 1, AUTOCOMMIT: 2, MORE_RESULTS: 8 } as const

/** utf8mb4_general_ci, and what stands for bytes. */
export const UTF8 = 45
export const BINARY = 63

export const VERSION = '8.4.0'
export const NATIVE = 'mysql_native_password'
export const SHA2 = 'caching_sha2_password'

/** A column of a result. */
export interface Column {
  readonly name: string
  readonly type: number
  readonly charset: number
  readonly decimals: number
}

/** What the server says. */
export const say = {
  /** @param scramble 20 bytes */
  greeting: (id: number, scramble: Buffer) =>
    Buffer.concat([
      Buffer.of(10),
      zeroed(VERSION),
      uint(id, 4),
      scramble.subarray(0, 8),
      Buffer.of(0),
      uint(ALL & 0xff_ff, 2),
      Buffer.of(UTF8),
      uint(STATUS.AUTOCOMMIT, 2),
      uint(ALL >>> 16, 2),
      Buffer.of(scramble.length + 1),
      Buffer.alloc(10),
      scramble.subarray(8),
      Buffer.of(0),
      zeroed(SHA2),
    ]),
  /** The password that was kept is right. */
  known: () => Buffer.of(1, 3),
  /** @param info as people read it: `Rows matched: 1  Changed: 1  Warnings: 0` */
  ok: (status: number, affected: number | bigint = 0, inserted: number | bigint = 0, info = '') =>
    Buffer.concat([Buffer.of(0), sizeOf(affected), sizeOf(inserted), uint(status, 2), uint(0, 2), Buffer.from(info)]),
  eof: (status: number) => Buffer.concat([Buffer.of(0xfe), uint(0, 2), uint(status, 2)]),
  error: (errno: number, state: string, message: string) =>
    Buffer.concat([Buffer.of(0xff), uint(errno, 2), Buffer.from(`#${state.padEnd(5, '0').slice(0, 5)}${message}`)]),
  count: (columns: number) => sizeOf(columns),
  column: ({ name, type, charset, decimals }: Column) =>
    Buffer.concat([
      sized('def'),
      sized(''),
      sized(''),
      sized(''),
      sized(name),
      sized(name),
      Buffer.of(0x0c),
      uint(charset, 2),
      uint(0xff_ff, 4),
      Buffer.of(type),
      uint(charset === BINARY ? 0x80 : 0, 2),
      Buffer.of(decimals, 0, 0),
    ]),
  prepared: (id: number, params: number) =>
    Buffer.concat([Buffer.of(0), uint(id, 4), uint(0, 2), uint(params, 2), Buffer.of(0), uint(0, 2)]),
}

/** What a client says once, to be let in. */
export interface Opening {
  readonly user: string
  readonly answer: Buffer
  readonly database: string | undefined
  readonly method: string | undefined
  readonly flags: number
}

/** Whether it asks for TLS first. */
export function isSslRequest(payload: Buffer): boolean {
  return payload.length === 32 && (payload.readUInt32LE(0) & CAN.SSL) !== 0
}

/** @throws RangeError */
export function readOpening(payload: Buffer): Opening {
  const fields = new Fields(payload)
  const flags = fields.uint(4)
  fields.bytes(4 + 1 + 23)
  const user = fields.zeroed()
  const answer = flags & CAN.PLUGIN_AUTH_LENENC ? fields.sized() : fields.bytes(fields.uint(1))
  const database = flags & CAN.CONNECT_WITH_DB && fields.left > 0 ? fields.zeroed() : ''
  const method = flags & CAN.PLUGIN_AUTH && fields.left > 0 ? fields.zeroed() : undefined
  return { user, answer, database: database === '' ? undefined : database, method, flags }
}

/** What a client says to go on as somebody else. @throws RangeError */
export function readChange(payload: Buffer): Omit<Opening, 'flags'> {
  const fields = new Fields(payload)
  const user = fields.zeroed()
  const answer = fields.bytes(fields.uint(1))
  const database = fields.zeroed()
  // The character set.
  if (fields.left >= 2) fields.bytes(2)
  const method = fields.left > 0 ? fields.zeroed() : undefined
  return { user, answer, database: database === '' ? undefined : database, method }
}
