/**
 * PGlite as an engine: Postgres itself, in WebAssembly. It has one session, which connections use by turns: a transaction keeps it to itself
 * until it ends, as others would be part of it.
 */
import { foldStatement } from '../statements.ts'
import { type Answer, ask, readAnswer } from './backend.ts'
import type { Copied, Received } from './copy.ts'
import type { Engine, Line, Result, Run, Shape, Status } from './engine.ts'
import { Failure } from './failure.ts'
import { putBack, remember } from './pglite-backup.ts'
import { type Clock, cancelledFailure } from './transactions.ts'

/** What is used of the package. */
interface Package {
  readonly PGlite: new () => PGlite
}

interface PGlite {
  readonly waitReady: Promise<void>
  execProtocolRaw(message: Uint8Array, options?: object): Promise<Uint8Array>
  close(): Promise<void>
}

/** How long a connection waits for another one's transaction, in milliseconds: less than a test has. */
const PATIENCE = 2_000
const NEVER = new Promise<void>(() => {})
const MOST_KEPT = 500

/** @param pglite what the package exports */
export async function startPglite(pglite: object, clock: Clock): Promise<Engine> {
  const db = new (pglite as Package).PGlite()
  await db.waitReady
  return new PgliteEngine(db, clock)
}

class PgliteEngine implements Engine {
  readonly name = 'pglite'
  readonly db: PGlite
  readonly #clock: Clock
  readonly #lines = new Set<PgliteLine>()
  /** Whose transaction is open. */
  #owner: PgliteLine | undefined
  /** Settles when the session is free for the next. */
  #turn: Promise<unknown> = Promise.resolve()
  #freed: (() => void)[] = []
  #isClosed = false

  constructor(db: PGlite, clock: Clock) {
    this.db = db
    this.#clock = clock
  }

  open(): Line {
    const line = new PgliteLine(this)
    this.#lines.add(line)
    return line
  }

