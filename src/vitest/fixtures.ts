/**
 * Fixtures of file and worker scope are set up in the first test that needs them and outlive it. Their functions run in the file's frame,
 * so that they are judged by its rules and their later work is nobody's leak.
 */
import { it, test } from 'vitest'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'

type Fn = (...args: unknown[]) => unknown
interface Extendable {
  extend(...args: unknown[]): Extendable
}

const WRAPPED = new WeakSet<object>()
let place: { guard: Guard; frame: Frame }

export function frameFixtures(guard: Guard, frame: Frame): void {
  place = { guard, frame }
  wrapExtend(test as unknown as Extendable)
  wrapExtend(it as unknown as Extendable)
}

function wrapExtend(owner: Extendable): void {
  if (WRAPPED.has(owner)) return
  WRAPPED.add(owner)
  const { extend } = owner
  owner.extend = function (this: Extendable, ...args) {
    const extended = Reflect.apply(
      extend,
      this,
      args.map((arg, at) => (typeof arg === 'string' ? arg : wrapFixtures(arg, args[at - 1]))),
    )
    wrapExtend(extended)
    return extended
  }
}

/** `{ name: [fn, { scope }] }`, or the last argument of `extend(name, { scope }, fn)`. */
function wrapFixtures(value: unknown, before: unknown): unknown {
  if (typeof value === 'function') return outlives(before) ? inFile(value as Fn) : value
  if (typeof value !== 'object' || value === null || outlives(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, fixture]) => {
      const isFn = Array.isArray(fixture) && typeof fixture[0] === 'function' && outlives(fixture[1])
      return [name, isFn ? [inFile(fixture[0] as Fn), ...fixture.slice(1)] : fixture]
    }),
  )
}

function outlives(options: unknown): boolean {
  const scope = (options as { scope?: unknown } | undefined)?.scope
  return scope === 'file' || scope === 'worker'
}

function inFile(fn: Fn): Fn {
  const wrapped: Fn = (...args) => place.guard.runIn(place.frame, () => fn(...args))
  // Vitest reads the names of a fixture's dependencies from its source.
  wrapped.toString = () => fn.toString()
  return Object.defineProperty(wrapped, 'length', { value: fn.length })
}
