/** Puts watchers into what a known addon exports, at the moment it is loaded, before its own JavaScript can take a function out of it. */
import type { Layer, Tap } from '../../src/plugin.ts'
import { ADDONS } from './addons.ts'
import { layerOf } from './openings.ts'
import { throwIfStopped } from './report.ts'

type Fn = (...args: unknown[]) => unknown

/** Gives the exports to go on with: others where the addon has locked its own (duckdb). */
export function watchExports(tap: Tap, folder: string, exported: object): object {
  const instead: PropertyDescriptorMap = {}
  for (const { name, packages, opens } of ADDONS) {
    if (!packages.test(folder)) continue
    for (const [path, opening] of Object.entries(opens)) {
      const keys = path.split('.')
      const key = keys.pop() as string
      const owner = keys.reduce<Owner | undefined>((at, step) => at?.[step] as Owner | undefined, exported as Owner)
      // Another version of it.
      if (owner === undefined || Object(owner) !== owner || typeof owner[key] !== 'function') continue
      const watched = (original: unknown) => watch(tap, original as Fn, (args) => layerOf(opening, name, args))
      if (isOpen(owner, key)) tap.patch(owner as Record<string, Fn>, key, watched)
      else if (owner === exported) instead[key] = { value: watched(owner[key]) }
    }
  }
  return Object.keys(instead).length === 0 ? exported : Object.create(exported, instead)
}

type Owner = Record<string, unknown>

function watch(tap: Tap, original: Fn, layerFor: (args: readonly unknown[]) => Layer | undefined): Fn {
  const look = (args: readonly unknown[]) => {
    const layer = layerFor(args)
    if (layer) throwIfStopped(tap.judge(layer), () => noSuchFile(String(layer.facts.path ?? layer.facts.program)))
  }
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
