import { describe, expect, test } from 'vitest'
import { printValue } from '../../../src/errors/code.ts'
import { differenceOf } from '../../../src/errors/difference.ts'

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

describe('what nobody reads to its end', () => {
  const text = `${'é'.repeat(79)}😀${'x'.repeat(5_000)}`

  test('is printed as a matcher that fits it', () => {
    expect(print('x'.repeat(5_000))).toBe(`'${'x'.repeat(5_000)}'`)
    expect(print(text)).toBe(`expect.stringContaining('${'é'.repeat(79)}')`)
    expect(text).toEqual(expect.stringContaining('é'.repeat(79)))
    expect(print(Buffer.from(text))).toBe('expect.any(Uint8Array)')
    expect(Buffer.from(text)).toEqual(expect.any(Uint8Array))
  })

  test('shows, beside another, where they part ways', () => {
    const { expected, actual } = differenceOf({ a: 1, body: `${text}one` }, { a: 1, body: `${text}two` })
    const [before, from] = ['x'.repeat(40), text.length - 40]
    expect(print(expected)).toBe(`{ body: '${before}one' (${text.length + 3} characters, here from ${from}) }`)
    expect(print(actual)).toBe(`{ body: '${before}two' (${text.length + 3} characters, here from ${from}) }`)
  })

  test('is hidden where a secret is in it, in whatever part', () => {
    const secret = `https://a.example.com/?token=${text}`
    expect(print(secret)).toBe('expect.any(String)')
    const { expected, actual } = differenceOf(`${secret}one`, `${secret}two`)
    expect([print(expected), print(actual)]).toEqual(['expect.any(String)', 'expect.any(String)'])
  })
})
