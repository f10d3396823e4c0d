/** What better-sqlite3 has of its own. */
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { usePlaces } from '../support/outside.ts'
import {
  type BetterDatabase,
  BetterSqlite,
  embedded,
  failure,
  sqlite as node,
  type Sqlite,
} from '../support/sqlite-drivers.ts'

const { out, tree } = usePlaces()

describe.skipIf(BetterSqlite === undefined)('better-sqlite3', () => {
  const Database = BetterSqlite as NonNullable<typeof BetterSqlite>
  const { sqlite, plain } = embedded({ name: 'better-sqlite3', open: () => undefined as never }, out)
  const opened = <T>(fn: (database: BetterDatabase) => T, options = {}, path = out('app.db')): T =>
    tripwire.sandbox(() => fn(new Database(path, options)))

  test('says what it is, as if it were there', async () => {
    await sqlite()
    const state = opened((database) => {
      const { name, open, memory, readonly, inTransaction } = database
      const found = {
        name,
        open,
        memory,
        readonly,
        inTransaction,
        is: database.prepare('select 1').database === database,
      }
      database.close()
      return { ...found, after: database.open }
    })
    expect(state).toEqual({
      name: out('app.db'),
      open: true,
      memory: false,
      readonly: false,
      inTransaction: false,
      is: true,
      after: false,
    })
  })

  test('has pluck, raw, bind and whole numbers beyond 2^53', async () => {
    await sqlite(out('app.db'), { seed: "insert into orders (id, name) values (1, 'a'), (9007199254740993, 'b')" })
    opened((database) => {
      const names = database.prepare('select name from orders where id = ?')
      expect(names.pluck().get(1)).toBe('a')
      expect(names.pluck(false).raw().all(1)).toEqual([['a']])
      expect(database.prepare('select name from orders where id = @id').bind({ id: 1 }).all()).toEqual([{ name: 'a' }])
      const last = database.prepare('select max(id) as id from orders')
      expect(last.safeIntegers().get()).toEqual({ id: 9007199254740993n })
      database.defaultSafeIntegers()
      expect(database.prepare('select count(*) as n from orders').get()).toEqual({ n: 2n })
    })
    const text = 'select name from orders where id = ?'
    tripwire.db.assert(text, { params: [1], rows: ['a'] })
    tripwire.db.assert(text, { params: [1], rows: [['a']] })
    tripwire.db.assert('select name from orders where id = @id', { params: { id: 1 } })
    tripwire.db.assert('select max(id) as id from orders', { rows: [{ id: 9007199254740993n }] })
    tripwire.db.assert('select count(*) as n from orders')
  })

  test('has transactions, nested ones too, and rolls back', async () => {
    const db = await sqlite()
    opened((database) => {
      const insert = database.prepare('insert into orders (name) values (?)')
      const all = database.transaction((...names: string[]) => {
        for (const name of names) insert.run(name)
      })
      all('a', 'b')
      failure(() => all('c', 'a'))
      database.transaction(() => failure(() => all('d', 'b')))()
    })
    expect(await db.query('select name from orders')).toEqual([{ name: 'a' }, { name: 'b' }])
    for (const name of ['a', 'b', 'c', 'a', 'd', 'b'])
      tripwire.db.assert('insert into orders (name) values (?)', { params: [name], transaction: true })
  })

  test('has pragmas, functions and aggregates', async () => {
    await sqlite()
    opened((database) => {
      expect(database.pragma('journal_mode = wal', { simple: true })).toBe('memory')
      expect(database.pragma('foreign_keys', { simple: true })).toBe(1)
      database.function('twice', (n: number) => n * 2)
      database.aggregate('longest', { start: 0, step: (total: number, next: string) => Math.max(total, next.length) })
      expect(database.prepare("select twice(2) as n, longest('abc') as l").get()).toEqual({ n: 4, l: 3 })
    })
    tripwire.db.assert("select twice(2) as n, longest('abc') as l")
  })

  test('is a copy as bytes, and in another file that is declared', async () => {
    await sqlite(out('app.db'), { seed: "insert into orders (name) values ('a')" })
    const other = await sqlite(out('other.db'), { seed: "insert into orders (name) values ('old')" })
    const before = tree()
    const { progress, bytes } = await tripwire.sandbox(async () => {
      const database = new Database(out('app.db'))
      return { progress: await database.backup(out('other.db')), bytes: database.serialize() }
    })
    expect(progress).toEqual({ totalPages: expect.any(Number), remainingPages: 0 })
    expect(await other.query('select name from orders')).toEqual([{ name: 'a' }])
    expect(new Database(bytes).prepare('select name from orders').all()).toEqual([{ name: 'a' }])
    expect(tree()).toEqual(before)
  })

  test('is a copy of a file of a volume', async () => {
    const bytes = new Database(':memory:').exec('create table t (a); insert into t values (5)').serialize()
    tripwire.fs.volume({ 'seed.db': bytes }).optional()
    const db = await tripwire.sandbox(() =>
      tripwire.db.sqlite(out('app.db'), { from: 'seed.db', engine: 'better-sqlite3' }),
    )
    expect(await db.query('select a from t')).toEqual([{ a: 5 }])
  })

  test('is missing where it must exist, until somebody has made it', async () => {
    await tripwire.db.sqlite(out('app.db'), { engine: 'better-sqlite3' })
    const errors = tripwire.sandbox(() => {
      const found = [{ fileMustExist: true }, { readonly: true }].map((options) =>
        failure(() => new Database(out('app.db'), options)),
      )
      new Database(out('app.db')).close()
      new Database(out('app.db'), { fileMustExist: true }).close()
      return found
    })
    for (const error of errors) expect(error).toMatchObject({ code: 'SQLITE_CANTOPEN', name: 'SqliteError' })
    expect(failure(() => opened(() => {}, {}, out('no/folder.db'))).message).toContain('directory does not exist')
  })

  test('is one connection for all that have it open, and each is closed for itself', async () => {
    const db = await sqlite()
    tripwire.sandbox(() => {
      const [one, other] = [new Database(out('app.db')), new Database(out('app.db'))]
      one.exec('begin; insert into orders (name) values (1)')
      // Which differs: from a file, another connection would not see it.
      expect(other.prepare('select count(*) as n from orders').get()).toEqual({ n: 1 })
      const statement = one.prepare('select 1 as n')
      one.close()
      expect(failure(() => statement.get()).message).toBe('The database connection is not open')
      expect(failure(() => one.prepare('select 1')).message).toBe('The database connection is not open')
      expect(other.open).toBe(true)
      other.close()
      other.close()
    })
    // What was not committed when the last was closed is gone.
    expect(await db.query('select count(*) as n from orders')).toEqual([{ n: 0 }])
    tripwire.db.assert(/^insert/)
    tripwire.db.assert(/^select count/)
  })

  test('attaches nothing that is in memory, and says so', async () => {
    await sqlite()
    await sqlite(out('other.db'))
    const before = tree()
    const trips = await tripwire.expectTrip(() =>
      opened((database) => {
        failure(() => database.exec(`attach '${out('other.db')}' as other`))
        failure(() => database.prepare('attach ? as other').run(out('other.db')))
        failure(() => database.exec(`vacuum into '${out('other.db')}'`))
      }),
    )
    expect(trips.map(({ code }) => code)).toEqual(Array(3).fill('TRIPWIRE_ENGINE'))
    tripwire.db.assert(/^vacuum/, { error: { code: 'TRIPWIRE_ENGINE', message: expect.anything() } })
    expect(plain(trips[0]?.message)).toMatchInlineSnapshot(`
      "[TRIPWIRE_ENGINE] <driver> cannot run a statement.

        sql    attach '/out/other.db' as …;
               vacuum into '/out/other.db'
        where  test/plugins/db-sqlite-better.test.ts
               in test "<driver> > attaches nothing that is in memory, and says so"
        why    <driver> says: this SQLite finds no database in memory by a name, as it is built without URIs
        fix    open each on its own, where it is attached:
                 new Database('/out/other.db')
               back it up, where it is copied:
                 await database.backup('/out/other.db')
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md"
    `)
    expect(tree()).toEqual(before)
  })
})

test.skipIf(node === undefined || BetterSqlite === undefined)('each driver has an SQLite of its own', async () => {
  const { DatabaseSync } = node as Sqlite
  const db = await tripwire.db.sqlite(out('app.db'), { schema: 'create table t (a)' })
  expect(db.engine).toBe('better-sqlite3')
  tripwire.sandbox(() => new DatabaseSync(out('app.db')).exec('insert into t values (1)'))
  expect(db.engine).toBe('node:sqlite')
  expect(await db.query('select a from t')).toEqual([{ a: 1 }])
  tripwire.db.assert('insert into t values (1)')
})
