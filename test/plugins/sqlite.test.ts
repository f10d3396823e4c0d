import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { fileOf } from '../../plugins/fs/databases.ts'
import { boundValue, filesIn } from '../../plugins/fs/sql-files.ts'
import { makePlaces, type Places, unguarded } from '../support/outside.ts'

describe('the files of SQL', () => {
  test.each<[string, unknown[]]>([
    ["attach 'a.db' as b", [{ kind: 'name', name: 'a.db' }]],
    ['ATTACH DATABASE "a.db" AS b; select \'attach x as y\'', [{ kind: 'name', name: 'a.db' }]],
    ["/* why */ attach -- here\n 'it''s.db' as b", [{ kind: 'name', name: "it's.db" }]],
    ['attach [a.db] as b', [{ kind: 'name', name: 'a.db' }]],
    ['attach a as b', [{ kind: 'name', name: 'a' }]],
    ["vacuum main into 'copy.db'", [{ kind: 'name', name: 'copy.db' }]],
    ['select 1; vacuum into ?', [{ kind: 'bound', key: 0 }]],
    ['attach ?2 as b', [{ kind: 'bound', key: 1 }]],
    ['attach $path as b', [{ kind: 'bound', key: '$path' }]],
    ["attach 'a' || '.db' as b", [{ kind: 'computed', text: "'a' | | '.db'" }]],
    [
      "attach 'a' as x; attach 'b' as y",
      [
        { kind: 'name', name: 'a' },
        { kind: 'name', name: 'b' },
      ],
    ],
    ["insert into log values ('attach ''x'' as y')", []],
    ['vacuum', []],
    ['detach a', []],
    ['attach', []],
    ["create table attach (x text default 'vacuum into')", []],
  ])('%s', (sql, files) => {
    expect(filesIn(sql)).toEqual(files)
  })

  test('a parameter is found by its place or its name', () => {
    expect(boundValue(0, ['a.db'])).toBe('a.db')
    expect(boundValue(0, [['a.db']])).toBe('a.db')
    expect(boundValue(0, [{ other: 1 }, 'a.db'])).toBe('a.db')
    expect(boundValue('$path', [{ path: 'a.db' }])).toBe('a.db')
    expect(boundValue(':path', [{ ':path': 'a.db' }])).toBe('a.db')
  })
})

// As SQLite 3 and Node open them (seen on the disk by an attacker); undefined is memory.
test.each<[unknown, string | undefined]>([
  ['a.db', 'a.db'],
  ['file:a.db', 'a.db'],
  ['file:///x/a%20b.db', '/x/a b.db'],
  [{ href: 'file:///x/a.db' }, '/x/a.db'],
  [new URL('file:///x/a.db?mode=ro'), '/x/a.db'],
  [':memory:', undefined],
  ['', undefined],
  ['file::memory:?cache=shared', undefined],
  ['file:a.db?mode=memory', undefined],
  ['file:/a?vfs=memdb', undefined],
  ['file:a.db?mode=memory&mode=rwc', 'a.db'],
  ['file:a.db?mode=memory&%6dode=rwc', 'a.db'],
  ['file:a.db?vfs=memdb&vfs=unix', 'a.db'],
  ['file:a.db#?mode=memory', 'a.db'],
  ['file::memory:x', ':memory:x'],
])('the file of %j is %j', (name, file) => {
  expect(fileOf(name)).toBe(file)
})

interface Database {
  exec(sql: string): void
  prepare(sql: string): { run(...args: unknown[]): unknown; get(...args: unknown[]): Record<string, unknown> }
  open(): void
  close(): void
  loadExtension(path: string): void
  readonly constructor: unknown
}
type Tag = (texts: TemplateStringsArray, ...values: unknown[]) => unknown
interface Sqlite {
  DatabaseSync: new (path: unknown, options?: object) => Database
  backup?(database: Database, path: unknown): Promise<unknown>
}
const sqlite = (() => {
  try {
    return createRequire(import.meta.url)('node:sqlite') as Sqlite
  } catch {
    return undefined
  }
})()

