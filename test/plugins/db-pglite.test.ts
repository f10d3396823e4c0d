import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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
  await other.close()
  const error = await tripwire.sandbox(() =>
    new pg.Client({ ...CONNECTION, host: 'other.example.com' }).connect().catch((reason) => reason),
  )
  expect(error).toMatchObject({ code: '57P01', severity: 'FATAL' })
})
