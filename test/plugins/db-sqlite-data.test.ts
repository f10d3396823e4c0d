/** What a database holds, and what the test does with it. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'
import { DRIVERS, embedded, failure, NONE, SCHEMA } from '../support/sqlite-drivers.ts'

const { out, tree } = usePlaces()

describe.skipIf(NONE).each(DRIVERS)('$name', ({ name, open }) => {
  const { sqlite, using, plain } = embedded({ name, open }, out)

  describe('what it holds at first', () => {
    test('comes from a file, a schema and a seed, in this order', async () => {
      const file = out('from.db')
      unguarded(() => {
        const made = open(file)
        made.exec("create table a (n integer, t text); insert into a values (1, 'ä'); pragma user_version = 7")
        made.close()
        mkdirSync(out('migrations'))
        writeFileSync(out('migrations/10_more.sql'), "alter table a add column m text default 'm';")
        writeFileSync(out('migrations/2_first.sql'), 'create table b (n integer); insert into b values (2);')
        writeFileSync(out('migrations/2_first.down.sql'), 'drop table b;')
      })
      const before = tree()
      const db = await sqlite(out('app.db'), {
        from: file,
        schema: [
          out('migrations'),
          ({ exec }: { exec(sql: string): void }) => exec('create table c (n); create table d (n)'),
        ],
        seed: 'insert into c select n from a union select n from b',
      })
      expect(await db.query('select n, t, m from a')).toEqual([{ n: 1, t: 'ä', m: 'm' }])
      expect(await db.query('select n from c order by n')).toEqual([{ n: 1 }, { n: 2 }])
      expect(await db.query('pragma user_version')).toEqual([{ user_version: 7 }])
      await db.query('delete from a')
      expect(tree()).toEqual(before)
    })

    test('is an EngineError where SQLite cannot run it, for the test and for who opens it', async () => {
      const bad = `${SCHEMA};\ncreate table b (\n  id integer,\n  during as as\n)`
      const error = await sqlite(out('app.db'), { schema: bad }).then(
        () => undefined,
        ({ message }: Error) => message,
      )
      expect(plain(error)).toMatchInlineSnapshot(`
        "[TRIPWIRE_ENGINE] <driver> cannot run a statement.

          sql    create table b (
                   id integer,
                   during as as
          why    <driver> says: near "as": syntax error
          fix    mend the statement; a function that it calls is registered before:
                   schema: [({ engine }) => engine.function('now', () => …), 'db/schema.sql']
          more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md"
      `)
      expect(failure(() => using(() => {})).message).toBe(error)
    })

    test('is there for who does not wait, unless a function of it takes its time', async () => {
      void sqlite(out('app.db'))
      using((database) => expect(database.prepare('select * from orders').all()).toEqual([]))
      tripwire.db.assert('select * from orders')
      const slow = sqlite(out('slow.db'), {
        schema: [SCHEMA, async () => await new Promise((resolve) => setTimeout(resolve, 10))],
        seed: "insert into orders (name) values ('late')",
      })
      const error = failure(() => using(() => {}, out('slow.db')))
      expect(error.message).toBe(
        `the database of ${out('slow.db')} is still being set up: 'await tripwire.db.sqlite(…)' before it is opened`,
      )
      expect(await (await slow).query('select name from orders')).toEqual([{ name: 'late' }])
    })

    test('has to be a database, with all that belongs to it', async () => {
      const logged = unguarded(() => {
        writeFileSync(out('text.db'), 'create table t (a)')
        const made = open(out('logged.db'))
        made.exec('pragma journal_mode = wal; create table t (a)')
        return made
      })
      for (const [from, message] of [
        ['text.db', `'${out('text.db')}' is no SQLite database: SQL is given by \`schema\` or \`seed\``],
        ['logged.db', `'${out('logged.db')}' is not all of its database, as there is a log beside it`],
        ['missing.db', 'ENOENT: no such file or directory'],
      ] as const)
        await expect(sqlite(out('app.db'), { from: out(from) })).rejects.toThrow(message)
      // Who has the last connection removes the log.
      unguarded(() => logged.close())
    })
  })

  describe('the test', () => {
    test('puts it back as it was after the seed, or at its last backup', async () => {
      const db = await sqlite(out('app.db'), {
        schema: [
          SCHEMA,
          'create table log (id integer primary key autoincrement, a, twice generated always as (a * 2))',
          'create table pairs (a, b, primary key (a, b)) without rowid; create index by_name on orders (total)',
          'create view names as select name from orders; create trigger t after insert on orders begin insert into log (a) values (1); end',
          'create table child (id integer references orders (id)); create table bare (a)',
        ],
        seed: "insert into orders (name, total, data) values ('a', 1.0, x'00ff'); insert into child values (1); insert into pairs values (1, 2); insert into bare (rowid, a) values (42, 9007199254740993)",
      })
      const all = async () => [
        await db.query('select id, name, typeof(total) as t, hex(data) as d from orders'),
        await db.query('select id, a, twice from log'),
        await db.query('select rowid as r, cast(a as text) as a from bare'),
        await db.query('select * from pairs'),
        await db.query('select type, name, sql from sqlite_master order by type, name'),
        await db.query('select * from sqlite_sequence'),
      ]
      const first = await all()
      const connection = tripwire.sandbox(() => {
        const database = open(out('app.db'))
        database.exec(
          "insert into orders (name) values ('b'); drop view names; delete from bare; create table more (a)",
        )
        return database
      })
      expect(await all()).not.toEqual(first)
      await db.restore()
      expect(await all()).toEqual(first)
      await db.query("insert into orders (name) values ('c')")
      await db.backup()
      await db.query('delete from child')
      await db.query('delete from orders')
      await db.restore()
      expect(await db.query('select name from orders order by id')).toEqual([{ name: 'a' }, { name: 'c' }])
      const seen = tripwire.sandbox(() => connection.prepare('select count(*) as n from orders').get())
      expect(seen).toEqual({ n: 2 })
      connection.close()
      for (const text of ['insert into orders', 'drop view', 'delete from bare', 'create table more', 'select count'])
        tripwire.db.assert(new RegExp(`^${text}`))
    })

    test('answers a statement by a script, without the engine', async () => {
      const db = await sqlite(out('app.db'))
      db.script('select total from orders where id = ?', { rows: [{ total: 5 }] }).times(3)
      db.script(/^insert into orders/, { error: { code: 'SQLITE_BUSY', message: 'database is locked' } })
      const error = using((database) => {
        const totals = database.prepare('select total from orders where id = ?')
        expect([totals.get(1), totals.all(1), [...totals.iterate(1)]]).toEqual([
          { total: 5 },
          [{ total: 5 }],
          [{ total: 5 }],
        ])
        return failure(() => database.exec("insert into orders (name) values ('a')"))
      })
      expect(error.message).toBe('database is locked')
      expect(error).toMatchObject(name === 'node:sqlite' ? { errcode: 5 } : { code: 'SQLITE_BUSY' })
      for (let at = 0; at < 3; at++) tripwire.db.assert(/^select total/, { params: [1], rows: [{ total: 5 }] })
      tripwire.db.assert(/^insert/, { error: { code: 'SQLITE_BUSY', message: 'database is locked' } })
    })

    test('may close it, and nobody is answered', async () => {
      const db = await sqlite(out('app.db'))
      await db.close()
      await db.close()
      expect(failure(() => using(() => {})).message).toBe(`the database of ${out('app.db')} was closed by the test`)
    })
  })

  describe('a connection that an earlier test opened', () => {
    /** As the next test would: each declares a database of its own for the file. */
    const next = async (add: string, run: () => unknown) => {
      await tripwire.sandbox(async () => {
        await sqlite(out('app.db'), { seed: `insert into orders (name) values ('${add}')` })
        await run()
      })
    }

    test('leads to the database of the test that uses it, and each keeps its own', async () => {
      const first = await sqlite(out('app.db'))
      const kept = tripwire.sandbox(() => open(out('app.db')))
      const select = tripwire.sandbox(() => kept.prepare('select name from orders order by id'))
      await next('second', () => {
        expect(select.all()).toEqual([{ name: 'second' }])
        kept.exec("insert into orders (name) values ('more')")
        expect(kept.prepare('select count(*) as n from orders').get()).toEqual({ n: 2 })
      })
      expect(tripwire.sandbox(() => select.all())).toEqual([])
      tripwire.sandbox(() => kept.exec("insert into orders (name) values ('first')"))
      await next('third', async () => {
        expect(select.all()).toEqual([{ name: 'third' }])
        // The test's own look is at its own.
        expect(await first.query('select name from orders')).toEqual([{ name: 'first' }])
        expect(select.all()).toEqual([{ name: 'third' }])
      })
      await first.restore()
      expect(tripwire.sandbox(() => select.all())).toEqual([])
      tripwire.inAnyOrder(() => {
        for (const rows of [['second'], [], ['third'], ['third'], []])
          tripwire.db.assert(/^select name/, { rows: rows.map((row) => ({ name: row })) })
        tripwire.db.assert(/^select count/)
        for (const name of ['more', 'first']) tripwire.db.assert(`insert into orders (name) values ('${name}')`)
      })
      const late = await tripwire.expectTrip(() => kept.exec('delete from orders'))
      expect(late).toMatchObject([{ operation: 'db:query', facts: { text: 'delete from orders' } }])
      kept.close()
    })

    test('is told apart in a transaction, and where the file was opened anew', async () => {
      await sqlite(out('app.db'))
      const kept = tripwire.sandbox(() => open(out('app.db')))
      tripwire.sandbox(() => kept.exec('begin; delete from orders'))
      const trips = await tripwire.expectTrip(async () => {
        await next('second', () => failure(() => kept.exec('delete from orders')))
        tripwire.sandbox(() => kept.exec('rollback'))
        await next('third', () => {
          open(out('app.db'))
          failure(() => kept.exec('delete from orders'))
        })
      })
      expect(trips.map(({ code }) => code)).toEqual(['TRIPWIRE_ENGINE', 'TRIPWIRE_ENGINE'])
      expect(plain(trips[0]?.message)).toMatchInlineSnapshot(`
        "[TRIPWIRE_ENGINE] <driver> cannot run a statement.

          sql    delete from orders
          where  test/plugins/db-sqlite-data.test.ts
                 in test "'<driver>' > a connection that an earlier test opened > is told apart in a transaction, and where the file was opened anew"
          why    <driver> says: the connection leads to what /out/app.db was in an earlier test, and what it is here cannot come there: a transaction is open on it
          fix    declare it once for the file, and put it back before each test:
                   let db
                   beforeAll(async () => {
                     db = await tripwire.db.sqlite('/out/app.db', { … })
                   })
                   beforeEach(() => db.restore())
                 or open it in each test:
                   vi.resetModules() // and what opens it is imported anew by each test
          more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md"
      `)
      expect(trips[1]?.message).toContain('cannot come there: another connection has opened it in this test')
      tripwire.db.assert('delete from orders')
      kept.close()
    })
  })

  test('two hundred statements of each way leave nothing on the disk', async () => {
    const before = readdirSync(process.cwd())
    await sqlite(join(process.cwd(), 'disk-free.db'))
    tripwire.sandbox(() => {
      const database = open('disk-free.db')
      const insert = database.prepare('insert into orders (name) values (?)')
      for (let at = 0; at < 200; at++) insert.run(`n${at}`)
      database.close()
    })
    expect(readdirSync(process.cwd())).toEqual(before)
    for (let at = 0; at < 200; at++) tripwire.db.assert(/^insert/, { params: [`n${at}`] })
  })
})
