/** One client's session once it is let in: its commands in, in order, and what scripts or the server itself say to them out. */
import type { Socket } from 'node:net'
import { foldStatement, piecesOf, splitStatements } from '../statements.ts'
import { Refused, type Teller, unscripted } from '../teller.ts'
import { Failure } from './failure.ts'
import { isSteering, ownAnswer, type Self, steer } from './own.ts'
import { BINARY, Fields, framed, type Heard, type Opening, type Reader, readChange, STATUS, say } from './packets.ts'
import { type MysqlAnswer, type Result, runScript } from './script.ts'
import { binaryRow, columnsOf, type ParamType, readParam, TYPE, textRow } from './values.ts'

const COMMAND = {
  quit: 0x01,
  use: 0x02,
  query: 0x03,
  statistics: 0x09,
  ping: 0x0e,
  changeUser: 0x11,
  prepare: 0x16,
  execute: 0x17,
  longData: 0x18,
  close: 0x19,
  reset: 0x1a,
  option: 0x1b,
  resetConnection: 0x1f,
} as const

interface Prepared {
  readonly sql: string
  readonly params: number
  /** Said with the first run, and left out later. */
  types: readonly ParamType[]
  /** Parameters that came in pieces. */
  readonly long: Map<number, Buffer[]>
}

/** @throws Failure for who is not let in */
type LetIn = <T extends Omit<Opening, 'flags'>>(opening: T) => T

export class Session implements Self {
  readonly id: number
  user: string
  database: string | undefined
  isInTransaction = false
  readonly #letIn: LetIn
  readonly #socket: Socket
  readonly #reader: Reader
  readonly #teller: Teller<MysqlAnswer>
  readonly #prepared = new Map<number, Prepared>()
  #last = 0
  #busy = false
  #closed = false

  constructor(
    socket: Socket,
    reader: Reader,
    teller: Teller<MysqlAnswer>,
    { id, user, database }: Pick<Self, 'id' | 'user' | 'database'>,
    letIn: LetIn,
  ) {
    this.#letIn = letIn
    this.#socket = socket
    this.#reader = reader
    this.#teller = teller
    this.id = id
    this.user = user
    this.database = database
  }

  hear(): void {
    if (!this.#busy) void this.#work()
  }

  end(): void {
    this.#closed = true
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let heard = this.#reader.next(); heard && !this.#closed; heard = this.#reader.next()) {
        const payloads = await this.#answer(heard)
        if (payloads.length > 0 && this.#socket.writable) this.#socket.write(framed(payloads, heard.sequence))
      }
    } catch {
      // The connection is to end.
      this.#socket.end()
      this.end()
    } finally {
      this.#busy = false
    }
  }

