/** Puts watchers into what a known addon exports, at the moment it is loaded, before its own JavaScript can take a function out of it. */
import type { Layer, Tap } from '../../src/plugin.ts'
import { ADDONS } from './addons.ts'
import { layerOf } from './openings.ts'
import { throwIfStopped } from './report.ts'

type Fn = (...args: unknown[]) => unknown

export function watchExports(tap: Tap, name: string, exported: object): void {
  for (const { packages, opens } of ADDONS) {
    if (!packages.test(name)) continue
    for (const [path, opening] of Object.entries(opens))
      watch(tap, exported, path, (args) => layerOf(opening, name, args))
  }
}

/** @param path of a function or class, from the exports on: `Env.prototype.open` */
function watch(
  tap: Tap,
  exported: object,
  path: string,
  layerFor: (args: readonly unknown[]) => Layer | undefined,
): void {
  const keys = path.split('.')
  const key = keys.pop() as string
  let owner: object | undefined = exported
  for (const step of keys) owner = (owner as Record<string, object> | undefined)?.[step]
  // Another version of it.
  if (owner === undefined || Object(owner) !== owner || typeof (owner as Record<string, unknown>)[key] !== 'function')
    return
  const look = (args: readonly unknown[]) => {
    const layer = layerFor(args)
    if (layer) throwIfStopped(tap.judge(layer), () => noSuchFile(String(layer.facts.path ?? layer.facts.program)))
  }
  if (!isOpen(owner, key)) return
  tap.patch(owner as Record<string, Fn>, key, (original) => {
    return new Proxy(original, {
      apply(target, self, args) {
        look(args)
        return Reflect.apply(target, self, args)
      },
      construct(target, args, made) {
        look(args)
        return Reflect.construct(target, args, made)
      },
    })
  })
}

/** Loading must not fail for an export that is locked. */
function isOpen(owner: object, key: string): boolean {
  const property = Reflect.getOwnPropertyDescriptor(owner, key)
  return property === undefined
    ? Object.isExtensible(owner)
    : property.configurable === true || property.writable === true
}

function noSuchFile(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), {
    code: 'ENOENT',
    errno: -2,
    path,
  })
}
