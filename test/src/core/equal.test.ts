import { describe, expect, test } from 'vitest'
import { fits } from '../../../src/core/equal.ts'

const bytes = (...values: number[]) => new Uint8Array(values)
const symbol = Symbol('key')

describe('values that say the same fit', () => {
  test.each<[string, unknown, unknown]>([
    ['addresses', new URL('https://a.example.com'), new URL('https://a.example.com/')],
    ['query strings', new URLSearchParams('a=1'), new URLSearchParams({ a: '1' })],
    ['headers', new Headers({ b: '2', A: '1' }), new Headers({ a: '1', b: '2' })],
    ['sets, in any order', new Set([1, { a: 2 }]), new Set([{ a: 2 }, 1])],
    ['maps, in any order', new Map(Object.entries({ a: [1], b: [2] })), new Map(Object.entries({ b: [2], a: [1] }))],
    ['sets with matchers', new Set([expect.any(Number)]), new Set([5])],
    ['dates', new Date(5), new Date(5)],
    ['invalid dates', new Date(Number.NaN), new Date('nonsense')],
    ['errors', new TypeError('a'), new TypeError('a')],
    ['boxed values', Object('a'), Object('a')],
    ['bytes in whatever view', bytes(1, 2), bytes(0, 1, 2).subarray(1)],
    ['keys that are undefined', { a: 1 }, { a: 1, b: undefined }],
    ['nothing in it', {}, Object.create(null)],
  ])('%s', (_, expected, actual) => expect(fits(expected, actual)).toBe(true))
})

describe('values that differ do not', () => {
  test.each<[string, unknown, unknown]>([
    ['addresses', new URL('https://a.example.com'), new URL('https://b.example.com')],
    ['query strings', new URLSearchParams('a=1'), new URLSearchParams('a=2')],
    ['headers', new Headers({ a: '1' }), new Headers({ a: '2' })],
    ['form data', formOf('a', '1'), formOf('a', '2')],
    ['sets', new Set([1, 1, 2]), new Set([1, 3])],
    ['sets of another size', new Set([1]), new Set([1, 2])],
    ['maps', new Map([['a', 1]]), new Map([['a', 2]])],
    ['dates', new Date(5), new Date(6)],
    ['boxed values', Object('a'), Object('b')],
    ['blobs, which nobody can look into', new Blob(['a']), new Blob(['b'])],
    ['promises', Promise.resolve(1), Promise.resolve(2)],
    ['a key that every object inherits', {}, { toString: 'mine' }],
    ['keys that are symbols', { [symbol]: 1 }, { [symbol]: 2 }],
    ['a date and its text', new Date(5), new Date(5).toISOString()],
  ])('%s', (_, expected, actual) => expect(fits(expected, actual)).toBe(false))
})

function formOf(name: string, value: string): FormData {
  const form = new FormData()
  form.set(name, value)
  return form
}
