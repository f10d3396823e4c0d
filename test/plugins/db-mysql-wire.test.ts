import fc from 'fast-check'
import mysql from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { Fields, framed, Reader, sized, sizeOf } from '../../plugins/db/mysql/packets.ts'
import { piecesOf, splitStatements } from '../../plugins/db/statements.ts'

/** A stream cut at some of its bytes. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : (ends[at - 1] as number), end))
}

function heard(chunks: readonly Buffer[]): { bytes: number[]; end: number; sequence: number }[] {
  const reader = new Reader()
  return chunks.flatMap((chunk) => {
    reader.push(chunk)
    const found = []
    for (let next = reader.next(); next; next = reader.next())
      found.push({ bytes: [...next.payload], end: next.end, sequence: next.sequence })
    return found
  })
}

describe('packets', () => {
  test('are the same wherever the stream is cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 })
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(), { maxLength: 8 }), (parts, places) => {
        let end = 0
        const expected = parts.map((part, at) => {
          end += 4 + part.length
          return { bytes: [...part], end, sequence: at + 1 }
        })
        expect(heard(cut(framed(parts.map(Buffer.from), 0), places))).toEqual(expected)
      }),
    )
  })

  test.each([0xff_ff_fe, 0xff_ff_ff, 0x1_00_00_00, 2 * 0xff_ff_ff])('of %i bytes go on in the next one', (length) => {
    const payload = Buffer.alloc(length, 'x')
    payload.writeUInt8(1, length - 1)
    const reader = new Reader()
    reader.push(framed([payload, Buffer.from('end')], 0))
    expect(reader.next()?.payload.equals(payload)).toBe(true)
    expect(reader.next()?.payload.toString()).toBe('end')
  })
})

test('sizes are read as they were written', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat({ max: 70_000 }), fc.nat({ max: 2 ** 25 }), fc.maxSafeNat()), (size) => {
      expect(new Fields(sizeOf(size)).size()).toBe(size)
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => new Fields(sized(text)).sized().toString() === text))
})

describe('SQL of MySQL', () => {
  const signs = ["'", '"', '`', '\\', '#', '-- ', '--', '/*', '*/', ';', '\n', ' ', 'a', '?', '$$', 'é']
  const sql = fc.array(fc.constantFrom(...signs), { maxLength: 30 }).map((parts) => parts.join(''))

  test('in pieces is that SQL', () => {
    fc.assert(fc.property(sql, (text) => [...piecesOf(text, 'mysql')].map((piece) => piece.text).join('') === text))
  })

  test('is split at the semicolons that nobody quoted', () => {
    expect(splitStatements("a 'x\\';y'; b `;` # ; \n c; /* ; /* */ d --;\n; e $$;$$", 'mysql')).toEqual([
      "a 'x\\';y'",
      'b `;` # ; \n c',
      '/* ; /* */ d --',
      'e $$',
      '$$',
    ])
  })
})

describe('values', () => {
  const text = fc.string({ unit: 'binary' })
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.uint8Array().map(Buffer.from),
    fc.constant(null),
    fc.date({ min: new Date(1970, 0, 2), max: new Date(2037, 0, 1), noInvalidDate: true }),
    fc.array(fc.oneof(text, fc.integer(), fc.boolean()), { maxLength: 3 }),
  )
  const row = fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
    value,
    { minKeys: 1, maxKeys: 12 },
  )

  test('that a script gives are read by mysql2 as they were given, in text and in binary', async () => {
    const db = tripwire.db.mysql('mysql://localhost/app')
    let given: object = {}
    db.on('give', () => ({ rows: [given as Record<string, unknown>] })).always()
    await tripwire.sandbox(async () => {
      const client = await mysql.createConnection({ host: 'localhost', user: 'shop', database: 'app' })
      await fc.assert(
        fc.asyncProperty(row, async (one) => {
          given = one
          expect((await client.query('give'))[0]).toEqual([one])
          expect((await client.execute('give'))[0]).toEqual([one])
        }),
        { numRuns: 100 },
      )
      client.destroy()
    })
    for (const _ of tripwire.db.calls('give')) tripwire.db.assert('give')
  })

  test('that a statement is prepared with are what was given to it', async () => {
    const db = tripwire.db.mysql('mysql://localhost/app')
    let came: readonly unknown[] = []
    db.on(/^take/, (params) => {
      came = params
      return { affectedRows: 0 }
    }).always()
    const param = fc.oneof(
      text,
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.constant(null),
      fc.uint8Array(),
      fc.array(fc.integer()),
    )
    await tripwire.sandbox(async () => {
      const client = await mysql.createConnection({ host: 'localhost', user: 'shop', database: 'app' })
      await fc.assert(
        fc.asyncProperty(fc.array(param, { maxLength: 20 }), async (params) => {
          const sent = params.map((each) => (each instanceof Uint8Array ? Buffer.from(each) : each))
          await client.execute(`take ${params.map(() => '?').join(', ')}`, sent as never)
          expect(came).toEqual(params)
        }),
        { numRuns: 100 },
      )
      client.destroy()
    })
    for (const { facts } of tripwire.db.calls(/^take/))
      tripwire.db.assert(facts.text as string, { params: facts.params })
  })
})
