/** Puts watchers into what a known addon exports, at the moment it is loaded, before its own JavaScript can take a function out of it. */
import type { Tap } from '../../src/plugin.ts'
import { ADDONS, type Opening } from './addons.ts'
import { elsewhere, endpointOf, layerOf } from './openings.ts'
import { throwIfStopped } from './report.ts'

type Fn = (...args: unknown[]) => unknown

/** Gives the exports to go on with: others where the addon has locked its own (duckdb). */
export function watchExports(tap: Tap, folder: string, exported: object): object {
  const instead: PropertyDescriptorMap = {}
  for (const { name, packages, opens } of ADDONS) {
    if (!packages.test(folder)) continue
    const locked: Record<string, Record<string, Fn>> = {}
    for (const [path, opening] of Object.entries(opens)) {
      const keys = path.split('.')
      const key = keys.pop() as string
      const owner = keys.reduce<Owner | undefined>((at, step) => at?.[step] as Owner | undefined, exported as Owner)
      // Another version of it.
      if (owner === undefined || Object(owner) !== owner || typeof owner[key] !== 'function') continue
      const watched = (original: unknown) => watch(tap, original as Fn, name, [opening].flat())
      if (isOpen(owner, key)) tap.patch(owner as Record<string, Fn>, key, watched)
      else if (owner === exported) instead[key] = { value: watched(owner[key]) }
      else if (keys[1] === 'prototype') {
        locked[keys[0] as string] ??= {}
        ;(locked[keys[0] as string] as Record<string, Fn>)[key] = watched(owner[key])
      }
    }
    for (const [key, methods] of Object.entries(locked)) {
      const watched = (original: unknown) => withMethods(original as Class, methods)
      if (isOpen(exported, key)) tap.patch(exported as Record<string, Class>, key, watched)
      else instead[key] = { value: watched((exported as Owner)[key]) }
    }
  }
  return Object.keys(instead).length === 0 ? exported : Object.create(exported, instead)
}

type Owner = Record<string, unknown>
type Class = new (...args: never[]) => object

/** Node-API's methods cannot be replaced unless their author says so (lmdb, zeromq): those that are watched stand in front of them. */
function withMethods(original: Class, methods: Readonly<Record<string, Fn>>): Class {
  const front: PropertyDescriptorMap = { constructor: { value: watched, writable: true, configurable: true } }
  for (const [key, value] of Object.entries(methods)) front[key] = { value, writable: true, configurable: true }
  // Locked, so that it is not taken for the prototype of the original by whoever makes the two look alike.
  Object.defineProperty(watched, 'prototype', { value: Object.create(original.prototype, front), writable: false })
  function watched(...args: never[]): object {
    return Reflect.construct(original, args, new.target ?? Object)
  }
  return watched as unknown as Class
}

function watch(tap: Tap, original: Fn, name: string, openings: readonly Opening[]): Fn {
  const look = (args: readonly unknown[], fail: (opening: Opening) => void = () => {}) => {
    for (const opening of openings) {
      const layer = layerOf(opening, name, args)
      const outcome = layer && tap.judge(layer)
      if (outcome === undefined || outcome.kind === 'pass') continue
      fail(opening)
      throwIfStopped(outcome, () => noSuchFile(String(layer?.facts.path ?? layer?.facts.program)))
    }
  }
  return new Proxy(original, {
    apply(target, self, args) {
      look(args, (opening) => {
        if (opening.mustFail) failItself(() => Reflect.apply(target, self, elsewhere(opening, args)))
      })
      const made: unknown = Reflect.apply(target, self, args)
      for (const { kind } of openings) if (kind === 'server') noteServer(tap, self, made)
      return made
    },
    construct(target, args, made) {
      look(args)
      return Reflect.construct(target, args, made)
    },
  })
}

function failItself(open: () => unknown): void {
  try {
    open()
  } catch {
    // As it has to.
  }
}

/** What the test itself listens on is its own, from the moment it does. */
function noteServer({ own }: Tap, socket: { readonly lastEndpoint?: unknown }, listens: unknown): void {
  const note = () => {
    const key = endpointOf(String(socket.lastEndpoint))
    if (key !== undefined) own.add(key)
  }
  const { then } = (listens ?? {}) as Partial<Promise<unknown>>
  if (typeof then === 'function') Reflect.apply(then, listens, [note, () => {}])
  else note()
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
