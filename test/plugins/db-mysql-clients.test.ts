import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import { Redis } from 'ioredis'
import knex from 'knex'
import { Kysely, MysqlDialect } from 'kysely'
import mysqlCallbacks from 'mysql2'
import mysql from 'mysql2/promise'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const URL = 'mysql://localhost:3306/app'
const LOGIN = { host: 'localhost', user: 'shop', database: 'app' }
const rowsOf = async (answer: Promise<unknown>) => ((await answer) as [unknown])[0]

describe.concurrent('a pool of one connection that tests share', () => {
  const pool = mysqlCallbacks.createPool({ ...LOGIN, database: 'shared', connectionLimit: 1 })

  test.each(['one', 'two', 'three'])('asks for test %s what that test asks', async (name) => {
    tripwire.db
      .mysql('mysql://localhost/shared')
      .on('select name', { rows: [{ name }] })
      .times(3)
    const seen = await tripwire.sandbox(async () => {
      const rows = await Promise.all([1, 2, 3].map(() => rowsOf(pool.promise().query('select name'))))
      await new Promise((resolve) => setTimeout(resolve, 5))
      return rows
    })
    expect(seen).toEqual([[{ name }], [{ name }], [{ name }]])
    for (const _ of [1, 2, 3]) tripwire.db.assert('select name')
  })
})

describe('what stands on mysql2', () => {
  test('knex', async () => {
    tripwire.db
      .mysql(URL)
      .on('select `name` from `users` where `id` = ?', [5], { rows: [{ name: 'Ada' }] })
      .optional()
    tripwire.db.mysql(URL).on('select `name` from `users` where `id` = 5', { rows: [{ name: 'Ada' }] })
    const rows = await tripwire.sandbox(async () => {
      const db = knex({ client: 'mysql2', connection: LOGIN })
      const found = await db('users').select('name').where({ id: 5 })
      await db.destroy()
      return found
    })
    expect(rows).toEqual([{ name: 'Ada' }])
    tripwire.db.assert('select `name` from `users` where `id` = 5')
  })

  test('kysely', async () => {
    tripwire.db.mysql(URL).on("insert into `users` (`name`) values ('Ada')", { affectedRows: 1, insertId: 7 })
    const result = await tripwire.sandbox(async () => {
      const dialect = new MysqlDialect({ pool: async () => mysqlCallbacks.createPool(LOGIN) as never })
      const db = new Kysely<{ users: { id: number; name: string } }>({ dialect })
      const inserted = await db
        .insertInto('users')
        .values({ name: 'Ada' } as never)
        .executeTakeFirst()
      await db.destroy()
      return inserted
    })
    expect(result).toMatchObject({ insertId: 7n })
    tripwire.db.assert(/^insert into `users`/)
  })

  test('drizzle', async () => {
    const users = mysqlTable('users', { id: int().primaryKey(), name: varchar({ length: 20 }) })
    tripwire.db.mysql(URL).on(/^select `id`, `name` from `users`/, { rows: [{ id: 5, name: 'Ada' }] })
    const rows = await tripwire.sandbox(async () => {
      const pool = mysql.createPool(LOGIN)
      const found = await drizzle({ client: pool }).select().from(users)
      await pool.end()
      return found
    })
    expect(rows).toEqual([{ id: 5, name: 'Ada' }])
    tripwire.db.assert('select `id`, `name` from `users`')
  })
})

test('clocks that stand still hold nobody up', async () => {
  onTestFinished(() => void vi.useRealTimers())
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'queueMicrotask'] })
  tripwire.db.redis('redis://localhost').on('GET', 'a', '1').times(2)
  tripwire.db.mysql(URL).on('select 7', { rows: [{ n: 7 }] })
  const seen = await tripwire.sandbox(async () => {
    const redis = new Redis()
    const client = await mysql.createConnection(LOGIN)
    const all = [await redis.get('a'), await redis.get('a'), await rowsOf(client.query('select 7'))]
    redis.disconnect()
    client.destroy()
    return all
  })
  expect(seen).toEqual(['1', '1', [{ n: 7 }]])
  for (const _ of [1, 2]) tripwire.db.assert('GET', { params: ['a'] })
  tripwire.db.assert('select 7')
})
