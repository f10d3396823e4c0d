/**
 * A program that never was, for mocks: Node's own ChildProcess stands on it as on a process. Node's timeouts, abort signals, buffers and
 * encodings are at work as ever; only what the system would do is done here. Its streams are Node's sockets without a descriptor, so that
 * what was written is read before the program has ended, in the order in which it was written.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { builtIn, originals } from '../../src/plugin.ts'
import { writeTo } from './descriptor.ts'
import { ProgramInput } from './program-input.ts'

// Captured at load: tests fake timers, and spy on what writes.
const { setImmediate, Buffer, structuredClone } = originals

/** An end of a child's `stdio`, as Node has normalised it (Node 12 to 26). */
export interface Stdio {
  readonly type: string
  readonly fd?: number
  handle?: { close(): void; onread?(data: undefined): void } | undefined
  readonly ipc?: boolean
  readonly _stdio?: {
    write?(chunk: Uint8Array): unknown
    resume?(): unknown
    on?(event: string, listener: (chunk: never) => void): unknown
  }
  socket?: Socket
}

export type Child = ChildProcess & {
  _handle: { onexit(code: number, signal: string): void } | null
  _closesNeeded: number
  _closesGot: number
  _send(message: unknown, ...rest: unknown[]): boolean
}

/** Signals that a program lives through unless it asks to be told of them. */
const HARMLESS = new Set(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'])

/** No process of any system has numbers as high: the highest is below 2^22 (Linux). */
const FIRST_PID = 2 ** 22
let lastPid = FIRST_PID
const running = new Map<number, Program>()

/** The program that a process id stands for. */
export function programOf(pid: number): Program | undefined {
  return running.get(pid)
}

/** Whether a number was given to a program of a mock, also one that has ended. */
export function isMocked(pid: number): boolean {
  return pid > FIRST_PID && pid <= lastPid
}

/** A process id that stands for no process. */
export function nextPid(): number {
  return ++lastPid
}

export class Program {
  readonly pid = nextPid()
  /** Told of what is written to it, and of the end of that. */
  onInput: (() => void) | undefined
  onMessage: ((message: unknown) => void) | undefined
  /** Told once its parent has closed the channel. */
  onDisconnect: (() => void) | undefined
  /** Told once it has ended, before whoever started it. */
  onEnd: ((code: number | undefined, signal: string | undefined) => void) | undefined
  /** What is written to it. */
  readonly input = new ProgramInput()
  ended = false
  readonly #child: Child
  readonly #sinks: (((chunk: Uint8Array) => unknown) | undefined)[] = []
  readonly #streams: Socket[] = []
  readonly #context: { runInAsyncScope(fn: () => void): void }
  #channel: Stdio | undefined

  constructor(child: Child) {
    const { AsyncResource } = builtIn('node:async_hooks')
    this.#child = child
    this.#context = new AsyncResource('MOCKED_PROCESS')
  }

  /** Gives the child its streams; in place of the system's start. */
  start(stdio: readonly Stdio[]): number {
    running.set(this.pid, this)
    stdio.forEach((end, at) => {
      if (end.ipc) this.#channel = end
      else this.#sinks[at] = this.#open(end, at)
    })
    return 0
  }

  /** Once Node has made the channel of a fork. */
  openChannel(serialization: unknown): void {
    const child = this.#child
    const { handle } = this.#channel ?? {}
    if (handle === undefined) return
    const nothingIsSent = (request: { oncomplete?(): void }) => {
      setImmediate(() => request.oncomplete?.())
      return 0
    }
    for (const name of ['writeUtf8String', 'writeBuffer', 'writev']) define(handle, name, nothingIsSent)
    child.once('disconnect', () => this.#later(() => !this.ended && this.onDisconnect?.()))
    const { _send } = child
    child._send = (message, ...rest) => {
      const sent = Reflect.apply(_send, child, [message, ...rest])
      const internal = String((message as { cmd?: unknown } | null)?.cmd).startsWith('NODE_')
      if (!internal) {
        const copy: unknown =
          serialization === 'advanced' ? structuredClone(message) : JSON.parse(JSON.stringify(message))
        this.#later(() => !this.ended && this.onMessage?.(copy))
      }
      return sent
    }
  }

  /** Whether its parent may still send messages. */
  get connected(): boolean {
    return this.#child.connected
  }

  /** Writes to one of its descriptors. */
  write(fd: number, chunk: string | Uint8Array): void {
    const sink = this.#sinks[fd]
    // What listeners throw is not the program's.
    if (!this.ended && sink) this.#later(() => sink(Buffer.from(chunk as string)))
  }

  /** Resolves once what was written has been taken: it writes no faster than it is read. */
  drained(fd: number): Promise<void> {
    return new Promise((resolve) => {
      this.#later(() => {
        const stream = this.#child.stdio?.[fd] as Socket | null | undefined
        const isFull = stream && !stream.destroyed && stream.readableLength >= stream.readableHighWaterMark
        if (!isFull) {
          resolve()
          return
        }
        const { _read } = stream
        const go = () => {
          stream._read = _read
          stream.off('close', go)
          resolve()
        }
        stream._read = go
        stream.once('close', go)
      })
    })
  }

  /** Sends a message to its parent. */
  send(message: unknown): void {
    this.#later(() => {
      const child = this.#child
      if (!child.channel) return
      if (child.listenerCount('message') > 0) return void child.emit('message', message)
      // Node keeps what nobody listens for yet, and gives it to the first listener (Node 14 to 26).
      const key = Object.getOwnPropertySymbols(child.channel).find(
        (symbol) => symbol.description === 'kPendingMessages',
      )
      const pending = key && (child.channel as unknown as Record<symbol, unknown[][]>)[key]
      pending?.push(['message', message, undefined])
    })
  }

  /** A signal from outside; gives the error of the system, or 0. */
  kill(signal: number): number {
    const name = Object.entries(builtIn('node:os').constants.signals).find(([, number]) => number === signal)?.[0] ?? ''
    if (signal !== 0 && !HARMLESS.has(name)) this.end(undefined, name)
    return 0
  }

  /** It ends, by itself or by a signal. */
  end(code: number | undefined, signal?: string): void {
    this.#finish((child) => {
      this.onEnd?.(code, signal)
      child._handle?.onexit(code ?? 0, signal ?? '')
    })
  }

  /** It did not start after all. @param errno as Node's handles give it, negative */
  fail(errno: number, error: Error | undefined): void {
    this.#finish((child) => {
      this.onEnd?.(undefined, undefined)
      if (error !== undefined) tellInstead(child, error)
      child._handle?.onexit(errno, '')
    })
  }

  #finish(tell: (child: Child) => void): void {
    if (this.ended) return
    this.ended = true
    running.delete(this.pid)
    // What was written and sent comes first.
    this.#later(() => {
      if (this.#channel !== undefined && this.connected) this.#channel.handle?.onread?.(undefined)
      setImmediate(() => {
        tell(this.#child)
        for (const stream of this.#streams) stream.push(null)
      })
    })
  }

  #later(fn: () => void): void {
    this.#context.runInAsyncScope(() => setImmediate(fn))
  }

  #open(end: Stdio, at: number): ((chunk: Uint8Array) => unknown) | undefined {
    if (end.type === 'pipe' || end.type === 'overlapped') return this.#pipe(end, at)
    if (end.type === 'inherit' || end.type === 'fd') return at === 0 ? undefined : writerOf(end.fd ?? at)
    if (end.type !== 'wrap') return undefined
    const stream = end._stdio
    if (at > 0) return (chunk) => stream?.write?.(chunk)
    // Node stops it for a program that reads it, once this one has started.
    this.input.ended = false
    setImmediate(() => {
      stream?.on?.('data', (chunk: never) => this.#take(chunk))
      stream?.on?.('end', () => this.#endInput())
      stream?.resume?.()
    })
    return undefined
  }

  #pipe(end: Stdio, at: number): (chunk: Uint8Array) => unknown {
    const net = builtIn('node:net')
    const child = this.#child
    end.handle?.close()
    end.handle = undefined
    const socket = new net.Socket({ readable: at > 0 })
    const write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void) => {
      if (at === 0) this.#take(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
      done()
    }
    const final = (done: () => void) => {
      if (at === 0) this.#endInput()
      done()
    }
    for (const [name, value] of Object.entries({ _write: write, _writev: null, _final: final, _read() {} }))
      define(socket, name, value)
    end.socket = socket
    if (at === 0) {
      this.input.ended = false
      socket.once('close', () => this.#endInput())
      return () => undefined
    }
    this.#streams.push(socket)
    child._closesNeeded++
    socket.once('close', () => {
      child._closesGot++
      if (child._closesGot === child._closesNeeded) child.emit('close', child.exitCode, child.signalCode)
    })
    return (chunk) => socket.destroyed || socket.push(chunk)
  }

  #take(chunk: Uint8Array): void {
    if (this.ended || this.input.ended) return
    this.input.push(chunk)
    this.onInput?.()
  }

  #endInput(): void {
    if (this.input.ended) return
    this.input.ended = true
    if (!this.ended) this.onInput?.()
  }
}

function writerOf(fd: number): (chunk: Uint8Array) => unknown {
  if (fd === 1) return (chunk) => process.stdout.write(chunk)
  if (fd === 2) return (chunk) => process.stderr.write(chunk)
  return (chunk) => writeTo(fd, chunk)
}

/** The next error that the child tells is this one. */
function tellInstead(child: Child, error: Error): void {
  const { emit } = child
  define(child, 'emit', function (this: Child, event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'error') return Reflect.apply(emit, this, [event, ...args])
    Reflect.deleteProperty(child, 'emit')
    return Reflect.apply(child.emit, this, ['error', error])
  })
}

export function define(owner: object, key: string, value: unknown): void {
  Object.defineProperty(owner, key, { value, writable: true, configurable: true, enumerable: false })
}
