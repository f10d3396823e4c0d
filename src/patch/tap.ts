import { channel as channelOf } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { builtIn } from '../built-in.ts'
import { SafeWeakSet } from '../core/collections.ts'
import type { Guard } from '../core/guard.ts'
import { captureSite, rememberSite } from '../errors/call-site.ts'
import { engineError } from '../errors/engine.ts'
import { loadPart } from '../parts.ts'
import { loadPeer } from '../peers.ts'
import type {
  EngineLimit,
  Frame,
  Hop,
  Hub,
  Layer,
  Memory,
  NewThread,
  OpenCall,
  OpenOptions,
  Outcome,
  OwnEndpoints,
  Redirected,
  Reply,
  Spy,
  Tap,
} from '../plugin.ts'
import { PRELOAD } from '../preload.ts'
import { START } from '../threads/messages.ts'
import type { Threads } from '../threads/starter.ts'
import { onceBuiltIn } from './built-ins.ts'
import { onceLoaded } from './loaded.ts'
import type { PatchSet } from './patch-set.ts'
import { spyOn } from './spy-on.ts'

// Captured at load: tests replace them.
const { isArray } = Array

/** What a channel keeps of those who listen to it (Node 20 to 26). */
interface ChannelInternals {
  readonly hasSubscribers: boolean
  readonly _subscribers?: readonly object[]
  readonly _stores?: { readonly size: number }
}

/** Those of all plugins. */
const listeners = new SafeWeakSet<object>()

export interface TapParts {
  readonly guard: Guard
  readonly own: OwnEndpoints
  readonly hop: Hop
  readonly hub: Hub
  readonly threads: Threads
  /** The protocol of the plugin. */
  readonly protocol: string
}

/** What a plugin installs with: patches that undo themselves, and the way to the guard. A class, as there is one for each plugin of each worker. */
export class PluginTap implements Tap {
  readonly own: OwnEndpoints
  readonly hop: Hop
  readonly hub: Hub
  readonly #guard: Guard
  readonly #threads: Threads
  readonly #protocol: string
  readonly #patches: PatchSet

  constructor({ guard, own, hop, hub, threads, protocol }: TapParts, patches: PatchSet) {
    this.own = own
    this.hop = hop
    this.hub = hub
    this.#guard = guard
    this.#threads = threads
    this.#protocol = protocol
    this.#patches = patches
  }

  patch<T extends object, K extends keyof T & (string | symbol)>(
    owner: T,
    key: K,
    wrap: (original: T[K]) => T[K],
  ): void {
    this.#patches.patch(owner, key, wrap)
  }

  holds(owner: object, key: string | symbol): boolean {
    return this.#patches.holds(owner, key)
  }

  subscribe(name: string, listener: (message: unknown) => void): void {
    const channel = channelOf(name)
    const receive = (message: unknown) => listener(message)
    listeners.add(receive)
    channel.subscribe(receive)
    this.#patches.onUndo(() => channel.unsubscribe(receive))
  }

  overheard(name: string): boolean {
    const { hasSubscribers, _subscribers, _stores } = channelOf(name) as ChannelInternals
    if (!hasSubscribers) return false
    if (_subscribers === undefined || (_stores?.size ?? 1) > 0) return true
    for (const each of _subscribers) if (!listeners.has(each)) return true
    return false
  }

  onUndo(undo: () => void): void {
    this.#patches.onUndo(undo)
  }

  judge(layer: Layer, connection?: object): Outcome {
    return this.#guard.judge(layer, connection)
  }

  memory(): Memory {
    return this.#guard.memory(this.#protocol)
  }

  opened(connection: object): Layer | undefined {
    return this.#guard.opened(connection)
  }

  use(connection: object): Outcome {
    return this.#guard.use(connection)
  }

  open(layer: () => Layer, options?: OpenOptions): OpenCall {
    return this.#guard.open(layer, options)
  }

  within<T>(call: OpenCall, fn: () => T): T {
    return this.#guard.within(call, fn)
  }

  carry<T>(layer: Layer, fn: () => T): T {
    return this.#guard.carry(layer, fn)
  }

  onceBuiltIn<T extends object>(name: string, patch: (module: T) => void): void {
    onceBuiltIn(this.#patches, name, () => patch(builtIn(`node:${name}`) as never))
  }

  onceLoaded(ends: readonly string[], found: (exported: object) => void): void {
    onceLoaded(this.#patches, ends, found)
  }

  here(): <T>(fn: () => T) => T {
    return rememberSite()
  }

  current(): OpenCall | undefined {
    return this.#guard.current()
  }

  thread(): NewThread | undefined {
    return newThread(this.#guard, this.#threads)
  }

  frame(): Frame {
    return this.#guard.currentFrame()
  }

  runIn<T>(frame: Frame, fn: () => T): T {
    return this.#guard.runIn(frame, fn)
  }

  outside<T>(fn: () => T): T {
    return this.#guard.runIn(this.#guard.run, fn)
  }

  passed(layer: Layer): OpenCall {
    return this.#guard.passed(layer)
  }

  spyOn(owner: object, key: PropertyKey, implementation: (...args: never[]) => unknown): Spy {
    return spyOn(this.#guard, owner, key, implementation)
  }

  peer(name: string, what = name): object {
    return loadPeer(name, what)
  }

  part(name: string): object {
    return loadPart(name)
  }

  answerTo(layer: Layer): unknown {
    return this.#guard.answering.answerTo(layer, this.#guard.currentFrame())
  }

  limit(limit: EngineLimit): Error {
    return engineError(limit)
  }

  connectTo(reply: Reply): Socket {
    const client = this.hub.connect(this.#accepting(reply))
    const connection = this.hub.of(client)
    if (connection) connection.reply = reply
    return client
  }

  serve(socket: Socket, connect: (...args: never[]) => unknown, args: readonly unknown[], reply: Reply): Socket {
    // `net.connect` hands over what it made of its arguments as one list.
    const [options, listener] = isArray(args[0]) ? args[0] : [args[0], args.find((arg) => typeof arg === 'function')]
    const given = typeof options === 'object' && options !== null ? options : {}
    this.hub.redirect(socket, connect, this.#accepting(reply), given, listener ?? undefined).reply = reply
    return socket
  }

  #accepting(reply: Reply) {
    return (peer: Socket, connection: Redirected) =>
      this.#guard.runIn(reply.frame, () =>
        this.#guard.plugins.get(reply.protocol)?.mocking?.serve?.(peer, connection, this),
      )
  }
}

function newThread(guard: Guard, threads: Threads): NewThread | undefined {
  if (!guard.active) return undefined
  const thread = threads.prepare(guard.currentFrame(), captureSite().callSite)
  return {
    key: START,
    start: thread.start,
    transfer: thread.start.port,
    preload: PRELOAD,
    work: () => thread.workFor(guard.currentFrame()),
    end: () => thread.end(),
  }
}
