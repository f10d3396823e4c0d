/**
 * Copies of what a config holds, frozen to the ground: a test can import the config too, and must not change by that what is in force.
 */

import { isA, isRegExp } from '../core/kinds.ts'
import { isMatcher } from '../core/matcher.ts'

/**
 * A frozen copy. Patterns, maps, sets, dates and objects with predicates are copied, since freezing them changes nothing or breaks them; of
 * what else has a class of its own nobody knows how it is copied, so it is frozen where it is.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  return copy(value, new Map()) as T
}

type Seen = Map<object, unknown>

function copy(value: unknown, seen: Seen): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = seen.get(value)
  if (known !== undefined) return known
  if (isMatcher(value) || ArrayBuffer.isView(value)) return value
  const keep = <C extends object>(made: C): C => {
    seen.set(value, made)
    return made
  }
  if (isRegExp(value)) return keep(copyPattern(value))
  if (isA(value, 'Map')) return copyMap(value, keep(new Map()), seen)
  if (isA(value, 'Set')) return copySet(value, keep(new Set()), seen)
  if (isA(value, 'Date')) return withoutChanges(keep(new Date(value)), dateSetters())
  if (Array.isArray(value)) return Object.freeze(copyArray(value, keep([]), seen))
  const prototype: object | null = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  const target = isPlain || 'asymmetricMatch' in value ? keep(Object.create(prototype)) : keep(value)
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    if ('value' in descriptor) descriptor.value = copy(descriptor.value, seen)
    Reflect.defineProperty(target, key, descriptor)
  }
  return Object.freeze(target)
}

function copyArray(list: readonly unknown[], into: unknown[], seen: Seen): unknown[] {
  for (const part of list) into.push(copy(part, seen))
  return into
}

/** A global or sticky one has to move its `lastIndex`; frozen it could not be used. */
function copyPattern(pattern: RegExp): RegExp {
  const made = new RegExp(pattern.source, pattern.flags)
  return made.global || made.sticky ? made : Object.freeze(made)
}

function copyMap(map: ReadonlyMap<unknown, unknown>, into: Map<unknown, unknown>, seen: Seen): object {
  for (const [key, value] of map) into.set(copy(key, seen), copy(value, seen))
  return withoutChanges(into, ['set', 'delete', 'clear'])
}

function copySet(set: ReadonlySet<unknown>, into: Set<unknown>, seen: Seen): object {
  for (const value of set) into.add(copy(value, seen))
  return withoutChanges(into, ['add', 'delete', 'clear'])
}

function dateSetters(): string[] {
  return Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'))
}

/** What a collection holds is not in its properties, so freezing it is not enough. */
function withoutChanges(owner: object, methods: readonly string[]): object {
  for (const name of methods)
    Object.defineProperty(owner, name, {
      value: () => {
        throw new TypeError(`${name}: the config of tripwire is frozen`)
      },
    })
  return Object.freeze(owner)
}
