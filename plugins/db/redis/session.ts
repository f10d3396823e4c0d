/** One client's session: its commands in, in order, and what scripts or the server itself say to them out. */
import type { Socket } from 'node:net'
import { type Admitted, Refused, type Teller, unscripted } from '../teller.ts'
import type { Channels } from './channels.ts'
import { type Arg, EFFECTIVE, isDrivers, LISTENING, type Own, QUIET, type Self, Several } from './own.ts'
import { encode, type Heard, OK, type Push, Reader, Status, type Value, type Version } from './resp.ts'
import { type RedisAnswer, runScript } from './script.ts'

/** What a transaction has collected. */
interface Transaction {
  readonly queued: (() => Promise<Value>)[]
  hasFailed: boolean
}

/** What steers a transaction. */
const STEERING = ['MULTI', 'EXEC', 'DISCARD', 'WATCH', 'QUIT', 'RESET']
const STEERING_ONLY = ['MULTI', 'EXEC', 'DISCARD', 'QUIT', 'RESET']
const BEFORE_LOGIN = ['AUTH', 'HELLO', 'QUIT', 'RESET']

export class Session implements Self {
  version: Version = 2
  database = '0'
  user: string | undefined
  name = ''
  isIn: boolean
  channels: Channels
  readonly id: number
  readonly account: Self['account']
  readonly #socket: Socket
  readonly #teller: Teller<RedisAnswer>
  readonly #reader = new Reader()
  #transaction: Transaction | undefined
  #busy = false
  #closed = false

  constructor(
    socket: Socket,
    teller: Teller<RedisAnswer>,
    { id, account, channels }: Pick<Self, 'id' | 'account' | 'channels'>,
  ) {
    this.#socket = socket
    this.#teller = teller
    this.id = id
    this.account = account
    this.channels = channels
    this.isIn = account === undefined
  }

  hear(chunk: Buffer): void {
    this.#reader.push(chunk)
    if (!this.#busy) void this.#work()
  }

  push(push: Push): void {
    this.#write(encode(push, this.version))
  }

  end(): void {
    this.#closed = true
    this.channels.leave(this)
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      for (let heard = this.#reader.next(); heard && !this.#closed; heard = this.#reader.next()) {
        const reply = await this.#answer(heard)
        for (const each of reply instanceof Several ? reply.replies : [reply]) this.#write(encode(each, this.version))
        if (heard.words[0]?.toString().toUpperCase() === 'QUIT') this.#socket.end()
      }
    } catch (error) {
      // Bytes that are no command, or a connection that is to end.
      if (!(error instanceof Refused)) this.#write(encode(error as Error, this.version))
      this.#socket.end()
      this.end()
    } finally {
      this.#busy = false
    }
  }

  /** @throws Refused */
  async #answer({ words, end }: Heard): Promise<Value | Several> {
    const [first, ...args] = words.map(readable)
    const name = String(first).toUpperCase()
    if (!this.isIn && !BEFORE_LOGIN.includes(name)) return new Error('NOAUTH Authentication required.')
    const isIn = this.#transaction !== undefined && !STEERING_ONLY.includes(name)
    const isQuiet = STEERING.includes(name) || (QUIET[name] !== undefined && isDrivers(name, args))
    const own = isQuiet ? QUIET[name] : LISTENING[name]
    this.#teller.account = { user: this.user, database: this.database }
    let admitted: Admitted<RedisAnswer>
    try {
      const statement = { text: name, params: shownOf(name, args), transaction: isIn }
      admitted = this.#teller.admit(statement, end, isQuiet)
      // What answers a connection that a pool kept is the server of the test that uses it now.
      const unanswered = isQuiet || own !== undefined ? undefined : unscripted(admitted)
      if (unanswered !== undefined) throw unanswered
    } catch (error) {
      if (error instanceof Refused) throw error
      if (isIn && this.#transaction !== undefined) this.#transaction.hasFailed = true
      return error as Error
    }
    this.channels = admitted.answer?.embedded.channels ?? this.channels
    const give = () => this.#give(name, args, own, admitted)
    if (!isIn) return give()
    this.#transaction?.queued.push(async () => {
      const reply = await give()
      return reply instanceof Several ? (reply.replies[0] as Value) : reply
    })
    return new Status('QUEUED')
  }

  async #give(
    name: string,
    args: readonly Arg[],
    own: Own | undefined,
    admitted: Admitted<RedisAnswer>,
  ): Promise<Value | Several> {
    const script = admitted.answer?.script
    const given = script === undefined ? undefined : await runScript(script, args, admitted)
    const isOwn = given === undefined || (EFFECTIVE.includes(name) && !(given instanceof Error))
    let reply: Value | Several
    if (STEERING_ONLY.includes(name)) reply = await this.#steer(name, given)
    else reply = isOwn && own !== undefined ? own(this, args) : (given ?? null)
    admitted.tell(outcomeOf(reply))
    return reply
  }

  /** @param given by a script, in the place of what would be said */
  async #steer(name: string, given: Value | undefined): Promise<Value> {
    const transaction = this.#transaction
    if (name === 'MULTI') {
      if (given instanceof Error) return given
      if (transaction !== undefined) return new Error('ERR MULTI calls can not be nested')
      this.#transaction = { queued: [], hasFailed: false }
      return given ?? OK
    }
    this.#transaction = undefined
    if (name === 'QUIT') return given ?? OK
    if (name === 'RESET') {
      this.channels.leave(this)
      Object.assign(this, { version: 2, database: '0', name: '', user: undefined, isIn: this.account === undefined })
      return given ?? new Status('RESET')
    }
    if (transaction === undefined) return given ?? new Error(`ERR ${name} without MULTI`)
    if (name === 'DISCARD') return given ?? OK
    if (transaction.hasFailed) return new Error('EXECABORT Transaction discarded because of previous errors.')
    if (given !== undefined) return given
    const replies: Value[] = []
    for (const each of transaction.queued) replies.push(await each())
    return replies
  }

  #write(bytes: Buffer): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes)
  }
}

/** A password is nobody's fact. */
function shownOf(name: string, args: readonly Arg[]): readonly Arg[] {
  if (name === 'AUTH') return []
  return name === 'HELLO' ? args.slice(0, 1) : args
}

/** Bytes as text, where they are text. */
function readable(bytes: Buffer): Arg {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : new Uint8Array(bytes)
}

function outcomeOf(reply: Value | Several): { readonly rows: unknown } | { readonly error: object } {
  if (reply instanceof Error) {
    const { message } = reply
    return { error: { code: /^[A-Z][A-Z0-9]*/.exec(message)?.[0] ?? 'ERR', message } }
  }
  if (reply instanceof Several) return { rows: undefined }
  return { rows: reply instanceof Status ? reply.word : reply }
}
