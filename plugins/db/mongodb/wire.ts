/** Messages of the MongoDB wire protocol: `OP_MSG`, and the `OP_QUERY` that drivers open with (MongoDB Manual, "MongoDB Wire Protocol"). */

/** A document as BSON gives it. */
export type Document = Readonly<Record<string, unknown>>

/** What reads and writes BSON: the one of the user's driver. */
export interface Bson {
  serialize(document: object): Uint8Array
  deserialize(bytes: Uint8Array, options?: object): Document
}

/** A command with its end in the stream, in bytes from its start. */
export interface Heard {
  readonly id: number
  readonly command: Document
  /** Whether it came the old way, and is answered so. */
  readonly isQuery: boolean
  /** Whether nobody waits for an answer. */
  readonly isSilent: boolean
  readonly end: number
}

const REPLY = 1
const QUERY = 2004
const MESSAGE = 2013
const HEAD = 16
/** As servers say it: `maxMessageSizeBytes`. */
export const LONGEST = 48_000_000
const CHECKSUM = 1
const MORE_TO_COME = 2

/** Bytes that are no message: there is no way to find the next one. */
export class ProtocolError extends Error {}

/** Cuts a stream of bytes into commands, however it comes in pieces. */
export class Reader {
  readonly #bson: Bson
  #chunks: Buffer[] = []
  #length = 0
  #need = HEAD
  #taken = 0

  constructor(bson: Bson) {
    this.#bson = bson
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The next command. @throws ProtocolError */
  next(): Heard | undefined {
    if (this.#length < this.#need) return undefined
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    const bytes = this.#chunks[0] as Buffer
    const length = bytes.readInt32LE(0)
    if (length < HEAD + 5 || length > LONGEST) throw new ProtocolError(`a message of ${length} bytes is none`)
    if (bytes.length < length) {
      this.#need = length
      return undefined
    }
    this.#chunks = bytes.length === length ? [] : [bytes.subarray(length)]
    this.#length -= length
    this.#taken += length
    this.#need = HEAD
    const id = bytes.readInt32LE(4)
    const code = bytes.readInt32LE(12)
    try {
      return { id, end: this.#taken, ...this.#read(code, bytes.subarray(HEAD, length)) }
    } catch (error) {
      throw new ProtocolError(error instanceof Error ? error.message : String(error))
    }
  }

  #read(code: number, body: Buffer): Pick<Heard, 'command' | 'isQuery' | 'isSilent'> {
    if (code === MESSAGE) return this.#message(body)
    if (code !== QUERY) throw new ProtocolError(`messages of the kind ${code} are not understood`)
    const end = body.indexOf(0, 4)
    const [database = ''] = body.toString('utf8', 4, end).split('.')
    const command = this.#document(body, end + 9)
    return { command: { ...command, $db: database }, isQuery: true, isSilent: false }
  }

  #message(body: Buffer): Pick<Heard, 'command' | 'isQuery' | 'isSilent'> {
    const flags = body.readUInt32LE(0)
    const last = body.length - (flags & CHECKSUM ? 4 : 0)
    let command: Document | undefined
    const lists: Record<string, Document[]> = {}
    for (let at = 4; at < last; ) {
      const size = body.readInt32LE(at + 1)
      if (size < 5 || at + 1 + size > last) throw new ProtocolError('a section is longer than its message')
      if (body[at] === 0) command = this.#document(body, at + 1)
      else {
        const end = body.indexOf(0, at + 5)
        const name = body.toString('utf8', at + 5, end)
        const list: Document[] = []
        for (let each = end + 1; each < at + 1 + size; each += body.readInt32LE(each))
          list.push(this.#document(body, each))
        lists[name] = list
      }
      at += 1 + size
    }
    if (command === undefined) throw new ProtocolError('a message has no command')
    return { command: { ...command, ...lists }, isQuery: false, isSilent: (flags & MORE_TO_COME) !== 0 }
  }

  #document(body: Buffer, at: number): Document {
    const size = body.readInt32LE(at)
    if (size < 5) throw new ProtocolError('a document counts its length')
    return this.#bson.deserialize(body.subarray(at, at + size))
  }
}

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** An answer as the client asked for it. */
export function encode(
  { id, isQuery }: Pick<Heard, 'id' | 'isQuery'>,
  reply: object,
  number: number,
  bson: Bson,
): Buffer {
  const document = bson.serialize(reply)
  const head = (length: number, code: number) =>
    Buffer.concat([int32(HEAD + length), int32(number), int32(id), int32(code)])
  if (!isQuery) return Buffer.concat([head(5 + document.length, MESSAGE), int32(0), Buffer.of(0), document])
  // Flags, the number of a cursor, where it begins, and how many documents there are.
  const before = Buffer.concat([int32(8), Buffer.alloc(8), int32(0), int32(1)])
  return Buffer.concat([head(before.length + document.length, REPLY), before, document])
}
