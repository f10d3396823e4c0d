import { expect, expectTypeOf, test } from 'vitest'
import { type Database, type ScriptedMongo, type ScriptedMysql, type ScriptedRedis, tripwire } from 'vitest-tripwire'

test('an embedded database is what its functions say', async () => {
  const db = await tripwire.db.postgres('postgres://localhost/app', {
    schema: ['db/migrations', ({ exec }) => exec('select 1')],
    engine: 'pglite',
    login: 'md5',
  })
  expectTypeOf(db).toEqualTypeOf<Database>()
  expectTypeOf(db.query('select 1')).resolves.toEqualTypeOf<Record<string, unknown>[]>()
  db.script(/^select/, { rows: [{ id: 1 }] }).always()
  tripwire.db.assert('select 1', { params: [1], transaction: true })
  // @ts-expect-error there is no such engine
  tripwire.db.postgres('postgres://localhost/app', { engine: 'sqlite' })
  // @ts-expect-error a script gives rows or an error
  db.script('select 1', {})
  // @ts-expect-error databases are not answered call by call
  tripwire.db.mock('select 1')
})

test('SQLite in memory is what its functions say', async () => {
  const db = await tripwire.db.sqlite('data/app.db', {
    from: new URL('file:///seed.db'),
    schema: ['db/migrations', ({ exec }) => exec('select 1')],
    seed: async ({ exec, engine }) => {
      expectTypeOf(exec).returns.toEqualTypeOf<void>()
      expectTypeOf(engine).toEqualTypeOf<object>()
    },
    engine: 'better-sqlite3',
  })
  expectTypeOf(db).toEqualTypeOf<Database<'node:sqlite' | 'better-sqlite3'>>()
  db.script('select 1', { error: { code: 'SQLITE_BUSY', message: 'database is locked' } }).optional()
  tripwire.db.assert('select :id', { params: { id: 1 }, error: expect.anything() })
  // @ts-expect-error there is no such engine
  tripwire.db.sqlite('app.db', { engine: 'pglite' })
  // @ts-expect-error a login is for servers
  tripwire.db.sqlite('app.db', { login: 'md5' })
})

test('a scripted Redis takes a command, its arguments and a reply', () => {
  const redis = tripwire.db.redis('redis://localhost')
  expectTypeOf(redis).toEqualTypeOf<ScriptedRedis>()
  redis.on('GET', 'a', null).always()
  redis.on('DBSIZE', 5)
  redis.on('SET', 'a', /^b/, Buffer.from('c'), 5, expect.any(String), (key: string) => [key, { a: [1, null] }])
  redis.on({ text: /^M?GET$/ }, async () => new Map([['a', 1]]))
  expectTypeOf(redis.publish('a', 'b')).toEqualTypeOf<number>()
  // @ts-expect-error there is no reply
  redis.on('GET')
  // @ts-expect-error what a function gives is no reply
  redis.on('GET', 'a', () => undefined)
})

test('a scripted MySQL takes a statement, its parameters if they matter, and a reply', () => {
  const mysql = tripwire.db.mysql('mysql://localhost/app')
  expectTypeOf(mysql).toEqualTypeOf<ScriptedMysql>()
  mysql.on('select 1', { rows: [{ a: 1 }] }).times(2)
  mysql.on(/^insert/, [expect.any(String)], { affectedRows: 1, insertId: 1n })
  mysql.on('select ?', async ([id]) => ({ rows: [{ id }] }))
  mysql.on('select 1', { error: { code: 'ER_DUP_ENTRY', message: 'twice' } })
  // @ts-expect-error there is no reply
  mysql.on('select 1')
  // @ts-expect-error a reply gives rows, or what became of them
  mysql.on('select 1', () => ({ insertId: 1 }))
})

test('a scripted MongoDB takes a command, what it says if that matters, and a reply', () => {
  const mongodb = tripwire.db.mongodb('mongodb://localhost/app')
  expectTypeOf(mongodb).toEqualTypeOf<ScriptedMongo>()
  mongodb.on('find', { collection: 'users' }, { documents: [{ a: 1 }] }).always()
  mongodb.on(/^insert/, { n: 1 })
  mongodb.on('insert', {}, async ({ documents }: { documents: readonly object[] }) => ({ n: documents.length }))
  mongodb.on('insert', { error: { code: 11_000, message: 'twice' } })
  // @ts-expect-error there is no reply
  mongodb.on('find')
})
