/** A mocked connection as msw's handlers of WebSockets are given it: the client, the real server behind it, and what an extension makes of both. */
import { builtIn, originals } from '../../src/plugin.ts'
import type { WsPeer } from './peer.ts'
import { type Frame, Turn } from './turn.ts'

// Captured at load: environments of browsers have their own.
const { Event, EventTarget, queueMicrotask } = originals

/** What msw 3 calls an extension: a protocol on top of WebSockets. A generator stands for several values, nothing for none. */
interface Extension {
  encode(message: unknown, context: object): unknown
  decode(data: Frame, context: object): unknown
  connect?(context: object): unknown
  receive?(data: Frame, context: object): unknown
}

export interface MswConnection {
  readonly client: ClientHandle
  readonly server: ServerHandle
  readonly info: { readonly protocols: string[] | undefined }
}

/** Can be prevented, which a MessageEvent of Node cannot (https://github.com/nodejs/node/issues/51767). */
class MessageEvent extends Event {
  readonly data: unknown

  constructor(data: unknown) {
    super('message', { cancelable: true })
    this.data = data
  }
}

class CloseEvent extends Event {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean

  constructor(code: number, reason: string) {
    super('close', { cancelable: true })
    this.code = code
    this.reason = reason
    this.wasClean = code !== BROKEN_OFF
  }
}

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }

/** One side of a connection. What its listeners throw fails the connection: Node would make it an exception of the worker's. */
abstract class Side {
  readonly #events = new EventTarget()
  readonly #heard = new WeakMap<Listener, (event: Event) => void>()
  readonly #fail: (error: unknown) => void
  extension: Extension | undefined
  /** Both sides and what is known of them, as extensions are given it. */
  context: object = {}

  constructor(fail: (error: unknown) => void) {
    this.#fail = fail
  }

  addEventListener(type: string, listener: Listener, options?: AddEventListenerOptions | boolean): void {
    const known = this.#heard.get(listener)
    const heard = known ?? ((event) => this.#tell(listener, event))
    this.#heard.set(listener, heard)
    this.#events.addEventListener(type, heard, options)
  }

  removeEventListener(type: string, listener: Listener, options?: EventListenerOptions | boolean): void {
    this.#events.removeEventListener(type, this.#heard.get(listener) ?? null, options)
  }

  /** @returns whether a listener prevented what would come of it */
  tell(event: Event): boolean {
    return !this.#events.dispatchEvent(event)
  }

  /** Tells a message that came on this side. @returns as `tell` does */
  tellMessage(data: Frame): boolean {
    const messages = this.extension === undefined ? [data] : this.each(() => this.extension?.decode(data, this.#around))
    return messages.map((message) => this.tell(new MessageEvent(message))).includes(true)
  }

  send(message: unknown): void {
    const frames = this.extension === undefined ? [message] : valuesOf(this.extension.encode(message, this.#around))
    for (const frame of frames) this.carry(frame as Frame)
  }

  /** What an extension gives, unless it throws. */
  each(give: () => unknown): unknown[] {
    try {
      return valuesOf(give())
    } catch (error) {
      this.#fail(error)
      return []
    }
  }

  protected abstract carry(frame: Frame): void

  get #around(): object {
    return { ...this.context, connection: this }
  }

  #tell(listener: Listener, event: Event): void {
    try {
      const doing = typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)
      if (typeof (doing as PromiseLike<unknown> | undefined)?.then === 'function')
        (doing as PromiseLike<unknown>).then(undefined, this.#fail)
    } catch (error) {
      this.#fail(error)
    }
  }
}

const NORMAL = 1000
const NOTHING_SAID = 1005
const BROKEN_OFF = 1006
const FAILED_TLS = 1015

/** The code under test, as the server sees it. */
export class ClientHandle extends Side {
  readonly id = builtIn('node:crypto').randomUUID()
  readonly url: URL
  /** The server's end of the connection; msw has its own stand-in for the client here. */
  readonly socket: WsPeer
  readonly #turn = new Turn()

  constructor(url: string, socket: WsPeer, fail: (error: unknown) => void) {
    super(fail)
    this.url = new URL(url)
    this.socket = socket
  }

  /** @param code 1000 unless given; those that nobody may send stand for what makes a client see them */
  close(code: number = NORMAL, reason?: string): void {
    this.#turn.take(() => {
      if (code === BROKEN_OFF || code === FAILED_TLS) this.socket.terminate()
      else if (code === NOTHING_SAID) this.socket.close()
      else this.socket.close(code, reason)
    })
  }

  closed(code: number, reason: string): void {
    this.tell(new CloseEvent(code, reason))
  }

  /** Keeps what is sent until the connection is open to msw. @returns opens it, with what an extension says first */
  hold(): (first: readonly unknown[]) => void {
    const held = this.#turn.hold()
    return (first) => {
      for (const frame of first) this.socket.send(frame as string)
      held()
      this.tell(new Event('open'))
    }
  }

  carry(frame: Frame): void {
    this.#turn.give(frame, (data) => this.socket.send(data))
  }
}

/** The real server: idle until a handler connects to it, then what is said goes through unless a listener prevents it. */
export class ServerHandle extends Side {
  readonly #connect: (server: ServerHandle) => WsPeer | undefined
  readonly #client: ClientHandle
  readonly #turn = new Turn()
  #real: WsPeer | undefined
  #opened = () => {}
  /** Its end was told. */
  #over = false

