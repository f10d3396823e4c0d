/**
 * One client's session: its messages in, in order, and what the engine says to them out. Of the extended protocol: after an error nothing is
 * done until the client says Sync, which is answered exactly once.
 */
import type { Socket } from 'node:net'
import { foldStatement, splitStatements } from '../statements.ts'
import { carryOut, directionOf, type Received } from './copy.ts'
import type { Line, Result, Run, Shape } from './engine.ts'
import { abortedFailure, Failure, Limit } from './failure.ts'
import { Names, type Portal, type Prepared, placeholders } from './prepared.ts'
import { readableOf, textOf } from './types.ts'
import { readableRow } from './values.ts'
import type { Scripted, Watch } from './watched.ts'
import { type Cell, type Format, formatAt, type Heard, type Reader, type Said, say } from './wire.ts'

export class Session {
  readonly #socket: Socket
  readonly #reader: Reader
  #line: Line
  readonly #watch: Watch
  readonly #names = new Names()
  #busy = false
  #closed = false
  /** After an error in the extended protocol, until Sync. */
  #skipping = false
  #out: Buffer[] = []
  #cancel: () => void = () => {}
  /** Told when there may be another message, while a copy waits for it. */
  #more: () => void = () => {}

  constructor(socket: Socket, reader: Reader, line: Line, watch: Watch) {
    this.#socket = socket
    this.#reader = reader
    this.#line = this.#heard(line)
    this.#watch = watch
  }

  /** Bytes came, or may have come before. */
  hear(chunk?: Buffer): void {
    if (chunk) this.#reader.push(chunk)
    this.#more()
    if (!this.#busy) void this.#work()
  }

  /** Somebody asked, on a connection of its own, to stop what is being done. */
  cancel(): void {
    this.#cancel()
  }

  async end(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancel()
    this.#more()
    await this.#line.end()
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let heard = this.#reader.next(); heard && !this.#closed; heard = this.#reader.next())
        await this.#answer(heard)
    } catch (error) {
      // Bytes that are no message: there is no way to find the next one.
      this.#say(say.error(new Failure('08P01', `invalid message: ${error}`, { severity: 'FATAL' })))
      this.#send()
      this.#socket.end()
    } finally {
      this.#busy = false
    }
  }

  async #answer({ said, end }: Heard): Promise<void> {
    if (this.#skipping && said.kind !== 'sync' && said.kind !== 'terminate') return
    try {
      if (NEEDS_LINE.includes(said.kind) && this.#line.status === 'I')
        this.#line = this.#heard(await this.#watch.line(end))
      await this.#handle(said, end)
    } catch (error) {
      this.#say(say.error(told(error)))
      if (said.kind === 'query') this.#ready()
      else this.#skipping = true
      // Clients may wait for it before they say Sync.
      this.#send()
    }
    if (said.kind === 'query' || said.kind === 'sync' || said.kind === 'flush' || this.#out.length > MOST_KEPT)
      this.#send()
  }

  async #handle(said: Said, end: number): Promise<void> {
    switch (said.kind) {
      case 'query':
        return this.#simple(said.sql, end)
      case 'parse':
        this.#names.parse(said)
        return this.#say(say.parsed())
      case 'bind':
        this.#names.bind(said)
        return this.#say(say.bound())
      case 'describe':
        return this.#describe(said.what, said.name, end)
      case 'execute':
        return this.#execute(this.#names.portal(said.portal), said.most, end)
      case 'close':
        this.#names.close(said.what, said.name)
        return this.#say(say.closed())
      case 'sync':
        this.#skipping = false
        // Portals end with their transaction.
        if (this.#line.status === 'I') this.#names.endPortals()
        return this.#ready()
      case 'flush':
      // Of a copy that has failed already.
      case 'copyData':
      case 'copyDone':
      case 'copyFail':
        return
      case 'terminate':
        this.#socket.end()
        return this.end()
      case 'password':
        throw new Failure('08P01', 'nobody asked for a password')
      case 'unknown':
        throw new Failure('0A000', `messages of the type '${said.type}' (function calls) are not supported`)
    }
  }

  /** Several statements of one message are one transaction, unless they say otherwise. */
  async #simple(sql: string, end: number): Promise<void> {
    const statements = splitStatements(sql)
    if (statements.length === 0) this.#say(say.empty())
    const steered = statements.some((each) =>
      /^(?:begin|start|commit|end|rollback|abort|savepoint|release)\b/i.test(foldStatement(each)),
    )
    const isTogether = statements.length > 1 && this.#line.status === 'I' && !steered
    if (isTogether) await this.#line.run(plain('begin'), NEVER)
    try {
      for (const statement of statements) {
        const result = await this.#run(plain(statement), end, isTogether)
        if (result.fields !== undefined) this.#say(say.fields(result.fields, []))
        for (const row of result.rows) this.#say(say.row(row))
        this.#tellEnd(result)
      }
      if (isTogether) await this.#line.run(plain('commit'), NEVER)
    } catch (error) {
      if (isTogether) await this.#line.run(plain('rollback'), NEVER)
      throw error
    }
    this.#ready()
  }

  async #describe(what: 'statement' | 'portal', name: string, end: number): Promise<void> {
    const portal = what === 'portal' ? this.#names.portal(name) : undefined
    const prepared = portal?.prepared ?? this.#names.statement(name)
    const { params, fields } = await this.#shape(prepared, end)
    if (what === 'statement') this.#say(say.params(params))
    this.#say(fields === undefined ? say.noData() : say.fields(fields, portal?.run.results ?? []))
  }

