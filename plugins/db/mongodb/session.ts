/** One client's connection: its commands in, in order, and what scripts or the server itself say to them out. */
import type { Socket } from 'node:net'
import { Refused, type Teller, unscripted } from '../teller.ts'
import type { Login } from './login.ts'
import { ownAnswer, type Self } from './own.ts'
import { Failure, type MongoAnswer, type Result, runScript } from './script.ts'
import { type Bson, type Document, encode, type Heard, type Reader } from './wire.ts'
import { written } from './written.ts'

/** What every command may have, and says nothing of what it does. */
const HOUSEKEEPING = [
  '$db',
  'lsid',
  'txnNumber',
  'startTransaction',
  'autocommit',
  '$clusterTime',
  '$readPreference',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  // What `findOne` adds to its limit.
  'singleBatch',
]
/** How many documents a cursor gives at first, unless it is told. */
const FIRST_BATCH = 101
/** In bytes: what a batch may have in it, and what each document costs besides its own. */
const LARGEST = 16 * 1024 * 1024
const ELEMENT = 8
const INTERNAL = 1
const WRITES = ['insert', 'update', 'delete']
/** Errors that a document of a write has, and not the command. */
const OF_DOCUMENTS = [121, 11_000]

/** Documents that wait to be fetched. */
export interface Cursors {
  readonly open: Map<string, { readonly namespace: string; documents: readonly object[] }>
  last: number
}

export interface Opened {
  readonly socket: Socket
  readonly reader: Reader
  readonly teller: Teller<MongoAnswer>
  readonly login: Login
  readonly cursors: Cursors
  readonly bson: Bson
  /** A number of 64 bits, as BSON has it. */
  long(value: number): object
}

export class Session {
  readonly #self: Self
  readonly #opened: Opened
  #answers = 0
  #busy = false
  #closed = false

  constructor(self: Self, opened: Opened) {
    this.#self = self
    this.#opened = opened
  }

  hear(chunk: Buffer): void {
    this.#opened.reader.push(chunk)
    if (!this.#busy) void this.#work()
  }

  end(): void {
    this.#closed = true
  }

  async #work(): Promise<void> {
    this.#busy = true
    const { socket, reader } = this.#opened
    try {
      for (let heard = reader.next(); heard && !this.#closed; heard = reader.next()) {
        const reply = await this.#answer(heard)
        if (heard.isSilent || !socket.writable) continue
        socket.write(this.#encoded(heard, reply))
      }
    } catch {
      // Bytes that are no message, or a connection that is to end.
      socket.destroy()
      this.end()
    } finally {
      this.#busy = false
    }
  }

  /** What BSON has no way to write is an error of the command: a connection that ends says nothing, and is tried again. */
  #encoded(heard: Heard, reply: Document): Buffer {
    const { bson } = this.#opened
    try {
      return encode(heard, reply, ++this.#answers, bson)
    } catch (error) {
      const errmsg = `what the script gives cannot be written as BSON: ${(error as Error).message}`
      return encode(heard, { ok: 0, errmsg, code: INTERNAL }, this.#answers, bson)
    }
  }

  /** @throws Refused */
  async #answer(heard: Heard): Promise<Document> {
    const [name = ''] = Object.keys(heard.command)
    try {
      return await this.#carryOut(name, heard)
    } catch (error) {
      if (error instanceof Refused) throw error
      const failure = error instanceof Failure ? error : new Failure((error as Error).message, INTERNAL)
      const { message, code, codeName, more } = failure
      if (WRITES.includes(name) && OF_DOCUMENTS.includes(code))
        return { ok: 1, n: 0, writeErrors: [{ index: 0, code, errmsg: message, ...more }] }
      return { ok: 0, errmsg: message, code, codeName, ...more }
    }
  }

  async #carryOut(name: string, { command, end }: Heard): Promise<Document> {
    const { teller, login } = this.#opened
    const said = login.hear(name, command)
    if (said !== undefined) return said
    const own = ownAnswer(name, this.#self, command) ?? this.#ofCursors(name, command)
    if (own === undefined && !login.isIn) throw new Failure(`command ${name} requires authentication`, 13)
    teller.account = { user: login.user, database: String(command.$db) }
    const transaction = command.autocommit === false
    const params = [shownOf(name, command)]
    // What a driver asks on its own tells who it is, and where it runs.
    const statement = { text: name, params: own === undefined ? params : [], transaction }
    const admitted = teller.admit(statement, end, own !== undefined)
    const stopped = own === undefined ? unscripted(admitted) : undefined
    if (stopped !== undefined) throw stopped
    try {
      const script = admitted.answer?.script
      if (script === undefined) return own as Document
      const result = await runScript(script, name, params[0] as Document, admitted)
      admitted.tell({ rows: 'documents' in result ? result.documents : result })
      return this.#said(name, command, result)
    } catch (error) {
      if (error instanceof Failure) admitted.tell({ error: { code: error.code, message: error.message } })
      throw error
    }
  }

  /** A result as the server says it. */
  #said(name: string, command: Document, result: Result): Document {
    const { documents } = result as { documents?: readonly object[] }
    if (documents === undefined) return { ok: 1, ...result }
    const { cursors, long } = this.#opened
    const options = (name === 'find' ? command : command.cursor) as Document | undefined
    const firstBatch = this.#batch(documents, Number(options?.batchSize ?? FIRST_BATCH))
    const rest = documents.slice(firstBatch.length)
    const namespace = `${command.$db}.${typeof command[name] === 'string' ? command[name] : '$cmd'}`
    const isOver = rest.length === 0 || command.singleBatch === true
    const id = isOver ? 0 : ++cursors.last
    if (!isOver) cursors.open.set(String(id), { namespace, documents: rest })
    return { cursor: { firstBatch, id: long(id), ns: namespace }, ok: 1 }
  }

