import { describe, expect, test } from 'vitest'
import { redactFacts, redactRule, redactText } from '../../../src/errors/redact.ts'
import { CALLS, stopped } from './stopped.ts'

describe('text', () => {
  test.each([
    ['https://user:pass@host/a', 'https://…@host/a'],
    ['postgres://app:p@ss@db/shop', 'postgres://…@db/shop'],
    ['https://host/@scope/a?to=b@c.d', 'https://host/@scope/a?to=b@c.d'],
    ['https://h/a?token=abc&page=2', 'https://h/a?token=…&page=2'],
    ['https://h/a?page=2&api_key=abc#x', 'https://h/a?page=2&api_key=…#x'],
    ['https://h/a?accessToken=abc', 'https://h/a?accessToken=…'],
    ['https://h/a?access%5Ftoken=abc', 'https://h/a?access%5Ftoken=…'],
    ['https://h/a?auth[token]=abc', 'https://h/a?auth[token]=…'],
    ['https://h/a?key=abc&sig=d&code=e', 'https://h/a?key=…&sig=…&code=…'],
    ['https://h/a?X-Amz-Signature=abc', 'https://h/a?X-Amz-Signature=…'],
    ['https://h/cb#access_token=abc', 'https://h/cb#access_token=…'],
    ['https://h/a?max_tokens=5&author=me&%=1', 'https://h/a?max_tokens=5&author=me&%=1'],
    ['Authorization: Bearer abc.DEF-123', 'Authorization: Bearer …'],
    ['it uses basic authentication', 'it uses basic authentication'],
    ['login --password=hunter2 --user=me', 'login --password=… --user=me'],
    ['x-api-key=abc -token=d e=--password=f', 'x-api-key=… -token=… e=--password=…'],
    ['?a?token=b', '?a?token=…'],
  ])('%s', (text, clean) => {
    expect(redactText(text)).toBe(clean)
  })

  test.each([
    ['a text', ['acct_1'], '/acct/… and …'],
    ['an expression', [/acct_\d/], '/acct/… and …'],
    ['a sticky expression', [/ACCT_\d/iy], '/acct/… and …'],
    ['what matches nothing', ['', /x*/], '/acct/acct_1 and acct_1'],
  ])('hides %s of the config', (_, patterns, clean) => {
    expect(redactText('/acct/acct_1 and acct_1', patterns)).toBe(clean)
  })

  test.each(['x', 'ab3', '-', 'a-', '?', '?a', 'a:', '://', 'Basic '])(
    'is looked through once: %j, over and over',
    (part) => {
      const text = part.repeat(300_000 / part.length)
      const began = performance.now()
      expect(redactText(text)).toBe(text)
      // One that looks again from each letter takes a minute and more.
      expect(performance.now() - began).toBeLessThan(5000)
    },
  )

  test('in a rule becomes a wildcard', () => {
    expect(redactRule('GET https://h/acct/acct_1/balance', [/acct_\d/])).toBe('GET https://h/acct/*/balance')
  })
})

describe('facts', () => {
  test('are hidden by name, at every depth', () => {
    const headers = { Authorization: 'Bearer x', 'set-cookie': ['a=b'], 'x-api-key': 'k', accept: '*/*' }
    expect(redactFacts({ headers, password: 'p', key: 'cart:7' })).toEqual({
      headers: { Authorization: '…', 'set-cookie': '…', 'x-api-key': '…', accept: '*/*' },
      password: '…',
      key: 'cart:7',
    })
  })

  test('are hidden after their name in a flat list, a map and headers', () => {
    const expected = [['authorization', '…']]
    expect(redactFacts({ raw: ['Accept', '*/*', 'Cookie', 'a=b'], args: ['--token', 't', 'run'] })).toEqual({
      raw: ['Accept', '*/*', 'Cookie', '…'],
      args: ['--token', '…', 'run'],
    })
    const map = new Map([['authorization', 'Bearer x']])
    expect(redactFacts({ map, headers: new Headers([...map]) })).toEqual({ map: expected, headers: expected })
  })

  test('are plain data, whatever they were', () => {
    const circular: Record<string, unknown> = { name: 'a' }
    circular.self = circular
    const facts = {
      circular,
      when: new Date(0),
      body: Buffer.from('abc'),
      big: 1n,
      fn: () => 1,
      list: [() => 1],
      re: /a/,
      none: undefined,
      sym: Symbol('s'),
    }
    const plain = redactFacts(facts)
    expect(plain).toEqual({
      circular: { name: 'a', self: '[circular]' },
      when: expect.stringContaining('1970'),
      body: '3 bytes',
      big: 1n,
      list: ['() => 1'],
      re: '/a/',
    })
    expect(structuredClone(plain)).toEqual(plain)
  })
})

test('no part of an error holds what the config hides', async () => {
  const error = await stopped({ redact: ['charges'], allow: ['GET https://api.example.com/v1/charges'] }, CALLS.http)
  const all = [error.message, error.stack, JSON.stringify(error)].join('\n')
  expect(all).not.toContain('charges?')
  expect(all).not.toContain('v1/charges')
  expect(all).not.toContain('tk_live_1')
  expect(error.message).toContain("tripwire.allow('POST https://api.example.com/v1/*')")
})