  async #shape(prepared: Prepared, end: number): Promise<Shape> {
    // What COPY gives are no rows.
    if (prepared.sql === '' || directionOf(prepared.sql) !== undefined) return { params: [], fields: undefined }
    const scripted = this.#watch.scripted(foldStatement(prepared.sql), end)
    if (scripted !== undefined) return { params: placeholders(prepared), fields: scripted.fields }
    try {
      return await this.#line.describe(prepared.sql, prepared.types)
    } catch (error) {
      // It is told as what it is when it is run, and where no client runs it, by this.
      if (!(error instanceof Limit)) throw error
      const statement = { text: foldStatement(prepared.sql), params: [], transaction: this.#line.status !== 'I' }
      throw this.#watch.admit(statement, end).limit(error)
    }
  }

  async #execute(portal: Portal, most: number, end: number): Promise<void> {
    const { prepared, run } = portal
    if (prepared.sql === '') return this.#say(say.empty())
    portal.result ??= await this.#run({ ...run, sql: prepared.sql, types: prepared.types }, end, false)
    const { rows } = portal.result
    const until = most > 0 ? Math.min(portal.at + most, rows.length) : rows.length
    for (; portal.at < until; portal.at++) this.#say(say.row(rows[portal.at] as readonly Cell[]))
    if (most > 0 && portal.at === until && until < rows.length) return this.#say(say.suspended())
    this.#tellEnd(portal.result)
  }

  /** Runs a statement, and tells what came of it. */
  async #run(run: Run, end: number, isTogether: boolean): Promise<Result> {
    const { status } = this.#line
    const types = run.params.length === 0 ? run.types : await this.#types(run)
    const params = run.params.map((cell, at) => readableParam(cell, formatAt(run.formats, at), types[at] ?? 0))
    const statement = { text: foldStatement(run.sql), params, transaction: status !== 'I' && !isTogether }
    const admitted = this.#watch.admit(statement, end)
    const cancelled = new Promise<void>((resolve) => {
      this.#cancel = resolve
    })
    const direction = directionOf(run.sql)
    try {
      // What the engine would not run, a script does not answer.
      if (admitted.script && status === 'E') throw abortedFailure()
      if (direction !== undefined) {
        const say = (...messages: readonly Buffer[]) => {
          this.#out.push(...messages)
          this.#send()
        }
        const hands = { line: this.#line, admitted, cancelled, say, receive: () => this.#receive() }
        return { fields: undefined, rows: [], tag: await carryOut(direction, run, hands) }
      }
      const result = admitted.script ? answered(admitted.script(), run.results) : await this.#line.run(run, cancelled)
      admitted.tell({ rows: result.rows.map((row) => readableRow(result.fields ?? [], row, run.results)) })
      return result
    } catch (error) {
      if (error instanceof Limit) throw admitted.limit(error)
      if (admitted.script && this.#line.status === 'T') await this.#line.fail()
      if (error instanceof Failure) admitted.tell({ error: { code: error.code, message: error.message } })
      throw error
    } finally {
      this.#cancel = () => {}
    }
  }

  /** What a client sends for a copy. It may have said Sync before it knew of that, which counts for nothing. */
  async #receive(): Promise<Received> {
    const chunks: Buffer[] = []
    for (;;) {
      const said = this.#reader.next()?.said
      if (said?.kind === 'copyData') chunks.push(said.data)
      else if (said?.kind === 'copyDone') return { data: Buffer.concat(chunks) }
      else if (said?.kind === 'copyFail') return { fail: said.message }
      else if (this.#closed) throw new Failure('08006', 'the connection was closed during COPY')
      else if (said === undefined)
        await new Promise<void>((resolve) => {
          this.#more = resolve
        })
      else if (said.kind !== 'sync' && said.kind !== 'flush')
        throw new Failure('08P01', `unexpected message '${said.kind}' during COPY from stdin`)
    }
  }

  /** Types that are not known make nothing fail here: the statement itself is to say what is wrong with it. */
  async #types({ sql, types }: Run): Promise<readonly number[]> {
    try {
      return await this.#line.params(sql, types)
    } catch {
      return types
    }
  }

  #tellEnd({ tag, notices = [] }: Result): void {
    for (const notice of notices) this.#say(say.notice(notice))
    this.#say(say.done(tag))
  }

  /** Notifications come at any time; clients take them between their own answers. */
  #heard(line: Line): Line {
    line.notified = (channel, payload) => {
      this.#say(say.notification(0, channel, payload))
      if (!this.#busy) this.#send()
    }
    return line
  }

  #ready(): void {
    this.#say(say.ready(this.#line.status))
  }

  #say(message: Buffer): void {
    this.#out.push(message)
  }

  #send(): void {
    const out = this.#out.splice(0)
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(Buffer.concat(out))
  }
}

const MOST_KEPT = 1000
const NEEDS_LINE: readonly string[] = ['query', 'describe', 'execute']
const NEVER = new Promise<void>(() => {})

function plain(sql: string): Run {
  return { sql, types: [], params: [], formats: [], results: [] }
}

function answered({ fields, rows }: Scripted, results: readonly Format[]): Result {
  if (results.includes(1)) throw new Failure('0A000', 'scripted rows are given as text only')
  return { fields, rows, tag: `SELECT ${rows.length}` }
}

function readableParam(cell: Cell, format: Format, type: number): unknown {
  return readableOf(textOf(cell, format, type), type)
}

/** An error as the client gets it. */
function told(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('58000', error instanceof Error ? error.message : String(error))
}
