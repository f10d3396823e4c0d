import { expect, test } from 'vitest'
import { printValue } from '../../../src/errors/code.ts'

const print = (value: unknown) => printValue(value, [])

test.each<[string, unknown, string]>([
  ['a map', new Map<string, unknown>([['a', { b: 1 }]]), "new Map([['a', { b: 1 }]])"],
  ['a set', new Set(['a']), "new Set(['a'])"],
  ['headers', new Headers({ a: '1' }), "new Headers([['a', '1']])"],
  ['a query', new URLSearchParams('a=1'), "new URLSearchParams('a=1')"],
  ['an address', new URL('https://a.example.com/b'), "new URL('https://a.example.com/b')"],
  ['a date', new Date(0), "new Date('1970-01-01T00:00:00.000Z')"],
])('%s is printed as code that makes it', (_, value, code) => expect(print(value)).toBe(code))

test('a secret is hidden in what has entries, and in an address', () => {
  expect(print(new Map([['password', 'hunter2']]))).toBe("new Map([['password', expect.any(String)]])")
  expect(print(new Headers({ authorization: 'Basic YTpi' }))).toBe(
    "new Headers([['authorization', expect.any(String)]])",
  )
  expect(print(new URL('https://a.example.com/?access_token=abcdef123456'))).toBe('expect.any(URL)')
})
