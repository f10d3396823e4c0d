/** Statements and files, with every driver that is here. */
import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'
import { DRIVERS, embedded, failure, NONE } from '../support/sqlite-drivers.ts'

const { out, tree } = usePlaces()

test.runIf(NONE)('only a Node without SQLite goes without these tests', () => {
  expect(process.getBuiltinModule('node:sqlite')).toBe(undefined)
})

describe.skipIf(NONE).each(DRIVERS)('$name', ({ name, open }) => {
  const { sqlite, using, plain } = embedded({ name, open }, out)

  describe('a statement is an interaction', () => {
    test('with its text in one line, its parameters, rows, and whether it is part of a transaction', async () => {
      await sqlite(out('app.db'))
      using((database) => {
        database.exec('begin')
        const insert = database.prepare('insert into orders (name, total)\n  values (?, ?) -- twice')
        expect(insert.run("it's", 5.5)).toMatchObject({ changes: 1, lastInsertRowid: 1 })
        database.exec('commit')
        expect(database.prepare('select name from orders where id = :id').get({ id: 1 })).toEqual({ name: "it's" })
      })
      const kept = tripwire.db.calls().map(({ operation, outcome, facts }) => ({ operation, outcome, ...facts }))
      expect(kept.map(({ operation, outcome, text }: Record<string, unknown>) => [operation, outcome, text])).toEqual([
        ['db:open', 'replied', undefined],
        ['db:control', 'replied', 'begin'],
        ['db:query', 'replied', 'insert into orders (name, total) values (?, ?)'],
        ['db:control', 'replied', 'commit'],
        ['db:query', 'replied', 'select name from orders where id = :id'],
      ])
      expect(kept[2]).toMatchObject({ driver: name, product: 'sqlite', path: out('app.db') })
      tripwire.db.assert('insert into orders (name, total)   values (?, ?)', {
        params: ["it's", 5.5],
        transaction: true,
        rows: [],
      })
      tripwire.db.assert(/^select name/, { params: { id: 1 }, rows: [{ name: expect.stringContaining('it') }] })
    })

    test('in each of the ways of a prepared statement', async () => {
      await sqlite(out('app.db'), { seed: "insert into orders (name) values ('a'), ('b'), ('c')" })
      using((database) => {
        const select = database.prepare('select id, name from orders where id > ? order by id')
        expect(select.all(1)).toEqual([
          { id: 2, name: 'b' },
          { id: 3, name: 'c' },
        ])
        expect(select.get(9)).toBeUndefined()
        expect([...select.iterate(2)]).toEqual([{ id: 3, name: 'c' }])
        for (const row of select.iterate(0)) {
          expect(row).toEqual({ id: 1, name: 'a' })
          break
        }
        database.prepare('insert into orders (name, data) values (?, ?)').run('d', Buffer.from([1, 2]))
        expect(database.prepare('select data from orders where id = ?').get(4)).toEqual({ data: expect.anything() })
      })
      const text = 'select id, name from orders where id > ? order by id'
      tripwire.db.assert(text, { params: [1], rows: [{ id: 2, name: 'b' }, expect.objectContaining({ name: 'c' })] })
      tripwire.db.assert(text, { params: [9], rows: [] })
      tripwire.db.assert(text, { params: [2], rows: [{ id: 3, name: 'c' }] })
      tripwire.db.assert(text, { params: [0], rows: [{ id: 1, name: 'a' }] })
      tripwire.db.assert(/^insert/, { params: ['d', new Uint8Array([1, 2])] })
      tripwire.db.assert('select data from orders where id = ?', { params: [4], rows: [{ data: expect.anything() }] })
    })

    test('of a text of several each, triggers as one, and what comes after an error is not run', async () => {
      const db = await sqlite(out('app.db'))
      const trigger = "create trigger twice after insert on orders begin select 1; insert into log values ('x;'); end"
      const error = using((database) => {
        database.exec(`create table log (a); ${trigger}; /* ; */ insert into orders (name) values (';');`)
        return failure(() =>
          database.exec("insert into log values ('y'); insert into orders (name) values (';'); delete from log"),
        )
      })
      expect(error.message).toContain('UNIQUE constraint failed: orders.name')
      expect(await db.query('select a from log')).toEqual([{ a: 'x;' }, { a: 'y' }])
      tripwire.db.assert('create table log (a)')
      tripwire.db.assert(trigger)
      tripwire.db.assert("insert into orders (name) values (';')")
      tripwire.db.assert("insert into log values ('y')")
      tripwire.db.assert("insert into orders (name) values (';')", {
        error: { code: 'SQLITE_CONSTRAINT_UNIQUE', message: 'UNIQUE constraint failed: orders.name' },
      })
    })

    test('that is asserted as it is printed, whatever its values are', async () => {
      await sqlite()
      using((database) => {
        database.prepare('select ? as a, ? as b, ? as c, ? as d').get(5n, Buffer.from([1, 255]), null, 1.5)
        database.prepare('select @a as a, @b as b').get({ a: 1n, b: "it's" })
      })
      // As TRIPWIRE_UNASSERTED_INTERACTIONS has it.
      tripwire.db.assert('select ? as a, ? as b, ? as c, ? as d', {
        params: [5n, Buffer.from('Af8=', 'base64'), null, 1.5],
      })
      tripwire.db.assert('select @a as a, @b as b', { params: { a: 1n, b: "it's" } })
    })

    test('with the error that preparing it is', async () => {
      await sqlite(out('app.db'))
      const error = using((database) => failure(() => database.prepare('select * from nowhere')))
      expect(error.message).toBe('no such table: nowhere')
      tripwire.db.assert('select * from nowhere', { error: { code: 'SQLITE_ERROR', message: expect.anything() } })
    })

    test('that need not be asserted where it steers the connection, or asks what drivers ask', async () => {
      await sqlite(out('app.db'))
      using((database) => {
        database.exec('PRAGMA journal_mode = WAL; pragma foreign_keys(1); savepoint a; release a; BEGIN; ROLLBACK')
        database.prepare("select name from sqlite_master where type = 'table'").all()
        database.prepare('select sqlite_version() as v').get()
        database.prepare('select last_insert_rowid()').get()
        database.exec('pragma user_version = 3')
      })
      tripwire.db.assert('pragma user_version = 3')
    })
  })

  describe('a path', () => {
    test('is one database, however often it is opened, and by whatever way it is written', async () => {
      const db = await sqlite(out('app.db'))
      const rows = tripwire.sandbox(() => {
        const one = open(out('app.db'))
        const other = open(out('folder/../app.db'))
        one.exec("insert into orders (name) values ('a')")
        const found = other.prepare('select name from orders').all()
        one.close()
        other.exec("insert into orders (name) values ('b')")
        other.close()
        return found
      })
      expect(rows).toEqual([{ name: 'a' }])
      // It is there after the last has closed it.
      expect(await db.query('select name from orders order by id')).toEqual([{ name: 'a' }, { name: 'b' }])
      tripwire.db.assert("insert into orders (name) values ('a')")
      tripwire.db.assert('select name from orders')
      tripwire.db.assert("insert into orders (name) values ('b')")
    })

    test('is apart from others, and each test has its own', async () => {
      for (const total of [1, 2]) {
        const a = await sqlite(out(`a${total}.db`))
        const b = await sqlite(out(`b${total}.db`))
        using((database) => database.exec(`insert into orders (name) values ('a')`), out(`a${total}.db`))
        expect(await a.query('select count(*) as n from orders')).toEqual([{ n: 1 }])
        expect(await b.query('select count(*) as n from orders')).toEqual([{ n: 0 }])
        tripwire.db.assert("insert into orders (name) values ('a')")
      }
    })

    test('is never touched on the disk, whatever is done, and what is there stays', async () => {
      unguarded(() => writeFileSync(out('app.db'), 'no database at all'))
      const before = tree()
      await sqlite(out('app.db'))
      using((database) => {
        database.exec('pragma temp_store = default; create temp table t (a); create table big (a)')
        database.exec(
          'with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000) insert into big select hex(randomblob(200)) from n',
        )
        database.prepare('select a from big order by a limit 1').get()
        database.exec('delete from big; vacuum; pragma journal_mode = delete; begin; drop table big')
        expect(tree()).toEqual(before)
      })
      expect(tree()).toEqual(before)
      tripwire.inAnyOrder(() => {
        for (const text of ['create temp table', 'create table', 'with', 'select', 'delete', 'vacuum', 'drop'])
          tripwire.db.assert(new RegExp(`^${text}`))
      })
    })

    test('that nobody spoke of is no database in memory: opening it is stopped in a sandbox', async () => {
      const before = tree()
      const trips = await tripwire.expectTrip(() => {
        tripwire.sandbox(() => open('shop.db'))
      })
      expect(tree()).toEqual(before)
      expect(plain(trips[0]?.message)).toMatchInlineSnapshot(`
        "[TRIPWIRE_UNMOCKED_INTERACTION] opening the sqlite database /project/shop.db with <driver> was made in sandbox #1, and nothing there answers it.

          where  test/support/sqlite-drivers.ts
                 in test "'<driver>' > a path > that nobody spoke of is no database in memory: opening it is stopped in a sandbox" (test/plugins/db-sqlite.test.ts)
          why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
          hint   a database file is judged by the folders of fs.write, and of fs.read where it is opened for reading only
          fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                   await tripwire.db.sqlite('shop.db')
                 or let it through in this sandbox, by the first argument of tripwire.sandbox():
                   { allow: ['db:sqlite:shop.db'] }
          more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md"
      `)
    })

    test('is the real one outside of sandboxes, and stopped there as ever', async () => {
      await sqlite(out('app.db'))
      const trips = await tripwire.expectTrip(() => {
        open(out('app.db'))
      })
      expect(trips).toMatchObject([{ operation: 'db:open', facts: { path: out('app.db'), driver: name } }])
    })

    test('that is :memory: needs nobody', () => {
      const box = tripwire.sandbox((box) => {
        const database = open(':memory:')
        database.exec('create table t (a); insert into t values (1)')
        expect(database.prepare('select a from t').all()).toEqual([{ a: 1 }])
        return box
      })
      expect(box.interactions).toEqual([])
    })
  })

  describe('who opens it for reading', () => {
    test('reads, and is refused by SQLite to write', async () => {
      await sqlite(out('app.db'), { seed: "insert into orders (name) values ('a')" })
      const errors = tripwire.sandbox(() => {
        const database = open(out('app.db'), { readOnly: true })
        expect(database.prepare('select name from orders').all()).toEqual([{ name: 'a' }])
        const insert = database.prepare("insert into orders (name) values ('b')")
        const found = [failure(() => insert.run()), failure(() => database.exec('delete from orders'))]
        database.close()
        return found
      })
      for (const error of errors) expect(error.message).toBe('attempt to write a readonly database')
      tripwire.db.assert('select name from orders')
      tripwire.db.assert(/^insert/, { error: { code: 'SQLITE_READONLY', message: expect.anything() } })
      tripwire.db.assert(/^delete/, { error: { code: 'SQLITE_READONLY', message: expect.anything() } })
    })

    test('finds no file where none was declared or made', async () => {
      await tripwire.db.sqlite(out('app.db'), { engine: name })
      const error = tripwire.sandbox(() => {
        const error = failure(() => open(out('app.db'), { readOnly: true }))
        open(out('app.db')).close()
        open(out('app.db'), { readOnly: true }).close()
        return error
      })
      expect(error.message).toBe('unable to open database file')
    })
  })
})
