/** Real addons that are made of SQLite. */
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'
import { runsHere } from '../support/sqlite-drivers.ts'

const load = createRequire(import.meta.url)
const { into, out, stopped } = usePlaces()

describe('libsql', () => {
  interface Database {
    exec(sql: string): void
    prepare(sql: string): { get(): unknown; run(...args: unknown[]): unknown }
    close(): void
  }
  const Libsql = load('libsql') as new (path: string, options?: object) => Database

  test('is stopped outside, and at hosts that nobody allowed', async () => {
    const [trip] = await stopped(() => new Libsql(out('new.db')))
    expect(trip).toMatchObject({ protocol: 'db', facts: { driver: 'libsql', product: 'sqlite', path: out('new.db') } })
    expect(trip?.callSite?.file).toContain('sqlite-addons.test.ts')
    const [host] = await stopped(() => new Libsql(into('replica.db'), { syncUrl: 'http://db.example.com' }))
    expect(host).toMatchObject({ protocol: 'db', facts: { host: 'db.example.com' } })
    const [remote] = await stopped(() => new Libsql('libsql://db.example.com', { authToken: 'x' }))
    expect(remote).toMatchObject({ protocol: 'db', facts: { host: 'db.example.com', port: 443 } })
  })

  test('is stopped where a statement opens another file', async () => {
    const database = new Libsql(':memory:')
    await stopped(() => database.exec(`attach '${out('new.db')}' as x; create table x.t (a)`))
    await stopped(() => database.prepare(`vacuum into '${out('new.db')}'`).run())
    await stopped(() => database.prepare('attach ? as x').run(out('new.db')))
    database.close()
  })

  test('works in memory and below the temporary folder', () => {
    for (const path of [':memory:', into('shop.db')]) {
      const database = new Libsql(path)
      database.exec('create table orders (id); insert into orders values (5)')
      expect(database.prepare('select id from orders').get()).toMatchObject({ id: 5 })
      database.close()
    }
  })
})

/** sqlite3, and better-sqlite3 for Node 20, are compiled where they are installed, which no test may wait for: `npm i --no-save better-sqlite3@12 sqlite3`. */
function compiled<T>(name: string, tried: (it: T) => void): T | undefined {
  try {
    const it = load(name) as T
    tried(it)
    return it
  } catch {
    return undefined
  }
}

const BetterSqlite = runsHere()
  ? compiled<new () => { close(): void }>('better-sqlite3', (Database) => new Database().close())
  : undefined
describe.skipIf(BetterSqlite === undefined)('better-sqlite3', () => {
  interface Database {
    exec(sql: string): void
    prepare(sql: string): { get(...args: unknown[]): unknown; run(...args: unknown[]): unknown }
    backup(path: string, options?: object): Promise<unknown>
    loadExtension(path: string): void
    close(): void
  }
  const Database = BetterSqlite as unknown as new (path?: string, options?: object) => Database

  const ways: Readonly<Record<string, () => unknown>> = {
    'a new database': () => new Database(out('new.db')),
    'by a link': () => new Database(into('out/new.db')),
    ATTACH: () => new Database().exec(`attach '${out('new.db')}' as x; create table x.t (a)`),
    'ATTACH, prepared': () => new Database().prepare(`attach '${out('new.db')}' as x`).run(),
    'ATTACH of a parameter': () => new Database().prepare('attach ? as x').run(out('new.db')),
    'VACUUM INTO': () => new Database().exec(`vacuum into '${out('new.db')}'`),
    backup: () => new Database().backup(out('new.db')),
    'backup of what is attached': () => {
      const database = new Database()
      database.exec("attach ':memory:' as other")
      return database.backup(out('new.db'), { attached: 'other' })
    },
  }
  test.for(Object.keys(ways))('touches nothing outside: %s', async (name) => {
    const [trip] = await stopped(() => ways[name]?.())
    expect(trip).toMatchObject({ protocol: 'db', facts: { driver: 'better-sqlite3', path: out('new.db') } })
  })

  test('loads an extension as a call of its own', async () => {
    const [trip] = await tripwire.deny('fs:read', () => stopped(() => new Database().loadExtension(out('new.so'))))
    expect(trip?.facts.path).toBe(out('new.so'))
  })

  test('works in memory and below the temporary folder, and reads outside what it opens for reading', async () => {
    const database = new Database(into('shop.db'))
    database.exec('create table orders (id); insert into orders values (5)')
    expect(database.prepare('select id from orders').get()).toEqual({ id: 5 })
    await database.backup(into('copy.db'))
    database.close()
    const path = out('there.db')
    unguarded(() => new Database(path).close())
    new Database(path, { readonly: true }).close()
  })
})

const Sqlite3 = compiled<object>('sqlite3', () => {})
describe.skipIf(Sqlite3 === undefined)('sqlite3', () => {
  interface Database {
    run(sql: string, ...args: unknown[]): this
    exec(sql: string, done: (error: unknown) => void): this
    get(sql: string, done: (error: unknown, row: unknown) => void): this
    prepare(sql: string): { run(...args: unknown[]): unknown }
    backup(path: string): unknown
    close(done: (error: unknown) => void): void
  }
  const { Database, OPEN_READONLY } = (Sqlite3 ?? {}) as {
    Database: new (path: string, ...rest: unknown[]) => Database
    OPEN_READONLY: number
  }
  const opened = (path: string, ...mode: number[]) =>
    new Promise<Database>((done, fail) => {
      const database: Database = new Database(path, ...mode, (error: unknown) => (error ? fail(error) : done(database)))
    })
  const ended = (fn: (done: (error: unknown) => void) => unknown) =>
    new Promise<void>((done, fail) => fn((error) => (error ? fail(error) : done())))

  const ways: Readonly<Record<string, () => unknown>> = {
    'a new database': () => opened(out('new.db')),
    ATTACH: async () => {
      const database = await opened(':memory:')
      await ended((done) => database.exec(`attach '${out('new.db')}' as x; create table x.t (a)`, done))
    },
    'ATTACH, run': async () => {
      const database = await opened(':memory:')
      await ended((done) => database.run(`attach '${out('new.db')}' as x`, done))
    },
    'ATTACH of a parameter': async () => {
      const database = await opened(':memory:')
      await ended((done) => database.run('attach ? as x', out('new.db'), done))
    },
    backup: async () => {
      const database = await opened(':memory:')
      database.backup(out('new.db'))
    },
  }
  test.for(Object.keys(ways))('touches nothing outside: %s', async (name) => {
    const [trip] = await stopped(() => ways[name]?.())
    expect(trip).toMatchObject({ protocol: 'db', facts: { driver: 'sqlite3', path: out('new.db') } })
  })

  test('works below the temporary folder, and reads outside what it opens for reading', async () => {
    const database = await opened(into('shop.db'))
    await ended((done) => database.exec('create table orders (id); insert into orders values (5)', done))
    const row = await new Promise((done) => database.get('select id from orders', (_, row) => done(row)))
    expect(row).toEqual({ id: 5 })
    await ended((done) => database.close(done))
    const path = out('there.db')
    await unguarded(async () => {
      const there = await opened(path)
      await ended((done) => there.close(done))
    })
    const there = await opened(path, OPEN_READONLY)
    await ended((done) => there.close(done))
  })
})
