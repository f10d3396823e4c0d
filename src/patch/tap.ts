import { channel as channelOf } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { builtIn } from '../built-in.ts'
import type { Guard } from '../core/guard.ts'
import { captureSite, rememberSite } from '../errors/call-site.ts'
import { engineError } from '../errors/engine.ts'
import { loadPart } from '../parts.ts'
import { loadPeer } from '../peers.ts'
import type { Hop, Hub, NewThread, OpenCall, OpenOptions, OwnEndpoints, Redirected, Reply, Tap } from '../plugin.ts'
import { PRELOAD } from '../preload.ts'
import { START } from '../threads/messages.ts'
import type { Threads } from '../threads/starter.ts'
import { onceBuiltIn } from './built-ins.ts'
import { onceLoaded } from './loaded.ts'
import type { PatchSet } from './patch-set.ts'
import { spyOn } from './spy-on.ts'

// Captured at load: tests replace them.
const { isArray } = Array

export interface TapParts {
  readonly guard: Guard
  readonly own: OwnEndpoints
  readonly hop: Hop
  readonly hub: Hub
  readonly threads: Threads
  /** The protocol of the plugin. */
  readonly protocol: string
}

/** What a plugin installs with: patches that undo themselves, and the way to the guard. */
export function createTap({ guard, own, hop, hub, threads, protocol }: TapParts, patches: PatchSet): Tap {
  const tap: Tap = {
    own,
    hop,
    hub,
    patch: (owner, key, wrap) => patches.patch(owner, key, wrap),
    holds: (owner, key) => patches.holds(owner, key),
    subscribe(name, listener) {
      const channel = channelOf(name)
      const receive = (message: unknown) => listener(message)
      channel.subscribe(receive)
      patches.onUndo(() => channel.unsubscribe(receive))
    },
    onUndo: (undo) => patches.onUndo(undo),
    judge: (layer, connection) => guard.judge(layer, connection),
    memory: () => guard.memory(protocol),
    opened: (connection) => guard.opened(connection),
    use: (connection) => guard.use(connection),
    open: (layer, options?: OpenOptions) => guard.open(layer, options),
    within: <T>(call: OpenCall, fn: () => T) => guard.within(call, fn),
    carry: (layer, fn) => guard.carry(layer, fn),
    onceBuiltIn: (name, patch) => onceBuiltIn(patches, name, () => patch(builtIn(`node:${name}`) as never)),
    onceLoaded: (ends, found) => onceLoaded(patches, ends, found),
    here: rememberSite,
    current: () => guard.current(),
    thread: () => newThread(guard, threads),
    frame: () => guard.currentFrame(),
    runIn: (frame, fn) => guard.runIn(frame, fn),
    outside: (fn) => guard.runIn(guard.run, fn),
    passed: (layer) => guard.passed(layer),
    spyOn: (owner, key, implementation) => spyOn(guard, owner, key, implementation),
    peer: (name, what = name) => loadPeer(name, what),
    part: loadPart,
    answerTo: (layer) => guard.answering.answerTo(layer, guard.currentFrame()),
    limit: engineError,
    connectTo(reply) {
      const client = hub.connect(accepting(reply))
      const connection = hub.of(client)
      if (connection) connection.reply = reply
      return client
    },
    serve(socket, connect, args, reply) {
      // `net.connect` hands over what it made of its arguments as one list.
      const [options, listener] = isArray(args[0]) ? args[0] : [args[0], args.find((arg) => typeof arg === 'function')]
      const given = typeof options === 'object' && options !== null ? options : {}
      hub.redirect(socket, connect, accepting(reply), given, listener ?? undefined).reply = reply
      return socket
    },
  }
  const accepting = (reply: Reply) => (peer: Socket, connection: Redirected) =>
    guard.runIn(reply.frame, () => guard.plugins.get(reply.protocol)?.mocking?.serve?.(peer, connection, tap))
  return tap
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
