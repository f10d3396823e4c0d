import fc from 'fast-check'
import { BSON, MongoClient, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { encode, ProtocolError, Reader } from '../../plugins/db/mongodb/wire.ts'

/** A stream cut at some of its bytes. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : (ends[at - 1] as number), end))
}

const int32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, at) => {
    bytes.writeInt32LE(value, 4 * at)
  })
  return bytes
}

const framed = (id: number, code: number, body: Buffer) => Buffer.concat([int32(16 + body.length, id, 0, code), body])

interface Sent {
  readonly id: number
  readonly command: object
  readonly documents: readonly object[]
  readonly way: 'query' | 'body' | 'sections' | 'checked'
}

/** A message as a client writes it. */
function written({ id, command, documents, way }: Sent): Buffer {
  const document = BSON.serialize(command)
  if (way === 'query')
    return framed(id, 2004, Buffer.concat([int32(0), Buffer.from('app.$cmd\0'), int32(0, -1), document]))
  const list = Buffer.concat([Buffer.from('documents\0'), ...documents.map((each) => BSON.serialize(each))])
  const section = Buffer.concat([Buffer.of(1), int32(4 + list.length), list])
  const isChecked = way === 'checked'
  const parts = [int32(isChecked ? 1 : 0), Buffer.of(0), document, ...(way === 'body' ? [] : [section])]
  return framed(id, 2013, Buffer.concat([...parts, ...(isChecked ? [int32(7)] : [])]))
}

const text = fc.string({ unit: 'binary' })
const value = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 3 }),
)
const name = fc
  .string({ minLength: 1, maxLength: 8 })
  .filter((key) => key !== '__proto__' && !key.includes('\0') && key !== 'documents')
const document = fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 })
const sent = fc.record({
  id: fc.integer(),
  command: document,
  documents: fc.array(document, { maxLength: 3 }),
  way: fc.constantFrom('query' as const, 'body' as const, 'sections' as const, 'checked' as const),
})

describe('commands', () => {
  test('are the same wherever the stream is cut, and however they are written', () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (messages, places) => {
        let end = 0
        const expected = messages.map((message) => {
          end += written(message).length
          const { id, command, documents, way } = message
          const isQuery = way === 'query'
          const more = isQuery ? { $db: 'app' } : way === 'body' ? {} : { documents }
          return { id, end, command: { ...command, ...more }, isQuery, isSilent: false }
        })
        const reader = new Reader(BSON as never)
        const heard = []
        for (const chunk of cut(Buffer.concat(messages.map(written)), places)) {
          reader.push(chunk)
          for (let next = reader.next(); next; next = reader.next()) heard.push(next)
        }
        expect(heard).toEqual(expected)
      }),
    )
  })

  test('of any bytes are read, or refused as none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 80 }), sent, fc.nat(), (bytes, message, at) => {
        const broken = written(message)
        broken[16 + (at % (broken.length - 16))] = bytes[0] as number
        for (const each of [Buffer.from(bytes), broken]) {
          const reader = new Reader(BSON as never)
          reader.push(each)
          try {
            reader.next()
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
    )
  })

  test('that nobody understands are refused', () => {
    const reader = new Reader(BSON as never)
    reader.push(framed(1, 2012, Buffer.alloc(20)))
    expect(() => reader.next()).toThrow('messages of the kind 2012 are not understood')
  })
})

test('replies say which message they answer, in the way in which it came', () => {
  const reply = (isQuery: boolean) => encode({ id: 7, isQuery }, { ok: 1 }, 3, BSON as never)
  const body = Buffer.from(BSON.serialize({ ok: 1 }))
  expect(reply(false)).toEqual(Buffer.concat([int32(21 + body.length, 3, 7, 2013), int32(0), Buffer.of(0), body]))
  const before = Buffer.concat([int32(8, 0, 0, 0, 1)])
  expect(reply(true)).toEqual(Buffer.concat([int32(36 + body.length, 3, 7, 1), before, body]))
})

test('documents come and go through the driver as they are', async () => {
  const db = tripwire.db.mongodb('mongodb://localhost/app')
  let came: readonly object[] = []
  db.on('insert', (command: { documents: readonly object[] }) => {
    came = command.documents
    return { n: came.length }
  }).always()
  db.on('find', () => ({ documents: came })).always()
  await tripwire.sandbox(async () => {
    const client = new MongoClient('mongodb://localhost/app')
    const all = client.db().collection('all')
    await fc.assert(
      fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 5 }), async (documents) => {
        const given = documents.map((each) => ({ ...each, _id: new ObjectId() }))
        await all.insertMany(given)
        expect(came).toEqual(given)
        expect(await all.find().toArray()).toEqual(given)
      }),
    )
    await client.close()
  })
  tripwire.inAnyOrder(() => {
    for (const { facts } of [...tripwire.db.calls('insert'), ...tripwire.db.calls('find')])
      tripwire.db.assert(facts.text as string, { params: facts.params })
  })
})
