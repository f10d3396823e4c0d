/** Libraries that stand on better-sqlite3, and one that does not. */
import { createRequire } from 'node:module'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import knex from 'knex'
import { Kysely, SqliteDialect } from 'kysely'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'
import { BetterSqlite, NONE } from '../support/sqlite-drivers.ts'

const { out, tree } = usePlaces()
const SCHEMA = 'create table orders (id integer primary key, name text not null unique)'
const orders = sqliteTable('orders', { id: integer('id').primaryKey(), name: text('name').notNull() })
const names = (rows: readonly { name: string }[]) => rows.map(({ name }) => name)

interface Shop {
  readonly orders: { readonly id?: number; readonly name: string }
}

/** Each adds two orders in a transaction, fails to add one twice in another, and reads what is there. */
const WAYS: Readonly<Record<string, () => Promise<string[]>>> = {
  async knex() {
    const db = knex({ client: 'better-sqlite3', connection: { filename: out('app.db') }, useNullAsDefault: true })
    const add = (...all: string[]) =>
      db.transaction(async (trx) => {
        for (const name of all) await trx('orders').insert({ name }).returning('id')
      })
    await add('a', 'b')
    await expect(add('c', 'a')).rejects.toThrow('UNIQUE constraint failed')
    const found = await db('orders').select('name').orderBy('id')
    await db.destroy()
    return names(found)
  },
  async kysely() {
    const Database = BetterSqlite as NonNullable<typeof BetterSqlite>
    const dialect = new SqliteDialect({ database: async () => new Database(out('app.db')) as never })
    const db = new Kysely<Shop>({ dialect })
    const add = (...all: string[]) =>
      db.transaction().execute(async (trx) => {
        for (const name of all) await trx.insertInto('orders').values({ name }).returning('id').execute()
      })
    await add('a', 'b')
    await expect(add('c', 'a')).rejects.toThrow('UNIQUE constraint failed')
    const found = await db.selectFrom('orders').select('name').orderBy('id').execute()
    await db.destroy()
    return names(found)
  },
  async drizzle() {
    const Database = BetterSqlite as NonNullable<typeof BetterSqlite>
    const client = new Database(out('app.db'))
    const db = drizzle(client as never)
    const add = (...all: string[]) =>
      db.transaction((trx) => {
        for (const name of all) trx.insert(orders).values({ name }).returning({ id: orders.id }).all()
      })
    add('a', 'b')
    expect(() => add('c', 'a')).toThrow()
    const found = db.select({ name: orders.name }).from(orders).orderBy(orders.id).all()
    client.close()
    return names(found)
  },
}

describe.skipIf(BetterSqlite === undefined)('in memory', () => {
  test.each(Object.keys(WAYS))('%s works as on a file', async (way) => {
    const db = await tripwire.db.sqlite(out('app.db'), { schema: SCHEMA, engine: 'better-sqlite3' })
    const before = tree()
    expect(await tripwire.sandbox(() => WAYS[way]?.())).toEqual(['a', 'b'])
    expect(await db.query('select name from orders')).toEqual([{ name: 'a' }, { name: 'b' }])
    expect(tree()).toEqual(before)
    for (const name of ['a', 'b', 'c'])
      tripwire.db.assert(/^insert into .orders./, { params: expect.arrayContaining([name]), transaction: true })
    tripwire.db.assert(/^insert/, { params: expect.arrayContaining(['a']), error: expect.anything() })
    tripwire.db.assert(/^select/, { rows: expect.anything() })
  })
})

test.skipIf(NONE)('libsql is not answered, and stopped', async () => {
  const Libsql = createRequire(import.meta.url)('libsql') as new (path: string) => object
  await tripwire.db.sqlite(out('app.db'))
  const before = tree()
  const trips = await tripwire.expectTrip(() => tripwire.sandbox(() => new Libsql(out('app.db'))))
  expect(trips).toMatchObject([
    { code: 'TRIPWIRE_UNMOCKED_INTERACTION', facts: { driver: 'libsql', path: out('app.db') } },
  ])
  expect(trips[0]?.message).toContain('fits but for the driver "libsql"')
  expect(tree()).toEqual(before)
})
