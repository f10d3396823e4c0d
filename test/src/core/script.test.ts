import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StreamInbox } from '../../../plugins/sockets/script.ts'
import { MessageInbox, Performance, type Step } from '../../../src/core/script.ts'

const expecting = (pattern: unknown): Step => ({ kind: 'expect', args: [pattern] })

/** Plays a script of a stream whose bytes come in these chunks. */
function play(steps: readonly Step[], chunks: readonly Uint8Array[]) {
  const inbox = new StreamInbox()
  const deviations: number[] = []
  const performance = new Performance({
    steps,
    inbox,
    perform: () => undefined,
    deviate: (at) => deviations.push(at),
    fail: () => {},
  })
  performance.advance()
  for (const chunk of chunks) {
    inbox.push(chunk)
    performance.advance()
  }
  performance.ended()
  return { left: performance.left.length, deviations }
}

const words = fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.uint8Array({ minLength: 1 })), {
  minLength: 1,
  maxLength: 6,
})
const bytesOf = (word: string | Uint8Array) => (typeof word === 'string' ? Buffer.from(word) : word)
/** Where each word ends. */
const endsOf = (said: readonly (string | Uint8Array)[]) =>
  said.map((_, at) => Buffer.concat(said.slice(0, at + 1).map(bytesOf)).length)
const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 8 })
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places
    .slice(1)
    .map((end, index) => bytes.subarray(places[index], end))
    .filter(({ length }) => length > 0)
}

describe('a script of a stream', () => {
  test('is followed however the bytes are cut', () => {
    fc.assert(
      fc.property(words, cuts, (said, at) => {
        const bytes = Buffer.concat(said.map(bytesOf))
        expect(play(said.map(expecting), cut(bytes, at))).toEqual({ left: 0, deviations: [] })
      }),
    )
  })

  test('is left at the step whose byte is another one, however they are cut', () => {
    fc.assert(
      fc.property(words, cuts, fc.nat(), (said, at, place) => {
        const bytes = Buffer.concat(said.map(bytesOf))
        const changed = place % bytes.length
        bytes[changed] = (bytes[changed] as number) ^ 1
        const step = endsOf(said).findIndex((end) => end > changed)
        expect(play(said.map(expecting), cut(bytes, at))).toEqual({ left: 0, deviations: [step] })
      }),
    )
  })

  test('is left at the step that only half of came', () => {
    fc.assert(
      fc.property(words, cuts, fc.nat(), (said, at, place) => {
        const bytes = Buffer.concat(said.map(bytesOf))
        const length = place % bytes.length
        const ends = endsOf(said)
        const step = ends.findIndex((end) => end > length)
        const isBetween = length === 0 || ends.includes(length)
        const expected = isBetween ? { left: said.length - step, deviations: [] } : { left: 0, deviations: [step] }
        expect(play(said.map(expecting), cut(bytes.subarray(0, length), at))).toEqual(expected)
      }),
    )
  })

  test('takes by a RegExp from the start only, and leaves the rest to the next step', () => {
    expect(play([expecting(/a+/), expecting('b')], [Buffer.from('aab')])).toEqual({ left: 0, deviations: [] })
    expect(play([expecting(/b/)], [Buffer.from('aab')])).toEqual({ left: 0, deviations: [0] })
    expect(
      play([expecting(/é+!/), expecting('x')], [Buffer.from('éé!x').subarray(0, 3), Buffer.from('éé!x').subarray(3)]),
    ).toEqual({ left: 0, deviations: [] })
  })
})

test('a message fits by text, bytes, RegExp, function, matcher, or as JSON', () => {
  const fits = (pattern: unknown, message: string | Uint8Array) => {
    const inbox = new MessageInbox()
    inbox.push(message)
    return inbox.take(pattern) === 'taken'
  }
  expect(fits('a', 'a')).toBe(true)
  expect(fits('a', Buffer.from('a'))).toBe(false)
  expect(fits(Buffer.from('a'), new Uint8Array([97]))).toBe(true)
  expect(fits(/^a/g, 'ab')).toBe(true)
  expect(fits((text: string) => text.length === 2, 'ab')).toBe(true)
  expect(fits({ a: 1 }, '{"a":1}')).toBe(true)
  expect(fits({ a: 1 }, '{"a":1,"b":2}')).toBe(false)
  expect(fits(expect.objectContaining({ a: 1 }), '{"a":1,"b":2}')).toBe(true)
  expect(fits({ a: 1 }, 'no JSON')).toBe(false)
})
