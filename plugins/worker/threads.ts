/** `new Worker(…)` of every form, and the messages by which a thread that lives on is given work. */

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MessageChannel, MessagePort, Worker, WorkerOptions } from 'node:worker_threads'
import type { Layer, NewThread, Tap } from '../../src/plugin.ts'
import { SafeWeakMap } from '../../src/plugin.ts'

// Captured at load: tests replace them.
const { isArray } = Array

export type Threads = typeof import('node:worker_threads')
type Start = ConstructorParameters<typeof Worker>

const { execArgv: inherited, cwd: currentFolder } = process
const { construct } = Reflect
// Captured at load: tests replace it.
const { URL } = globalThis

/** Takes note of what is transferred to a thread. */
type Follow = (worker: object, transfer: unknown) => void

export function guardThreads(tap: Tap, threads: Threads): void {
  const started = new SafeWeakMap<object, NewThread>()
  const follow = followWork(tap, threads, started)
  tap.patch(threads, 'Worker', (Original) => {
    const Watched: typeof Worker = new Proxy(Original, {
      construct(_, args, target): Worker {
        const make = (given: readonly unknown[]): Worker =>
          construct(Original, given, target === Watched ? Original : target)
        const layer = layerOf(args as unknown as Start)
        if (layer === undefined) return make(args)
        const outcome = tap.judge(layer)
        if (outcome.kind === 'block') throw outcome.error
        if (outcome.kind === 'refuse') throw noThread()
        const thread = tap.thread()
        if (thread === undefined) return make(args)
        const made = startWith(threads, thread, args as unknown as Start, make)
        started.set(made, thread)
        follow(made, (args[1] as WorkerOptions | undefined)?.transferList)
        return made
      },
    })
    return Watched
  })
}

/**
 * A thread of a pool works for whoever gave it its last task, by a message to it or through a port that was sent to it (piscina, tinypool).
 * A task that waited for a thread is sent by whatever made room.
 */
function followWork(tap: Tap, threads: Threads, started: WeakMap<object, NewThread>): Follow {
  const peers = new SafeWeakMap<object, object>()
  /** Ports that stayed here, by the thread that has their other end. */
  const leadTo = new SafeWeakMap<object, NewThread>()
  const { MessageChannel: plain } = threads
  tap.patch(threads, 'MessageChannel', (Original) => {
    const Watched: typeof Original = new Proxy(Original, {
      construct(_, args, target) {
        const channel: MessageChannel = construct(Original, args, target === Watched ? Original : target)
        peers.set(channel.port1, channel.port2).set(channel.port2, channel.port1)
        return channel
      },
    })
    return Watched
  })
  // Node 15 to 26 offer the same class under both names.
  const everywhere = globalThis as unknown as Pick<Threads, 'MessageChannel'>
  if (everywhere.MessageChannel === plain) tap.patch(everywhere, 'MessageChannel', () => threads.MessageChannel)
  const follow = (worker: object, given: unknown) => {
    const thread = started.get(worker)
    if (thread === undefined) return
    thread.work()
    const { transfer = given } = (given ?? {}) as { transfer?: unknown }
    if (!isArray(transfer)) return
    for (const sent of transfer) {
      const peer = typeof sent === 'object' && sent !== null ? peers.get(sent) : undefined
      if (peer) leadTo.set(peer, thread)
    }
  }
  tap.patch(threads.Worker.prototype, 'postMessage', (original) => {
    return function postMessage(this: Worker, ...args) {
      follow(this, args[1])
      return Reflect.apply(original, this, args)
    }
  })
  tap.patch(threads.MessagePort.prototype, 'postMessage', (original) => {
    return function postMessage(this: MessagePort, ...args) {
      leadTo.get(this)?.work()
      return Reflect.apply(original, this, args)
    }
  })
  return follow
}

/** Undefined for what Node itself refuses. */
function layerOf([file, options]: Start): Layer | undefined {
  const { eval: isText, name } = options ?? {}
  const facts = {
    ...(name !== undefined && { name: String(name) }),
  }
  if (isText) return typeof file === 'string' ? layer({ source: 'eval', ...facts }) : undefined
  if (file instanceof URL || (typeof file === 'object' && file !== null && 'href' in file)) {
    const { protocol, href } = file as URL
    if (protocol === 'data:') return layer({ source: 'data', ...facts })
    if (protocol !== 'file:') return undefined
    return layer({ source: 'file', path: fileURLToPath(href), ...facts })
  }
  if (typeof file !== 'string') return undefined
  return layer({ source: 'file', path: resolve(currentFolder(), file), ...facts })
}

function layer(facts: Layer['facts']): Layer {
  return { protocol: 'worker', operation: 'worker:start', facts }
}

function startWith(
  { setEnvironmentData }: Threads,
  thread: NewThread,
  [file, options = {}]: Start,
  make: (args: readonly unknown[]) => Worker,
): Worker {
  const { key, start, transfer, preload } = thread
  const transferList = [...(options.transferList ?? []), transfer] as NonNullable<WorkerOptions['transferList']>
  const execArgv = withPreload(options, preload)
  const given: WorkerOptions = { ...options, transferList, ...(execArgv && { execArgv }) }
  setEnvironmentData(key, start as never)
  try {
    try {
      return make([file, given])
    } catch (error) {
      const left = execArgv && withoutRefused(execArgv, error)
      // Options of the whole process that Vitest gave us: a thread inherits them, but takes none of them as its own.
      if (left === undefined || options.execArgv !== undefined) throw error
      return make([file, { ...given, execArgv: left }])
    }
  } catch (error) {
    thread.end()
    throw error
  } finally {
    setEnvironmentData(key, undefined as never)
  }
}

/** The options that make the preload run in the thread; undefined where it inherits them. Node runs no `--import` before a text of code (20 to 26). */
function withPreload(
  { eval: isText, execArgv }: WorkerOptions,
  { module, script }: NewThread['preload'],
): string[] | undefined {
  const options = execArgv ?? inherited
  if (!isArray(options)) return undefined
  if (isText) return [...options, '--require', script]
  if (options.includes(module)) return undefined
  return [...options, '--import', module]
}

function withoutRefused(options: readonly string[], error: unknown): string[] | undefined {
  const { code, message } = error as { code?: string; message?: string }
  if (code !== 'ERR_WORKER_INVALID_EXEC_ARGV') return undefined
  const refused = (message ?? '').replace(/^.*?: /, '').split(', ')
  return options.filter((option) => !refused.includes(option))
}

/** What Node throws where the system starts no thread. */
function noThread(): Error {
  const error = new Error('Worker initialization failure: EAGAIN')
  return Object.assign(error, { code: 'ERR_WORKER_INIT_FAILED' })
}
