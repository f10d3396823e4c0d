import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, tripwire } from 'vitest-tripwire'

const CONNECTION = { host: 'localhost', port: 5432, database: 'app', user: 'shop' }
let db: Database

beforeAll(async () => {
  db = await tripwire.db.postgres('postgres://localhost/app', {
    engine: 'pglite',
    schema: `
      create table parents (id integer generated always as identity primary key, name text not null);
      create table children (parent integer references parents (id), twice integer generated always as (parent * 2) stored)`,
    seed: "insert into parents (name) values ('a'); insert into children (parent) values (1)",
  })
}, 60_000)
beforeEach(() => db.restore())
afterAll(() => db.close())

test.each(['once', 'again'])('data and sequences are put back %s, with keys and generated columns', async () => {
  await db.query("insert into parents (name) values ('b')")
  await db.query('insert into children (parent) values (2)')
  await db.query("delete from parents where name = 'c'")
  expect(
    await db.query('select p.id, p.name, c.twice from parents p join children c on c.parent = p.id order by 1'),
  ).toEqual([
    { id: 1, name: 'a', twice: 2 },
    { id: 2, name: 'b', twice: 4 },
  ])
})

test('a connection that listens is notified by another, which is not', async () => {
  const heard = await tripwire.sandbox(async () => {
    const [one, two] = [new pg.Client(CONNECTION), new pg.Client(CONNECTION)]
    await Promise.all([one.connect(), two.connect()])
    await one.query('listen news')
    two.on('notification', () => expect.unreachable())
    const notified = once(one, 'notification')
    await two.query("select pg_notify('news', 'Zoë')")
    const [{ channel, payload }] = await notified
    await Promise.all([one.end(), two.end()])
    return { channel, payload }
  })
  expect(heard).toEqual({ channel: 'news', payload: 'Zoë' })
  tripwire.db.assert('listen news')
  tripwire.db.assert("select pg_notify('news', 'Zoë')")
})

test('an error has the fields and the place that Postgres gives it', async () => {
  const error = await tripwire.sandbox(async () => {
    const client = new pg.Client(CONNECTION)
    await client.connect()
    const failed = await client.query('select é, nothing from parents').catch((reason) => reason)
    await client.end()
    return failed
  })
  expect(error).toMatchObject({ code: '42703', position: '8', severity: 'ERROR' })
  tripwire.db.assert('select é, nothing from parents', {
    error: { code: '42703', message: expect.stringContaining('é') },
  })
})

test('a database that was closed lets nobody in', async () => {
  const other = await tripwire.db.postgres('postgres://other.example.com/app', { schema: 'create table a (n integer)' })
  const errors = await tripwire.sandbox(async () => {
    const failed = (work: Promise<unknown>) => work.catch((reason) => reason)
    const inside = new pg.Client({ ...CONNECTION, host: 'other.example.com' })
    await inside.connect()
    await other.close()
    const said = failed(inside.query('select 1 as n'))
    return [await said, await failed(new pg.Client({ ...CONNECTION, host: 'other.example.com' }).connect())]
  })
  const message = 'the embedded database was closed'
  expect(errors).toMatchObject([
    { code: '57P01', message },
    { code: '57P01', message, severity: 'FATAL' },
  ])
})

test('is neither copied nor put back in the midst of a transaction', async () => {
  await tripwire.sandbox(async () => {
    const client = new pg.Client(CONNECTION)
    await client.connect()
    await client.query('begin')
    const how = [db.backup(), db.restore()].map((work) => work.catch(({ code, message }) => `${code} ${message}`))
    expect(await Promise.all(how)).toEqual([
      '55006 the database cannot be copied while a transaction is open on one of its connections',
      '55006 the database cannot be put back while a transaction is open on one of its connections',
    ])
    await client.query('rollback')
    await client.end()
  })
})

/** One client in a sandbox. */
function asClient<T>(fn: (client: pg.Client) => Promise<T>): Promise<T> {
  return tripwire.sandbox(async () => {
    const client = new pg.Client(CONNECTION)
    await client.connect()
    return fn(client).finally(() => client.end())
  })
}

