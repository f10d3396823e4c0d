/** Programs that run beside the test: `spawn`, `exec`, `execFile`, `fork`, `cluster.fork` and what is built on them. */
import type { Duplex } from 'node:stream'
import type { Reply, Tap } from '../../src/plugin.ts'
import { perform } from './answer.ts'
import { factsOf, type Start } from './command.ts'
import { define, Program, type Child as ProgramChild, type Stdio } from './program.ts'
import { errnoOf } from './reply.ts'
import { watchOutcome } from './watch.ts'

// Captured at load: tests replace them.
const { isArray } = Array

type Children = typeof import('node:child_process')

const { nextTick } = process

/** What `spawn` hands down: options that Node has normalised (Node 12 to 26). */
interface SpawnOptions {
  readonly file?: unknown
  readonly args?: readonly unknown[]
  readonly cwd?: unknown
  readonly envPairs?: readonly unknown[]
  readonly shell?: unknown
  readonly detached?: unknown
  readonly stdio?: unknown
  readonly serialization?: unknown
}

interface Internals {
  _handle: object | null
  spawn(options: SpawnOptions): number
}

type Child = ProgramChild & Internals

const enoent = () => errnoOf('ENOENT') ?? -2
const esrch = () => errnoOf('ESRCH') ?? -3

export function guardChildren(tap: Tap, children: Children): void {
  tap.patch(children.ChildProcess.prototype as unknown as Internals, 'spawn', (original) => {
    return function spawn(this: Child, options) {
      const start = startOf(options)
      if (start === undefined) return Reflect.apply(original, this, [options])
      const facts = factsOf(start)
      const outcome = tap.judge({ protocol: 'subprocess', operation: 'subprocess:spawn', facts })
      const spawnNow = () => Reflect.apply(original, this, [options])
      const reply = outcome.kind === 'reply' ? outcome.reply : undefined
      if (outcome.kind === 'block' || outcome.kind === 'refuse' || reply?.passThrough === false) standIn(this, tap)
      if (outcome.kind === 'block') return fail(this, options, spawnNow, enoent(), outcome.error)
      if (outcome.kind === 'refuse') return fail(this, options, spawnNow, enoent(), undefined)
      if (reply !== undefined && !reply.passThrough) return answer(this, options, spawnNow, start, reply)
      const result = spawnNow()
      if (this.pid) tap.own.add(`pid:${this.pid}`)
      if (reply !== undefined) watchOutcome(this, reply)
      return result
    }
  })
}

interface Handle {
  onexit?: unknown
  asyncReset?(resource: object): void
}

/**
 * Takes the native handle away from a child that will start nothing. Node frees one only after a start, and it would keep the child, its
 * streams and the context of the call for good (Node 20 to 26).
 */
function standIn(child: Child, tap: Tap): void {
  const handle = child._handle as Handle | null
  if (handle === null) return
  child._handle = Object.assign(Object.create(NO_HANDLE), { onexit: handle.onexit })
  for (const key of Reflect.ownKeys(handle)) Reflect.deleteProperty(handle, key)
  // From Node 24 on it keeps the context where nobody can delete it, but it can be given another.
  tap.outside(() => handle.asyncReset?.({}))
}

const NO_HANDLE = { close() {}, ref() {}, unref() {}, hasRef: () => false }

/** Starts what a mock says in place of the program: Node goes on as if its native handle had started one. */
function answer(child: Child, options: SpawnOptions, spawnNothing: () => number, start: Start, reply: Reply): number {
  const program = new Program(child)
  const life = perform(program, start, reply)
  if (life.failure !== undefined) return fail(child, options, spawnNothing, life.failure.errno, life.failure.error)
  const handle = child._handle as object
  const startProgram = () => program.start(options.stdio as readonly Stdio[])
  define(handle, 'spawn', startProgram)
  define(handle, 'kill', (signal: number) => program.kill(signal))
  define(handle, 'pid', program.pid)
  const result = spawnNothing()
  program.openChannel(options.serialization)
  life.begin()
  return result
}

/** Undefined for what Node itself refuses. */
function startOf({ file, args = [], cwd, envPairs, shell, detached }: SpawnOptions): Start | undefined {
  if (typeof file !== 'string' || !isArray(args)) return undefined
  const words = args.map(String)
  return {
    file,
    args: words.slice(1),
    cwd: typeof cwd === 'string' ? cwd : undefined,
    env: envOf(envPairs),
    shell: shell ? unwrapped(words.at(-1) ?? '') : undefined,
    detached: Boolean(detached),
    input: undefined,
  }
}

/** `cmd.exe` gets the command in quotes. */
function unwrapped(command: string): string {
  return process.platform === 'win32' ? command.replace(/^"(.*)"$/s, '$1') : command
}

function envOf(pairs: readonly unknown[] | undefined): Record<string, string> {
  const env: Record<string, string> = {}
  for (const pair of pairs ?? []) {
    const text = String(pair)
    const at = text.indexOf('=', 1)
    if (at > 0) env[text.slice(0, at)] = text.slice(at + 1)
  }
  return env
}

/**
 * Fails the way a program that is not there fails: Node makes the streams, and tells of the error later. The native handle is kept from
 * starting anything, so there is no process and no descriptor; with a process id of 0 Node makes streams that have none (Node 12 to 26).
 */
function fail(
  child: Child,
  options: SpawnOptions,
  spawnNothing: () => number,
  errno: number,
  error: Error | undefined,
): number {
  const handle = child._handle
  // A handle that started nothing would send a signal to this process's own group.
  if (handle)
    for (const [name, value] of [
      ['spawn', () => errno],
      ['kill', esrch],
      ['pid', 0],
    ] as const)
      define(handle, name, value)
  const original = child.emit
  const emit = function (this: Child, event: string | symbol, ...args: unknown[]): boolean {
    const open = event === 'close' ? this.stdio?.find(isOpen) : undefined
    if (open) {
      open.once('close', () => emit.call(this, event, ...args))
      return true
    }
    if (event === 'close') Reflect.deleteProperty(this, 'emit')
    if (event !== 'error') return Reflect.apply(original, this, [event, ...args])
    // First the streams: who is told of the error may throw.
    for (const stream of (this.stdio?.slice(1) ?? []) as (Duplex | null)[]) {
      stream?.once('end', () => stream.destroy()).push(null)
    }
    nextTick(closeChannel, options)
    return Reflect.apply(original, this, ['error', error ?? args[0]])
  }
  define(child, 'emit', emit)
  const result = spawnNothing()
  Object.assign(child, { pid: undefined })
  closePipes(options)
  // What is written to it waits, and ends with the error.
  if (child.stdin) Object.assign(child.stdin, { connecting: true })
  return result
}

function isOpen(stream: unknown): stream is Duplex {
  return stream !== null && stream !== undefined && !(stream as Duplex).closed
}

/** Streams that have no process take no handle, and nobody else closes it. By now Node has put its own form of `stdio` into the options. */
function closePipes({ stdio }: SpawnOptions): void {
  if (!isArray(stdio)) return
  for (const { type, ipc, handle } of stdio as Partial<Stdio>[])
    if ((type === 'pipe' || type === 'overlapped') && !ipc) handle?.close()
}

/**
 * Tells the channel to a process that never was that the other side has gone, as libuv does where a start fails; `close` waits for it.
 */
function closeChannel({ stdio }: SpawnOptions): void {
  if (!isArray(stdio)) return
  for (const { ipc, handle } of stdio as { ipc?: boolean; handle?: { onread?(data: undefined): void } }[]) {
    if (ipc) handle?.onread?.(undefined)
  }
}
