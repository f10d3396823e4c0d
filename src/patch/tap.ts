import { channel as channelOf } from 'node:diagnostics_channel'
import type { Guard } from '../core/guard.ts'
import type { Hop, OpenCall, OpenOptions, OwnEndpoints, Tap } from '../plugin.ts'
import type { PatchSet } from './patch-set.ts'

/** What a plugin installs with: patches that undo themselves, and the way to the guard. */
export function createTap(guard: Guard, patches: PatchSet, own: OwnEndpoints, hop: Hop): Tap {
  return {
    own,
    hop,
    patch: (owner, key, wrap) => patches.patch(owner, key, wrap),
    holds: (owner, key) => patches.holds(owner, key),
    subscribe(name, listener) {
      const channel = channelOf(name)
      const receive = (message: unknown) => listener(message)
      channel.subscribe(receive)
      patches.onUndo(() => channel.unsubscribe(receive))
    },
    onUndo: (undo) => patches.onUndo(undo),
    judge: (layer) => guard.judge(layer),
    open: (layer, options?: OpenOptions) => guard.open(layer, options),
    within: <T>(call: OpenCall, fn: () => T) => guard.within(call, fn),
    current: () => guard.current(),
    frame: () => guard.currentFrame(),
    runIn: (frame, fn) => guard.runIn(frame, fn),
  }
}
