import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { APP, asClient, CONNECTION, errorOf, SCHEMA } from '../support/embedded-app.ts'

describe('values of parameters', () => {
  test('are NULL in arrays where the client says so, and the word where it says that', async () => {
    const db = await tripwire.db.postgres(APP, { schema: 'create table lists (id int, numbers int[], words text[])' })
    const words = ['a', null, 'NULL', 'null', 'b "c" \\ {d},é', '', ' x ']
    const rows = await tripwire.sandbox(() =>
      asClient(async (client) => {
        await client.query('insert into lists values ($1, $2, $3)', [1, [1, null, -3], words])
        const sql = postgres({ ...CONNECTION, max: 1 })
        await sql`insert into lists values (${2}, ${[null, 2] as number[]}, ${words as string[]})`
        await sql.end()
        return (await client.query('select * from lists order by id')).rows
      }),
    )
    expect(rows).toEqual([
      { id: 1, numbers: [1, null, -3], words },
      { id: 2, numbers: [null, 2], words },
    ])
    for (const [id, numbers] of [
      [1, [1, null, -3]],
      [2, [null, 2]],
    ])
      tripwire.db.assert(/^insert into lists/, { params: [id, numbers, words] })
    tripwire.db.assert('select * from lists order by id')
    expect(await db.query('select words from lists where id = 1')).toEqual([{ words }])
  })

  test('are arrays behind any', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA, seed: "insert into orders (name) values ('a'), ('b'), ('c')" })
    const rows = await tripwire.sandbox(() =>
      asClient(async (client) => {
        const sql = postgres({ ...CONNECTION, max: 1 })
        const found = [
          (await client.query('select name from orders where id = any($1)', [[1, 3]])).rows,
          (await client.query('select id from orders where name = any($1::text[])', [['b', null]])).rows,
          [...(await sql`select name from orders where name = any(${['c', 'd']})`)],
        ]
        await sql.end()
        return found
      }),
    )
    expect(rows).toEqual([[{ name: 'a' }, { name: 'c' }], [{ id: 2 }], [{ name: 'c' }]])
    tripwire.db.assert('select name from orders where id = any($1)', { params: [[1, 3]] })
    tripwire.db.assert('select id from orders where name = any($1::text[])', { params: [['b', null]] })
    tripwire.db.assert('select name from orders where name = any($1)', { params: [['c', 'd']] })
  })

  test('hold no zero byte', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA })
    const error = await tripwire.sandbox(() =>
      asClient((client) => errorOf(client.query('select $1::text as word', ['a\0b']))),
    )
    expect(error).toMatchObject({ code: '22021', message: 'invalid byte sequence for encoding "UTF8": 0x00' })
    tripwire.db.assert('select $1::text as word', { params: ['a\0b'] })
  })
})