const names = async () => (await db.query('select name from parents order by id')).map(({ name }) => name)

describe('COPY', () => {
  test('takes what pg-copy-streams sends, and gives it back', async () => {
    const lines = await asClient(async (client) => {
      const sent = client.query(copyFrom('copy parents (name) from stdin'))
      await pipeline(Readable.from(['Zo', 'ë\nb\\tc\n', `${'x'.repeat(100_000)}\n`]), sent)
      expect(sent.rowCount).toBe(3)
      const chunks = await client
        .query(copyTo('copy (select name from parents where id < 4 order by id) to stdout'))
        .toArray()
      await client.query('select 2 as after')
      return Buffer.concat(chunks).toString()
    })
    expect(lines).toBe('a\nZoë\nb\\tc\n')
    expect(await names()).toEqual(['a', 'Zoë', 'b\tc', 'x'.repeat(100_000)])
    tripwire.db.assert('copy parents (name) from stdin', { params: [expect.stringMatching(/^Zoë\nb\\tc\nx+\n$/)] })
    tripwire.db.assert('copy (select name from parents where id < 4 order by id) to stdout')
    tripwire.db.assert('select 2 as after')
  })

  test('takes what postgres.js sends, and gives it back', async () => {
    const lines = await tripwire.sandbox(async () => {
      const sql = postgres({ ...CONNECTION, max: 1 })
      await pipeline(Readable.from(['b\n', 'c\n']), await sql`copy parents (name) from stdin`.writable())
      const chunks = await (await sql`copy parents (name) to stdout with csv`.readable()).toArray()
      await sql.end()
      return Buffer.concat(chunks).toString()
    })
    expect(lines).toBe('a\nb\nc\n')
    tripwire.db.assert('copy parents (name) from stdin', { params: ['b\nc\n'] })
    tripwire.db.assert('copy parents (name) to stdout with csv')
  })

  test('that fails says why, and leaves nothing', async () => {
    const [wrong, given] = await asClient(async (client) => {
      const bad = client.query(copyFrom('copy children from stdin'))
      const wrong = await pipeline(Readable.from(['many\n']), bad).catch((error) => error.code)
      const stopped = client.query(copyFrom('copy parents (name) from stdin'))
      const broken = Readable.from(
        (async function* () {
          yield 'b\n'
          throw new Error('no more')
        })(),
      )
      const given = await pipeline(broken, stopped).catch((error) => error.message)
      expect((await client.query('select count(*)::int as number from parents')).rows).toEqual([{ number: 1 }])
      return [wrong, given]
    })
    expect([wrong, given]).toEqual(['22P02', 'no more'])
    tripwire.inAnyOrder(() => {
      tripwire.db.assert('copy children from stdin', { error: expect.objectContaining({ code: '22P02' }) })
      tripwire.db.assert('copy parents (name) from stdin', { error: expect.objectContaining({ code: '57014' }) })
      tripwire.db.assert('select count(*)::int as number from parents')
    })
  })

  test('is part of a transaction, which a rollback takes back', async () => {
    await asClient(async (client) => {
      await client.query('begin')
      await pipeline(Readable.from(['b\n']), client.query(copyFrom('copy parents (name) from stdin')))
      await client.query('rollback')
    })
    expect(await names()).toEqual(['a'])
    tripwire.db.assert('copy parents (name) from stdin', { params: ['b\n'], transaction: true })
  })
})

test('a statement that a script lets fail fails its transaction', async () => {
  db.script('select 5 as five', { error: { code: '57014', message: 'too slow' } })
  const codes = await asClient(async (client) => {
    const failed = (sql: string) => client.query(sql).then(String, (error) => error.code)
    await client.query('begin')
    const told = [await failed('select 5 as five'), await failed('select 6 as six')]
    await client.query('rollback')
    return told
  })
  expect(codes).toEqual(['57014', '25P02'])
  tripwire.db.assert('select 5 as five')
  tripwire.db.assert('select 6 as six')
})
