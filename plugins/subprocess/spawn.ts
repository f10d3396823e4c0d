/** Programs that run beside the test: `spawn`, `exec`, `execFile`, `fork`, `cluster.fork` and what is built on them. */
import type { ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { Tap } from '../../src/plugin.ts'
import { factsOf, type Start } from './command.ts'

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
}

interface Internals {
  _handle: object | null
  spawn(options: SpawnOptions): number
}

type Child = ChildProcess & Internals

export function guardChildren(tap: Tap, children: Children, errnoOf: (name: string) => number): void {
  tap.patch(children.ChildProcess.prototype as unknown as Internals, 'spawn', (original) => {
    return function spawn(this: Child, options) {
      const start = startOf(options)
      if (start === undefined) return Reflect.apply(original, this, [options])
      const facts = factsOf(start)
      const outcome = tap.judge({ protocol: 'subprocess', operation: 'subprocess:spawn', facts })
      if (outcome.kind === 'block' || outcome.kind === 'refuse') {
        const spawnNothing = () => Reflect.apply(original, this, [options])
        return fail(this, options, spawnNothing, errnoOf('ENOENT'), outcome)
      }
      const result = Reflect.apply(original, this, [options])
      if (this.pid) tap.own.add(`pid:${this.pid}`)
      return result
    }
  })
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
  outcome: { kind: 'refuse' } | { kind: 'block'; error: Error },
): number {
  const handle = child._handle
  if (handle) Object.defineProperty(handle, 'spawn', { value: () => errno, configurable: true })
  if (handle) Object.defineProperty(handle, 'pid', { value: 0, configurable: true })
  const original = child.emit
  const emit = function (this: Child, event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'close' && this.stdio.some(isOpen)) {
      for (const stream of this.stdio) if (isOpen(stream)) stream.once('close', () => emit.call(this, event, ...args))
      return true
    }
    if (event === 'close') Reflect.deleteProperty(this, 'emit')
    if (event !== 'error') return Reflect.apply(original, this, [event, ...args])
    // First the streams: who is told of the error may throw.
    for (const stream of this.stdio.slice(1) as (Duplex | null)[]) {
      stream?.once('end', () => stream.destroy()).push(null)
    }
    nextTick(closeChannel, options)
    return Reflect.apply(original, this, ['error', outcome.kind === 'block' ? outcome.error : args[0]])
  }
  Object.defineProperty(child, 'emit', { value: emit, writable: true, configurable: true, enumerable: false })
  const result = spawnNothing()
  Object.assign(child, { pid: undefined })
  // What is written to it waits, and ends with the error.
  if (child.stdin) Object.assign(child.stdin, { connecting: true })
  return result
}

function isOpen(stream: unknown): stream is Duplex {
  return stream !== null && stream !== undefined && !(stream as Duplex).closed
}

/**
 * Tells the channel to a process that never was that the other side has gone, as libuv does where a start fails; `close` waits for it. By now
 * Node has put its own form of `stdio` into the options.
 */
function closeChannel({ stdio }: SpawnOptions): void {
  if (!isArray(stdio)) return
  for (const { ipc, handle } of stdio as { ipc?: boolean; handle?: { onread?(data: undefined): void } }[]) {
    if (ipc) handle?.onread?.(undefined)
  }
}
