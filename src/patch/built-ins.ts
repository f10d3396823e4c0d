/** Meets built-in modules as Node loads them, so that none is loaded for the sake of a patch. */
import { builtIn } from '../built-in.ts'
import { SafeMap } from '../core/collections.ts'
import type { PatchSet } from './patch-set.ts'

type Met = () => void

/** Where Node notes what it has loaded. It keeps this list for those who read it (Node 20 to 26). */
const { moduleLoadList: loaded } = process as unknown as { readonly moduleLoadList?: string[] }
const PREFIX = 'NativeModule '

const waiting = new SafeMap<string, Met[]>()
let stopWatching: (() => void) | undefined

/**
 * Calls `patch` as soon as a built-in module is loaded: at once if it is. Node notes a module when it has run and before anybody has got it,
 * so nobody can hold a function that was not patched, whichever way he imports it. Loads it where Node keeps no list.
 *
 * Nothing is synchronised with ES modules here: there is no namespace of the module yet, and to read the exports of others while one of them
 * is being made kills Node 26 (`util.setTraceSigInt`, which loads `node:worker_threads`).
 *
 * @param name without `node:`
 * @param patch changes nothing but that module
 */
export function onceBuiltIn(patches: PatchSet, name: string, patch: () => void): void {
  if (loaded === undefined) builtIn(name)
  if (loaded?.includes(PREFIX + name) ?? true) {
    patch()
    return
  }
  stopWatching ??= watch(loaded as string[])
  waiting.set(name, [...(waiting.get(name) ?? []), patch])
  patches.onUndo(() => forget(name, patch))
}

function forget(name: string, met: Met): void {
  const left = (waiting.get(name) ?? []).filter((other) => other !== met)
  if (left.length > 0) waiting.set(name, left)
  else waiting.delete(name)
  if (waiting.size > 0) return
  stopWatching?.()
  stopWatching = undefined
}

/** An index that an array does not have yet is set through its prototype: that of the list is ours, and changes nothing else about it. */
function watch(list: string[]): () => void {
  const before = Reflect.getPrototypeOf(list) as object
  const watching = new Proxy(before, {
    set(_, key, value, receiver) {
      const done = Reflect.set(before, key, value, receiver)
      if (receiver === list && typeof value === 'string' && value.startsWith(PREFIX)) meet(value.slice(PREFIX.length))
      return done
    },
  })
  Reflect.setPrototypeOf(list, watching)
  return () => {
    if (Reflect.getPrototypeOf(list) === watching) Reflect.setPrototypeOf(list, before)
  }
}

function meet(name: string): void {
  const patches = waiting.get(name)
  waiting.delete(name)
  for (const patch of patches ?? []) patch()
}
