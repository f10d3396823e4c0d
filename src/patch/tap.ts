import { channel as channelOf } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { Guard } from '../core/guard.ts'
import { rememberSite } from '../errors/call-site.ts'
import type { Hop, Hub, OpenCall, OpenOptions, OwnEndpoints, Redirected, Reply, Tap } from '../plugin.ts'
import { onceLoaded } from './loaded.ts'
import type { PatchSet } from './patch-set.ts'

/** What a plugin installs with: patches that undo themselves, and the way to the guard. */
export function createTap(guard: Guard, patches: PatchSet, own: OwnEndpoints, hop: Hop, hub: Hub): Tap {
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
    opened: (connection) => guard.opened(connection),
    use: (connection) => guard.use(connection),
    open: (layer, options?: OpenOptions) => guard.open(layer, options),
    within: <T>(call: OpenCall, fn: () => T) => guard.within(call, fn),
    carry: (layer, fn) => guard.carry(layer, fn),
    whenLoaded: (module, patch) => whenLoaded(guard, patches, module, patch),
    onceLoaded: (path, found) => onceLoaded(patches, path, found),
    here: rememberSite,
    current: () => guard.current(),
    frame: () => guard.currentFrame(),
    runIn: (frame, fn) => guard.runIn(frame, fn),
    passed: (layer) => guard.passed(layer),
    connectTo(reply) {
      const client = hub.connect(accepting(reply))
      const connection = hub.of(client)
      if (connection) connection.reply = reply
      return client
    },
    serve(socket, connect, args, reply) {
      // `net.connect` hands over what it made of its arguments as one list.
      const [options, listener] = Array.isArray(args[0])
        ? args[0]
        : [args[0], args.find((arg) => typeof arg === 'function')]
      const given = typeof options === 'object' && options !== null ? options : {}
      hub.redirect(socket, connect, accepting(reply), given, listener ?? undefined).reply = reply
      return socket
    },
  }
  const accepting = (reply: Reply) => (peer: Socket, connection: Redirected) =>
    guard.runIn(reply.frame, () => guard.plugins.get(reply.protocol)?.mocking?.serve?.(peer, connection, tap))
  return tap
}

/** Loading `https`, `tls` and `http2` costs 25 to 43 ms on Node 24, so their patches wait until somebody else has loaded them. */
function whenLoaded(guard: Guard, patches: PatchSet, module: string, patch: () => void): void {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] }
  const name = `NativeModule ${module}`
  const isLoaded = () => moduleLoadList?.includes(name) ?? true
  const check = () => {
    if (!isLoaded()) return
    guard.lazily.splice(guard.lazily.indexOf(check), 1)
    patch()
    patches.sync()
  }
  if (isLoaded()) patch()
  else guard.lazily.push(check)
}
