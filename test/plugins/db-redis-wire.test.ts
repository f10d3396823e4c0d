import { createRequire } from 'node:module'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { globOf } from '../../plugins/db/redis/channels.ts'
import { encode, ProtocolError, Reader, type Value } from '../../plugins/db/redis/resp.ts'

const require = createRequire(import.meta.url)
const { Decoder } = require(join(import.meta.dirname, '../../node_modules/@redis/client/dist/lib/RESP/decoder.js')) as {
  Decoder: new (config: object) => { write(chunk: Buffer): void }
}

/** A stream cut at some of its bytes. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : (ends[at - 1] as number), end))
}

const places = fc.array(fc.nat(), { maxLength: 8 })
const written = (words: readonly Uint8Array[]) =>
  Buffer.concat([
    Buffer.from(`*${words.length}\r\n`),
    ...words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n')]),
  ])

/** All commands of chunks, with the places where they end. */
function heard(chunks: readonly Buffer[]): { words: number[][]; end: number }[] {
  const reader = new Reader()
  return chunks.flatMap((chunk) => {
    reader.push(chunk)
    const found = []
    for (let next = reader.next(); next; next = reader.next())
      found.push({ words: next.words.map((word) => [...word]), end: next.end })
    return found
  })
}

describe('commands', () => {
  const command = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 })

  test('are the same wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), places, (commands, at) => {
        let end = 0
        const expected = commands.map((words) => {
          end += written(words).length
          return { words: words.map((word) => [...word]), end }
        })
        expect(heard(cut(Buffer.concat(commands.map(written)), at))).toEqual(expected)
      }),
    )
  })

  test('are told apart from lines that people type', () => {
    fc.assert(
      fc.property(places, (at) => {
        const bytes = Buffer.concat([Buffer.from('PING\r\n\r\nget  a\n'), written([Buffer.from('GET')])])
        const texts = heard(cut(bytes, at)).map(({ words }) => words.map((word) => Buffer.from(word).toString()))
        expect(texts).toEqual([['PING'], ['get', 'a'], ['GET']])
      }),
    )
  })

  test('of any bytes are read, or refused as none, and never waited for in vain', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), places, (bytes, at) => {
        const tried = (chunks: readonly Buffer[]) => {
          try {
            return heard(chunks)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
            return (error as Error).message
          }
        }
        const whole = tried([Buffer.from(bytes)])
        if (typeof whole === 'string') expect(tried(cut(Buffer.from(bytes), at))).toBe(whole)
        else expect(tried(cut(Buffer.from(bytes), at))).toEqual(whole)
      }),
    )
  })

  test.each([
    ['*2\r\n:1\r\n', "Protocol error: expected '$', got ':'"],
    ['*x\r\n', 'Protocol error: invalid multibulk length'],
    ['*99999999\r\n', 'Protocol error: invalid multibulk length'],
    ['*1\r\n$-1\r\n', 'Protocol error: invalid bulk length'],
    ['*1\r\n$99999999999\r\n', 'Protocol error: invalid bulk length'],
    ['a'.repeat(70_000), 'Protocol error: too big inline request'],
  ])('%j are none', (text, message) => {
    expect(() => heard([Buffer.from(text)])).toThrow(message)
  })

  test.each([
    ['a long value', [Buffer.from('SET'), Buffer.from('k'), Buffer.alloc(32 * 1024 * 1024, 'x')]],
    ['many words', Array.from({ length: 100_000 }, (_, n) => Buffer.from(`word ${n}`))],
  ])('with %s are not gone through for each piece of it', (_, words) => {
    const bytes = written(words)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, at) =>
      bytes.subarray(at * 4096, (at + 1) * 4096),
    )
    const before = performance.now()
    const reader = new Reader()
    let last: ReturnType<Reader['next']>
    for (const piece of pieces) {
      reader.push(piece)
      last = reader.next()
    }
    expect(last?.end).toBe(bytes.length)
    expect(performance.now() - before).toBeLessThan(2000)
  })
})

describe('replies', () => {
  const text = fc.string({ unit: 'binary' })
  // node-redis adds digits up, and is one off beyond 2^52.
  const integer = fc.integer({ min: -(2 ** 52), max: 2 ** 52 })
  const long = fc.oneof(integer.map(BigInt), fc.bigInt({ min: 2n ** 64n, max: 2n ** 90n }))
  const number = fc.oneof(integer, fc.double({ noNaN: true, noInteger: true }))
  const flat = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.uint8Array(), long)
  const { reply } = fc.letrec<{ reply: Value }>((tie) => ({
    reply: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      flat,
      fc.array(tie('reply'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('reply'), { maxKeys: 3 }),
      fc.string({ unit: 'grapheme-ascii' }).map((message) => new Error(message)),
    ),
  }))

  /** What a client of such a version makes of a reply. */
  function seen(value: Value, version: 2 | 3): unknown {
    if (value instanceof Error) return `error: ${value.message}`
    if (value instanceof Uint8Array) return Buffer.from(value).toString()
    if (typeof value === 'boolean') return version === 3 ? value : Number(value)
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) === value) return Number(value)
      return version === 3 ? value : String(value)
    }
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      return version === 3 ? value : String(value).replace('Infinity', 'inf')
    if (Object.is(value, -0)) return 0
    if (Array.isArray(value)) return value.map((each) => seen(each, version))
    if (typeof value !== 'object' || value === null) return value
    const pairs = Object.entries(value).map(([key, each]) => [key, seen(each, version)] as const)
    return version === 3 ? Object.fromEntries(pairs) : pairs.flat()
  }

  const plain = (value: unknown): unknown => {
    if (value instanceof Error) return `error: ${value.message.replace(/^ERR /, '')}`
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
  }

  test.each([2, 3] as const)(
    'are read by node-redis in RESP%i as they were meant, wherever they are cut',
    (version) => {
      fc.assert(
        fc.property(fc.array(reply, { maxLength: 4 }), places, (values, at) => {
          const got: unknown[] = []
          const take = (value: unknown) => got.push(plain(value))
          const decoder = new Decoder({ onReply: take, onErrorReply: take, onPush: take, getTypeMapping: () => ({}) })
          for (const chunk of cut(Buffer.concat(values.map((value) => encode(value, version))), at))
            decoder.write(chunk)
          expect(got).toEqual(values.map((value) => plain(seen(value, version))))
        }),
      )
    },
  )
})

describe('patterns of channels', () => {
  test.each([
    ['news.*', 'news.art', true],
    ['news.*', 'news', false],
    ['h?llo', 'hallo', true],
    ['h?llo', 'hllo', false],
    ['h[ae]llo', 'hello', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-b]llo', 'hbllo', true],
    ['h[b-a]llo', 'hbllo', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['[]a', 'a', false],
    ['[\\]]', ']', true],
    ['a.b', 'axb', false],
    ['*', '\n', true],
  ])('%s and %j: %s', (pattern, channel, fits) => {
    expect(globOf(pattern).test(channel)).toBe(fits)
  })

  test('are always ones, and fit themselves where they have no signs', () => {
    fc.assert(fc.property(fc.string(), (text) => void globOf(text).test(text)))
    const escaped = (text: string) => text.replace(/[\\*?[\]^-]/g, '\\$&')
    fc.assert(fc.property(fc.string(), (text) => globOf(escaped(text)).test(text)))
  })
})