  async backup(): Promise<() => Promise<void>> {
    const line = new PgliteLine(this)
    const query = async (sql: string) => (await line.run(plain(sql), NEVER)).rows.map((row) => row.map(String))
    const script = async (sql: string) => {
      const { failure } = await this.ask(line, [ask.query(sql)], NEVER)
      if (failure !== undefined) throw failure
    }
    if (this.#owner !== undefined) throw openFailure('copied')
    const kept = await remember(query)
    return async () => {
      if (this.#owner !== undefined) throw openFailure('put back')
      await putBack(query, script, kept)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#turn
    await this.db.close()
  }

  forget(line: PgliteLine): void {
    this.#lines.delete(line)
  }

  /** Asks the session, once it is free. */
  async ask(line: PgliteLine, parts: readonly Buffer[], cancelled: Promise<void>): Promise<Answer> {
    while (this.#owner !== undefined && this.#owner !== line) await this.#wait(cancelled)
    const answering = this.#turn.then(async () => {
      if (this.#owner !== undefined && this.#owner !== line) return undefined
      if (this.#isClosed) throw new Failure('57P01', 'the embedded database was closed')
      const answer = readAnswer(Buffer.from(await this.db.execProtocolRaw(Buffer.concat(parts))))
      this.#own(line, answer.status)
      return answer
    })
    this.#turn = answering.catch(() => {})
    const answer = await answering
    // Somebody began a transaction while this one stood in line.
    if (answer === undefined) return this.ask(line, parts, cancelled)
    for (const { channel, payload } of answer.notifications)
      for (const each of this.#lines) if (each.listens.has(channel)) each.notified?.(channel, payload)
    return answer
  }

  #own(line: PgliteLine, status: Status): void {
    if (status !== 'I') {
      this.#owner = line
      return
    }
    this.#owner = undefined
    for (const free of this.#freed.splice(0)) free()
  }

  async #wait(cancelled: Promise<void>): Promise<void> {
    const free = new Promise<'free'>((resolve) => this.#freed.push(() => resolve('free')))
    let timer: unknown
    const late = new Promise<'late'>((resolve) => {
      timer = this.#clock.setTimeout(() => resolve('late'), PATIENCE)
    })
    const outcome = await Promise.race([free, late, cancelled.then(() => 'cancelled' as const)])
    this.#clock.clearTimeout(timer)
    if (outcome === 'cancelled') throw cancelledFailure()
    if (outcome === 'late')
      throw new Failure('55P03', 'canceling statement due to lock timeout', {
        hint: `PGlite has one session: a transaction of another connection has it, and did not end within ${PATIENCE / 1000} seconds`,
      })
  }
}

function openFailure(how: string): Failure {
  return new Failure('55006', `the database cannot be ${how} while a transaction is open on one of its connections`)
}

class PgliteLine implements Line {
  readonly #engine: PgliteEngine
  readonly #shapes = new Map<string, Shape>()
  readonly listens = new Set<string>()
  notified: Line['notified']
  status: Status = 'I'

  constructor(engine: PgliteEngine) {
    this.#engine = engine
  }

  async params(sql: string, types: readonly number[]): Promise<readonly number[]> {
    return (await this.describe(sql, types)).params
  }

  async describe(sql: string, types: readonly number[]): Promise<Shape> {
    const key = `${types.join()} ${sql}`
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    const { params, fields } = await this.#ask([ask.parse(sql, types), ask.describe('S')], NEVER)
    if (this.#shapes.size >= MOST_KEPT) this.#shapes.clear()
    // What a table looks like may change under it.
    if (fields === undefined) this.#shapes.set(key, { params, fields })
    return { params, fields }
  }

  async run({ sql, types, params, formats, results }: Run, cancelled: Promise<void>): Promise<Result> {
    const folded = foldStatement(sql)
    const parts = [ask.parse(sql, types), ask.bind(params, formats, results), ask.describe('P'), ask.execute()]
    const { fields, rows, tag, notices } = await this.#ask(parts, cancelled)
    if (/^(?:create|alter|drop)\b/i.test(folded)) this.#shapes.clear()
    this.#listen(folded)
    return { fields, rows, tag, notices }
  }

  /** In one go: its session would not answer anybody else before the data are there. */
  async copy(sql: string, received: Received | undefined, cancelled: Promise<void>): Promise<Copied> {
    const parts = [ask.query(sql)]
    if (received !== undefined && 'fail' in received) parts.push(ask.copyFail(received.fail))
    else if (received !== undefined) parts.push(ask.copyData(received.data), ask.copyDone())
    const { copyHead: head, copied: data, tag } = await this.#tell(parts, cancelled)
    return { head, data, tag }
  }

  async fail(): Promise<void> {
    await this.run(plain("do $$ begin raise exception 'a script failed'; end $$"), NEVER).catch(() => {})
  }

  async end(): Promise<void> {
    if (this.status !== 'I') await this.run(plain('rollback'), NEVER).catch(() => {})
    this.#engine.forget(this)
  }

  #ask(parts: readonly Buffer[], cancelled: Promise<void>): Promise<Answer> {
    return this.#tell([...parts, ask.sync()], cancelled)
  }

  async #tell(parts: readonly Buffer[], cancelled: Promise<void>): Promise<Answer> {
    const answer = await this.#engine.ask(this, parts, cancelled)
    this.status = answer.status
    if (answer.failure !== undefined) throw answer.failure
    return answer
  }

  #listen(folded: string): void {
    const [, verb, name = ''] = /^(listen|unlisten) (.+)$/i.exec(folded) ?? []
    if (verb === undefined) return
    const channel = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()
    if (verb.toLowerCase() === 'listen') this.listens.add(channel)
    else if (name === '*') this.listens.clear()
    else this.listens.delete(channel)
  }
}

function plain(sql: string): Run {
  return { sql, types: [], params: [], formats: [], results: [] }
}