  /** So many documents at most, and no more than go into one answer; the first has to. */
  #batch(documents: readonly object[], most: number): readonly object[] {
    let bytes = 0
    let count = 0
    for (const document of documents) {
      if (count >= most) break
      bytes += this.#opened.bson.serialize(document).length + ELEMENT
      if (count > 0 && bytes > LARGEST) break
      count++
    }
    return documents.slice(0, count)
  }

  /** What goes on with documents that were found already. */
  #ofCursors(name: string, command: Document): Document | undefined {
    const { cursors, long } = this.#opened
    if (name === 'killCursors') {
      const killed = (command.cursors as readonly unknown[]).filter((id) => cursors.open.delete(String(id)))
      return { cursorsKilled: killed, cursorsNotFound: [], cursorsAlive: [], cursorsUnknown: [], ok: 1 }
    }
    if (name !== 'getMore') return undefined
    const id = String(command.getMore)
    const cursor = cursors.open.get(id)
    if (cursor === undefined) throw new Failure(`cursor id ${id} not found`, 43)
    const size = Number(command.batchSize ?? cursor.documents.length)
    const nextBatch = this.#batch(cursor.documents, size)
    cursor.documents = cursor.documents.slice(nextBatch.length)
    const isOver = cursor.documents.length === 0
    if (isOver) cursors.open.delete(id)
    return { cursor: { nextBatch, id: long(isOver ? 0 : Number(id)), ns: cursor.namespace }, ok: 1 }
  }
}

/** A command as people write it: the collection by that name, and without what is so anyway. */
function shownOf(name: string, command: Document): Document {
  const { [name]: first, ...rest } = command
  const shown: Record<string, unknown> = typeof first === 'string' ? { collection: first } : {}
  for (const [key, value] of Object.entries(rest)) {
    const isAnyway =
      (key === 'ordered' && value === true) || (key === 'cursor' && Object.keys(value as object).length === 0)
    if (!isAnyway && !HOUSEKEEPING.includes(key)) shown[key] = written(value)
  }
  return shown
}