  /** @throws Refused */
  async #answer({ payload, end }: Heard): Promise<Buffer[]> {
    try {
      return await this.#carryOut(payload[0] as number, payload.subarray(1), end)
    } catch (error) {
      if (error instanceof Refused) throw error
      return [errorOf(error)]
    }
  }

  async #carryOut(command: number, payload: Buffer, end: number): Promise<Buffer[]> {
    switch (command) {
      case COMMAND.quit:
        this.#socket.end()
        return []
      case COMMAND.use:
        this.database = payload.toString()
        return [this.#ok()]
      case COMMAND.query:
        return this.#query(payload.toString(), end)
      case COMMAND.ping:
        return [this.#ok()]
      case COMMAND.changeUser: {
        const { user, database } = this.#letIn(readChange(payload))
        Object.assign(this, { user, database, isInTransaction: false })
        this.#prepared.clear()
        return [this.#ok()]
      }
      case COMMAND.statistics:
        return [Buffer.from('Uptime: 1  Threads: 1  Questions: 1')]
      case COMMAND.prepare:
        return this.#prepare(payload.toString())
      case COMMAND.execute:
        return this.#execute(new Fields(payload), end)
      case COMMAND.longData: {
        const prepared = this.#prepared.get(payload.readUInt32LE(0))
        const at = payload.readUInt16LE(4)
        prepared?.long.set(at, [...(prepared.long.get(at) ?? []), payload.subarray(6)])
        return []
      }
      case COMMAND.close:
        this.#prepared.delete(payload.readUInt32LE(0))
        return []
      case COMMAND.reset:
        this.#prepared.get(payload.readUInt32LE(0))?.long.clear()
        return [this.#ok()]
      case COMMAND.option:
        return [say.eof(this.#status())]
      case COMMAND.resetConnection:
        this.#prepared.clear()
        this.isInTransaction = false
        return [this.#ok()]
      default:
        throw new Failure('ER_UNKNOWN_COM_ERROR', `the command 0x${command.toString(16)} is not supported`)
    }
  }

  /** Several statements of one text give a result each, up to the first that fails. */
  async #query(sql: string, end: number): Promise<Buffer[]> {
    const statements = splitStatements(sql, 'mysql')
    if (statements.length === 0) return [this.#ok()]
    const said: Buffer[] = []
    for (const [at, statement] of statements.entries()) {
      try {
        const result = await this.#run(statement, [], end)
        const status = this.#status() | (at < statements.length - 1 ? STATUS.MORE_RESULTS : 0)
        said.push(...resultOf(result, status, textRow))
      } catch (error) {
        if (error instanceof Refused) throw error
        return [...said, errorOf(error)]
      }
    }
    return said
  }

  #prepare(sql: string): Buffer[] {
    const params = [...piecesOf(sql, 'mysql')].filter(({ kind, text }) => kind === 'other' && text === '?').length
    const id = ++this.#last
    this.#prepared.set(id, { sql, params, types: [], long: new Map() })
    const said = [say.prepared(id, params)]
    if (params === 0) return said
    const column = say.column({ name: '?', type: TYPE.text, charset: BINARY, decimals: 0 })
    return [...said, ...Array.from({ length: params }, () => column), say.eof(this.#status())]
  }

  async #execute(fields: Fields, end: number): Promise<Buffer[]> {
    const prepared = this.#prepared.get(fields.uint(4))
    if (prepared === undefined)
      throw new Failure('ER_UNKNOWN_STMT_HANDLER', 'Unknown prepared statement handler given to execute')
    // Flags of a cursor, and how often it is to be run: once.
    fields.bytes(5)
    const params = paramsOf(prepared, fields)
    return resultOf(await this.#run(prepared.sql, params, end), this.#status(), binaryRow)
  }

  /** @throws Failure, Refused, and the error of who stops it */
  async #run(sql: string, params: readonly unknown[], end: number): Promise<Result> {
    const text = foldStatement(sql, 'mysql')
    const own = ownAnswer(text, this)
    this.#teller.account = { user: this.user, database: this.database }
    const transaction = this.isInTransaction && !isSteering(text)
    const admitted = this.#teller.admit({ text, params, transaction }, end, own !== undefined)
    const stopped = own === undefined ? unscripted(admitted) : undefined
    if (stopped !== undefined) throw stopped
    try {
      const script = admitted.answer?.script
      const result = script === undefined ? (own as Result) : await runScript(script, { text, params }, admitted)
      steer(text, this)
      admitted.tell({ rows: 'rows' in result ? result.rows : result })
      return result
    } catch (error) {
      if (error instanceof Failure) admitted.tell({ error: { code: error.code, message: error.message } })
      throw error
    }
  }

  #status(): number {
    return STATUS.AUTOCOMMIT | (this.isInTransaction ? STATUS.IN_TRANSACTION : 0)
  }

  #ok(): Buffer {
    return say.ok(this.#status())
  }
}

export function errorOf(error: unknown): Buffer {
  const { errno, sqlState, message } =
    error instanceof Failure
      ? error
      : new Failure('ER_UNKNOWN_ERROR', error instanceof Error ? error.message : String(error))
  return say.error(errno, sqlState, message)
}

function resultOf(result: Result, status: number, row: typeof textRow): Buffer[] {
  if (!('rows' in result)) {
    const { affectedRows, insertId, changedRows } = result
    const info = changedRows === undefined ? '' : `Rows matched: ${affectedRows}  Changed: ${changedRows}  Warnings: 0`
    return [say.ok(status, affectedRows, insertId, info)]
  }
  const columns = columnsOf(result.rows)
  // A result has a column, if it has no row.
  const shown = columns.length > 0 ? columns : [{ name: '?', type: TYPE.text, charset: BINARY, decimals: 0 }]
  return [
    say.count(shown.length),
    ...shown.map(say.column),
    say.eof(status),
    ...result.rows.map((each) => row(shown, each)),
    say.eof(status),
  ]
}

/** @throws RangeError */
function paramsOf(prepared: Prepared, fields: Fields): unknown[] {
  const { params, long } = prepared
  if (params === 0) return []
  const nulls = fields.bytes((params + 7) >> 3)
  if (fields.uint(1) === 1)
    prepared.types = Array.from({ length: params }, () => ({
      type: fields.uint(1),
      unsigned: (fields.uint(1) & 0x80) !== 0,
    }))
  const { types } = prepared
  const read = (at: number): unknown => {
    if (((nulls[at >> 3] as number) >> (at & 7)) & 1) return null
    const pieces = long.get(at)
    return pieces === undefined ? readParam(fields, types[at] as ParamType) : new Uint8Array(Buffer.concat(pieces))
  }
  const values = Array.from({ length: params }, (_, at) => read(at))
  long.clear()
  return values
}