  /** @param connect opens the real connection; gives nothing where that is not let through */
  constructor(
    client: ClientHandle,
    connect: (server: ServerHandle) => WsPeer | undefined,
    fail: (error: unknown) => void,
  ) {
    super(fail)
    this.#client = client
    this.#connect = connect
  }

  get socket(): WsPeer {
    return this.#connected('socket')
  }

  get readyState(): number {
    return this.#real?.readyState ?? CLOSED
  }

  /** Whether the real server speaks for itself. */
  get isReal(): boolean {
    return this.#real !== undefined
  }

  connect(): void {
    if (this.#real !== undefined) return
    this.#opened = this.#turn.hold()
    this.#real = this.#connect(this)
  }

  /** Closes the real connection alone: the client's stays. */
  close(): void {
    const real = this.#connected('close')
    if (this.#over) return
    this.#over = true
    real.close()
    queueMicrotask(() => this.tell(new CloseEvent(NORMAL, '')))
  }

  opened(): void {
    this.#opened()
    this.tell(new Event('open'))
  }

  /** A message of the real server's. */
  came(data: Frame): void {
    if (!this.tellMessage(data)) this.#client.carry(data)
  }

  failed(): void {
    this.tell(new Event('error', { cancelable: true }))
  }

  closed(code: number, reason: string): void {
    if (this.#over) return
    this.#over = true
    if (!this.tell(new CloseEvent(code, reason))) this.#client.close(code, reason)
  }

  /** The client is gone. */
  end(): void {
    this.#real?.close()
  }

  carry(frame: Frame): void {
    const real = this.#connected('send')
    this.#turn.give(frame, (data) => real.readyState === OPEN && real.send(data))
  }

  #connected(what: string): WsPeer {
    if (this.#real !== undefined) return this.#real
    throw new Error(`server.${what} of ${this.#client.url.href} needs a connection to it: call server.connect() before`)
  }
}

const OPEN = 1
const CLOSED = 3

/** A generator gives several, nothing gives none; a list is one value, as messages may be lists. */
function valuesOf(given: unknown): unknown[] {
  if (given === undefined) return []
  if (typeof (given as { next?: unknown } | null)?.next !== 'function') return [given]
  const values: unknown[] = []
  for (;;) {
    const { done, value } = (given as Iterator<unknown>).next()
    if (!done || value !== undefined) values.push(value)
    if (done) return values
  }
}