// Node 20 has none.
describe.skipIf(sqlite === undefined)('node:sqlite', () => {
  const { DatabaseSync, backup } = (sqlite ?? {}) as Sqlite
  let places: Places
  let inside: string
  beforeAll(() => {
    places = makePlaces()
    inside = join(places.inside, 'shop.db')
    new DatabaseSync(inside).close()
  })
  afterAll(() => places.remove())
  const out = (name: string) => join(places.outside, name)
  const memory = () => new DatabaseSync(':memory:')
  const tags = () =>
    (memory() as Database & { createTagStore(): Record<string, Tag> }).createTagStore() as { run: Tag; all: Tag }

  const ways: Readonly<Record<string, () => unknown>> = {
    'a new database': () => new DatabaseSync(out('new.db')),
    'by a link': () => new DatabaseSync(join(places.inside, 'out/new.db')),
    'by a URL': () => new DatabaseSync(pathToFileURL(out('new.db'))),
    'by a Buffer': () => new DatabaseSync(Buffer.from(out('new.db'))),
    'by a URI': () => new DatabaseSync(`file:${out('new.db')}?cache=shared`),
    'opened later': () => new DatabaseSync(out('new.db'), { open: false }).open(),
    'a class of its own': () => new (class extends DatabaseSync {})(out('new.db')),
    'by the constructor of another': () => new (memory().constructor as typeof DatabaseSync)(out('new.db')),
    ATTACH: () => memory().exec(`attach '${out('new.db')}' as x; create table x.t (a)`),
    'ATTACH, prepared': () =>
      memory()
        .prepare(`attach '${out('new.db')}' as x`)
        .run(),
    'ATTACH of a parameter': () => memory().prepare('attach ? as x').run(out('new.db')),
    'ATTACH of a named parameter': () =>
      memory()
        .prepare('attach $path as x')
        .run({ $path: out('new.db') }),
    'ATTACH of what is computed': () => memory().exec(`attach '${out('new')}' || '.db' as x`),
    'ATTACH by a tag': () => tags().run(Object.assign([`attach '${out('new.db')}' as x`], { raw: [] })),
    'ATTACH of a value in a tag': () => tags().all`attach ${out('new.db')} as x`,
    'VACUUM INTO': () => memory().exec(`vacuum into '${out('new.db')}'`),
    backup: () => backup?.(memory(), out('new.db')),
    loadExtension: () =>
      tripwire.allow('native', () => {
        new DatabaseSync(':memory:', { allowExtension: true }).loadExtension(out('new.db'))
      }),
  }

  test.for(Object.keys(ways))('touches nothing outside: %s', async (name, { skip }) => {
    skip(name === 'backup' && backup === undefined, 'this Node makes no backups')
    skip(name.endsWith('tag') && !('createTagStore' in DatabaseSync.prototype), 'this Node has no tags')
    const rule = name === 'loadExtension' ? 'fs:read' : 'fs:write'
    const before = places.tree()
    const run = () =>
      tripwire.expectTrip('db', async () => {
        await expect(async () => ways[name]?.()).rejects.toMatchObject({ code: 'TRIPWIRE_GUARDED_CALL' })
      })
    const [trip] = await (rule === 'fs:read' ? tripwire.deny('fs:read', run) : run())
    expect(trip?.protocol).toBe('db')
    expect(trip?.callSite?.file).toContain('sqlite.test.ts')
    expect(places.tree()).toEqual(before)
  })

  test('works in memory and below the temporary folder, with all that a database does', () => {
    const database = new DatabaseSync(inside)
    database.exec(`create table orders (id); attach '${inside}2' as other; create table other.t (a)`)
    database.prepare('insert into orders values (?)').run(5)
    expect(database.prepare('select id from orders').get()).toMatchObject({ id: 5 })
    database.exec(`vacuum into '${inside}3'`)
    database.close()
    expect(existsSync(`${inside}3`)).toBe(true)
  })

  test('opens for reading what may only be read, and a rule lets it write', async () => {
    unguarded(() => new DatabaseSync(out('there.db')).close())
    new DatabaseSync(out('there.db'), { readOnly: true }).close()
    tripwire.allow(`db:sqlite:${out('there.db')}`, () => new DatabaseSync(out('there.db')).close())
    const [trip] = await tripwire.expectTrip(() => {
      expect(() => new DatabaseSync(out('there.db'))).toThrow('opening the sqlite database')
    })
    expect(trip).toMatchObject({ operation: 'db:open', rule: `db:sqlite:${out('there.db')}` })
  })

  test.for([true, false])(
    'loads no extension by what is said in SQL, allowed %s: SQLite refuses that',
    (allowExtension) => {
      const database = new DatabaseSync(':memory:', { allowExtension }) as Database & {
        enableLoadExtension(on: boolean): void
      }
      if (allowExtension) database.enableLoadExtension(true)
      const statement = database.prepare('select load_extension(?)')
      expect(() => statement.get(out('new.so'))).toThrow('not authorized')
      database.close()
    },
  )

  test('is one interaction of a sandbox', () => {
    const box = tripwire.sandbox((box) => {
      new DatabaseSync(inside).close()
      return box
    })
    expect(box.interactions.map(({ operation, facts }) => [operation, facts.path])).toEqual([['db:open', inside]])
  })
})
