/** What node:sqlite has of its own. */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'
import { embedded, failure, type NodeDatabase, sqlite as node, type Sqlite } from '../support/sqlite-drivers.ts'

type Tag = (texts: TemplateStringsArray, ...values: unknown[]) => unknown

const { out, tree } = usePlaces()
const major = Number.parseInt(process.versions.node, 10)

describe.skipIf(node === undefined)('node:sqlite', () => {
  const { DatabaseSync, backup } = (node ?? {}) as Sqlite
  const { sqlite, plain } = embedded({ name: 'node:sqlite', open: () => undefined as never }, out)
  const opened = <T>(fn: (database: NodeDatabase) => T, path: unknown = out('app.db'), options = {}): T =>
    tripwire.sandbox(() => fn(new DatabaseSync(path, options)))

  test('says where it is, as if it were there', async () => {
    await sqlite()
    expect(opened((database) => database.location?.())).toBe(
      'location' in DatabaseSync.prototype ? out('app.db') : undefined,
    )
  })

  test.for([
    ['a URL', () => pathToFileURL(out('app.db'))],
    ['a Buffer', () => Buffer.from(out('app.db'))],
    ['a URI', () => `file:${out('app.db')}?cache=shared`],
    ['a URI for reading', () => `file:${out('app.db')}?mode=ro`],
    ['a class of its own', () => out('app.db')],
  ] as const)('is opened by %s', async ([way, path]) => {
    await sqlite()
    const Class = way === 'a class of its own' ? class extends DatabaseSync {} : DatabaseSync
    const found = tripwire.sandbox(() => {
      const database = new Class(path())
      expect(database).toBeInstanceOf(Class)
      const write = () => database.exec("insert into orders (name) values ('a')")
      return way.endsWith('reading') ? failure(write).message : write()
    })
    expect(found).toBe(way.endsWith('reading') ? 'attempt to write a readonly database' : undefined)
    tripwire.db.assert("insert into orders (name) values ('a')")
  })

  test('is opened later, and again, where it was made in the sandbox', async () => {
    await sqlite()
    const rows = tripwire.sandbox(() => {
      const database = new DatabaseSync(out('app.db'), { open: false })
      expect(database.isOpen).toBe(false)
      database.open()
      database.exec("insert into orders (name) values ('a')")
      database.close()
      database.open()
      return database.prepare('select name from orders').all()
    })
    expect(rows).toEqual([{ name: 'a' }])
    tripwire.db.assert(/^insert/)
    tripwire.db.assert(/^select/)
  })

  test('is not opened in memory where it was made outside of it, and the message says why', async () => {
    await sqlite()
    const before = tree()
    const database = new DatabaseSync(out('app.db'), { open: false })
    const trips = await tripwire.expectTrip(() => tripwire.sandbox(() => database.open()))
    expect(plain(trips[0]?.message)).toMatchInlineSnapshot(`
      "[TRIPWIRE_ENGINE] <driver> cannot run a statement.

        sql    new DatabaseSync('/out/app.db', { open: false }).open()
        where  test/plugins/db-sqlite-node.test.ts
               in test "<driver> > is not opened in memory where it was made outside of it, and the message says why"
        why    <driver> says: what is opened later has its file from where it is made, and that was no place where this database answers
        fix    make it where it is opened, in the sandbox:
                 const database = new DatabaseSync('/out/app.db')
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md"
    `)
    const inside = tripwire.sandbox(() => new DatabaseSync(out('app.db'), { open: false }))
    const late = await tripwire.expectTrip(() => inside.open())
    expect(late).toMatchObject([{ operation: 'db:open' }])
    expect(tree()).toEqual(before)
  })

  test('has functions, sessions and changesets', async () => {
    const db = await sqlite()
    opened((database) => {
      database.function('twice', (n: number) => n * 2)
      expect(database.prepare('select twice(4) as n').get()).toEqual({ n: 8 })
      const session = database.createSession()
      database.exec("insert into orders (name) values ('a')")
      const changes = session.changeset()
      database.exec('delete from orders')
      expect(database.applyChangeset(changes)).toBe(true)
    })
    expect(await db.query('select name from orders')).toEqual([{ name: 'a' }])
    tripwire.db.assert('select twice(4) as n', { rows: [{ n: 8 }] })
    tripwire.db.assert(/^insert/)
    tripwire.db.assert(/^delete/)
    tripwire.db.assert('applyChangeset', { params: [expect.any(Uint8Array)] })
  })

  test('has tags, where this Node has them', async ({ skip }) => {
    skip(!('createTagStore' in DatabaseSync.prototype), 'this Node has no tags')
    await sqlite()
    opened((database) => {
      const tags = database.createTagStore?.() as Record<'run' | 'get' | 'all', Tag>
      tags.run`insert into orders (name, total) values (${'a'}, ${2})`
      expect(tags.get`select name from orders where total = ${2}`).toEqual({ name: 'a' })
      expect(tags.all`select name from orders`).toEqual([{ name: 'a' }])
    })
    tripwire.db.assert('insert into orders (name, total) values (?, ?)', { params: ['a', 2] })
    tripwire.db.assert('select name from orders where total = ?', { params: [2], rows: [{ name: 'a' }] })
    tripwire.db.assert('select name from orders', { rows: [{ name: 'a' }] })
  })

  describe('other files', () => {
    test('that are declared too are attached in memory, by each way to name one', async () => {
      await sqlite()
      const other = await sqlite(out('other.db'))
      const before = tree()
      opened((database) => {
        database.exec(`attach '${out('other.db')}' as other; insert into other.orders (name) values ('a')`)
        database.exec('detach other')
        database.prepare('attach ? as other').run(out('other.db'))
        database.exec("insert into other.orders (name) values ('b'); detach other")
        database.prepare('attach $path as other').run({ $path: out('other.db') })
        expect(database.prepare('select count(*) as n from other.orders').get()).toEqual({ n: 2 })
      })
      expect(await other.query('select name from orders')).toEqual([{ name: 'a' }, { name: 'b' }])
      expect(tree()).toEqual(before)
      for (const name of ['a', 'b']) tripwire.db.assert(`insert into other.orders (name) values ('${name}')`)
      tripwire.db.assert('select count(*) as n from other.orders')
      expect(tripwire.db.calls().map(({ facts }) => String(facts.text))).toContain(
        `attach '${out('other.db')}' as other`,
      )
    })

    test('are attached in memory to what is in memory, whose statements count from then on', async () => {
      const other = await sqlite(out('other.db'))
      opened((database) => {
        database.exec('create table here (a)')
        database.exec(`attach '${out('other.db')}' as other`)
        database.exec("insert into other.orders (name) values ('a')")
      }, ':memory:')
      expect(await other.query('select name from orders')).toEqual([{ name: 'a' }])
      tripwire.db.assert(/^insert/)
    })

    test('that nobody declared are stopped', async () => {
      await sqlite()
      const before = tree()
      const trips = await tripwire.expectTrip(() =>
        opened((database) => {
          failure(() => database.exec(`attach '${out('other.db')}' as other`))
          failure(() => database.exec(`vacuum into '${out('other.db')}'`))
          failure(() => database.exec(`attach '${out('oth')}' || 'er.db' as other`))
        }),
      )
      expect(trips.map(({ code, operation }) => [code, operation])).toEqual(
        Array(3).fill(['TRIPWIRE_UNMOCKED_INTERACTION', 'db:open']),
      )
      expect(tree()).toEqual(before)
    })

    test('take a copy, by VACUUM INTO, and by a backup from Node 24 on', async () => {
      await sqlite(out('app.db'), { seed: "insert into orders (name) values ('a')" })
      const copy = await tripwire.db.sqlite(out('copy.db'), { engine: 'node:sqlite' })
      const backed = await tripwire.db.sqlite(out('backup.db'), { engine: 'node:sqlite' })
      const before = tree()
      const database = opened((database) => {
        database.exec(`vacuum into '${out('copy.db')}'`)
        expect(failure(() => database.exec(`vacuum into '${out('copy.db')}'`)).message).toBe(
          'output file already exists',
        )
        return database
      })
      expect(await copy.query('select name from orders')).toEqual([{ name: 'a' }])
      tripwire.db.assert(/^vacuum/)
      tripwire.db.assert(/^vacuum/, { error: expect.anything() })
      if (backup === undefined) return
      const run = () => tripwire.sandbox(() => backup(database, out('backup.db')))
      if (major >= 24) {
        await run()
        expect(await backed.query('select name from orders')).toEqual([{ name: 'a' }])
      } else {
        const trips = await tripwire.expectTrip(() => expect(run()).rejects.toThrow('TRIPWIRE_ENGINE'))
        expect(trips).toMatchObject([{ code: 'TRIPWIRE_ENGINE' }])
      }
      expect(tree()).toEqual(before)
    })
  })

  test('is copied from a file of a volume, where this Node opens bytes', async () => {
    const bytes = unguarded(() => {
      const made = new DatabaseSync(out('from.db'))
      made.exec('create table t (a); insert into t values (5)')
      made.close()
      return readFileSync(out('from.db'))
    })
    tripwire.fs.volume({ 'seed.db': bytes }).optional()
    const made = tripwire.sandbox(async () =>
      tripwire.db.sqlite(out('app.db'), { from: 'seed.db', engine: 'node:sqlite' }),
    )
    if ('deserialize' in DatabaseSync.prototype) expect(await (await made).query('select a from t')).toEqual([{ a: 5 }])
    else await expect(made).rejects.toThrow('this Node opens a database by its file only')
  })
})
