import { vi } from 'vitest'
import type { SpyOn } from '../core/guard-parts.ts'
import { RuleSyntaxError } from '../core/rule-syntax.ts'

type Fn = (...args: never[]) => unknown

/**
 * A `vi.fn` in the place of a function, and not `vi.spyOn`: `mockReset` gives it our implementation back, `restoreMocks` knows nothing of it,
 * and a spy of the user's that is there already stays what it is, below.
 */
export const spyOn: SpyOn = (owner, key, implementation) => {
  const object = owner as Record<PropertyKey, Fn>
  const original = object[key] as Fn
  const own = Reflect.getOwnPropertyDescriptor(owner, key)
  const spy = like(original, vi.fn(implementation).mockName(String(key)))
  put(owner, key, spy)
  const isThere = () => object[key] === spy
  return {
    original,
    isThere,
    restore() {
      if (!isThere()) return
      if (own === undefined) Reflect.deleteProperty(owner, key)
      else Reflect.defineProperty(owner, key, own)
    },
  }
}

/** By this `util.promisify` would find the original. */
const PROMISIFIED = Symbol.for('nodejs.util.promisify.custom')

/** With the outside of the original: a class keeps what is static, and its prototype for `instanceof`. */
function like(original: Fn, spy: Fn): Fn {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key) as PropertyDescriptor
    if (key === 'prototype') Reflect.set(spy, key, descriptor.value)
    else if (key === 'name' || key === 'length' || (key !== PROMISIFIED && !Object.hasOwn(spy, key)))
      Reflect.defineProperty(spy, key, descriptor)
  }
  return Object.setPrototypeOf(spy, Object.getPrototypeOf(original))
}

/** In the way that the original is held: what a module exports, Vitest keeps behind accessors. @throws RuleSyntaxError */
function put(owner: object, key: PropertyKey, fn: Fn): void {
  const found = descriptorOf(owner, key) ?? { writable: true, configurable: true, enumerable: true }
  const { value: _, writable, get, ...rest } = found
  const slot = get === undefined ? { ...rest, writable: writable === true, value: fn } : { ...rest, get: () => fn }
  if (Reflect.defineProperty(owner, key, slot)) return
  throw new RuleSyntaxError(
    `'${String(key)}' cannot be replaced, as its object is frozen, or a module`,
    "an object whose functions can be replaced; what a module exports can be after vi.mock('./module', { spy: true })",
  )
}

function descriptorOf(owner: object, key: PropertyKey): PropertyDescriptor | undefined {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Reflect.getOwnPropertyDescriptor(at, key)
    if (found !== undefined) return found
  }
  return undefined
}
