import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frozen } from '../../../src/config/frozen.ts'
import { M } from '../../../src/core/matcher.ts'

describe('a frozen copy', () => {
  test('is equal to what it was made of, frozen to the ground, and shares nothing with it', () => {
    const value = fc.object({
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: false,
    })
    fc.assert(
      fc.property(value, (original) => {
        const copy = frozen(original)
        expect(copy).toEqual(original)
        const open = objectsOf(copy).filter((part) => !Object.isFrozen(part))
        expect(open).toEqual([])
        const parts = new Set(objectsOf(original))
        expect(objectsOf(copy).filter((part) => parts.has(part))).toEqual([])
      }),
    )
  })

  test('leaves the original as open as it was', () => {
    const original = { list: [1], map: new Map([['a', {}]]) }
    frozen(original)
    original.list.push(2)
    original.map.set('b', {})
    expect(objectsOf(original).filter((part) => Object.isFrozen(part))).toEqual([])
  })

  test.each<[string, () => unknown]>([
    ['an object', () => Object.assign(frozen({ a: 1 }), { a: 2 })],
    ['an array', () => frozen([1]).push(2)],
    ['a map', () => frozen(new Map([['a', 1]])).set('a', 2)],
    [
      'what a map holds',
      () =>
        frozen(new Map([['a', [1]]]))
          .get('a')
          ?.push(2),
    ],
    ['a set', () => frozen(new Set([1])).add(2)],
    ['a date', () => frozen(new Date(0)).setFullYear(2000)],
    ['a pattern', () => Object.assign(frozen(/a/), { lastIndex: 1 })],
    [
      'an object with a predicate',
      () => Object.assign(frozen({ text: 'a', asymmetricMatch: () => true }), { text: 'b' }),
    ],
  ])('of %s cannot be changed', (_, change) => {
    expect(change).toThrow(TypeError)
  })

  test('of a pattern works as it did, also a global one', () => {
    const pattern = /a(?<b>.)/g
    const copy = frozen(pattern)
    pattern.compile('never')
    expect('xabxac'.replace(copy, '$<b>')).toBe('xbxc')
    expect(frozen(/^A$/i).test('a')).toBe(true)
  })

  test('of an object with a predicate keeps its class', () => {
    const matcher = expect.stringContaining('a')
    const copy = frozen(matcher)
    expect(copy).not.toBe(matcher)
    expect(copy.asymmetricMatch('xax')).toBe(true)
  })

  test('of what has a class of its own is the thing itself, frozen', () => {
    class Owner {
      #name = 'platform'
      name() {
        return this.#name
      }
    }
    const owner = new Owner()
    expect(frozen({ owner }).owner).toBe(owner)
    expect(owner.name()).toBe('platform')
    expect(Object.isFrozen(owner)).toBe(true)
  })

  test('of matchers, functions and bytes is the thing itself', () => {
    const parts = { matcher: M({ protocol: 'http' }), fn: () => 1, bytes: new Uint8Array(2) }
    expect(Object.values(frozen(parts))).toEqual(Object.values(parts))
    expect(frozen(parts).matcher).toBe(parts.matcher)
  })

  test('of a circle is a circle', () => {
    const ring: { self?: unknown } = {}
    ring.self = ring
    const copy = frozen(ring)
    expect(copy.self).toBe(copy)
    expect(copy).not.toBe(ring)
  })
})

/** All objects in a value, the value included. */
function objectsOf(value: unknown, found = new Set<object>()): object[] {
  if (typeof value !== 'object' || value === null || found.has(value)) return [...found]
  found.add(value)
  const inside = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : []
  for (const part of [...Object.values(value), ...inside]) objectsOf(part, found)
  return [...found]
}
