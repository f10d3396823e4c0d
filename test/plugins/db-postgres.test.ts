import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import postgres from 'postgres'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type DatabaseSetup, tripwire } from 'vitest-tripwire'
import { createPostgres } from '../../plugins/db/postgres/index.ts'
import { APP, asClient, CONNECTION, errorOf, SCHEMA } from '../support/embedded-app.ts'

describe('a statement is an interaction', () => {
  test('with its text in one line, its parameters, rows, and whether it is part of a transaction', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA })
    await tripwire.sandbox(() =>
      asClient(async (client) => {
        await client.query('begin')
        await client.query('insert into orders (name, total)\n  values ($1, $2) -- twice\n  returning id, total', [
          "it's",
          5,
        ])
        await client.query('commit')
        await client.query('select name from orders;')
      }),
    )
    const kept = tripwire.db
      .calls()
      .map(({ operation, outcome, facts }) => ({ operation, outcome, ...facts }) as Record<string, unknown>)
    expect(kept.map(({ operation, outcome, text }) => [operation, outcome, text])).toEqual([
      ['db:connect', 'replied', undefined],
      ['db:control', 'replied', 'begin'],
      ['db:query', 'replied', 'insert into orders (name, total) values ($1, $2) returning id, total'],
      ['db:control', 'replied', 'commit'],
      ['db:query', 'replied', 'select name from orders'],
    ])
    expect(kept[2]).toMatchObject({
      driver: 'pg',
      user: 'shop',
      database: 'app',
      rows: [{ id: 1, total: '5.00' }],
      transaction: true,
    })
    tripwire.db.assert('insert into orders (name, total)   values ($1, $2) returning id, total', {
      params: ["it's", 5],
      transaction: true,
    })
    tripwire.db.assert(/^select name/, { rows: [{ name: expect.stringContaining('it') }] })
  })

  test('with its error, which the code under test may catch', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA })
    const error = await tripwire.sandbox(() =>
      asClient((client) => errorOf(client.query('insert into orders (total) values (1)'))),
    )
    expect(error).toMatchObject({ code: '23502', column: 'name', severity: 'ERROR' })
    tripwire.db.assert('insert into orders (total) values (1)', {
      error: { code: '23502', message: expect.stringContaining('null value') },
    })
  })

  test('of the simple protocol each, and together they are one transaction', async () => {
    const db = await tripwire.db.postgres(APP, { schema: SCHEMA })
    const error = await tripwire.sandbox(() =>
      asClient((client) =>
        errorOf(client.query("insert into orders (name) values ('a'); insert into orders (name) values ('a')")),
      ),
    )
    expect(error).toMatchObject({ code: '23505' })
    expect(await db.query('select name from orders')).toEqual([])
    tripwire.db.assert("insert into orders (name) values ('a')")
    tripwire.db.assert("insert into orders (name) values ('a')", { error: expect.objectContaining({ code: '23505' }) })
  })

  test('that is left unasserted fails the test, and what it prints holds when it is pasted', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA })
    await tripwire.sandbox(() => asClient((client) => client.query('select name from orders where id = $1', [1])))
    const wrong = () => tripwire.db.assert('select name from orders where id = $1', { params: [2] })
    const error = await errorOf(Promise.resolve().then(wrong))
    expect(error?.message.replace(/(test\.ts):\d+:\d+/g, '$1')).toMatchInlineSnapshot(`
      "[TRIPWIRE_INTERACTION_MISMATCH] tripwire.db.assert('select name from orders where id = $1', { params: [2] }) is not the next call: that is the statement select name from orders where id = $1 on localhost:5432.

        where  test/plugins/db-postgres.test.ts
        why    this fact differs:
                 params
                   expected [2]
                   was      [1]
               1 other fact fits
        fix    what was called is asserted by:
                 tripwire.db.assert('select name from orders where id = $1', { params: [1] })"
    `)
    tripwire.db.assert('select name from orders where id = $1', { params: [1] })
  })
})

describe('schema and seed', () => {
  test('are looked for where they are said to be', async () => {
    await expect(tripwire.db.postgres(APP, { schema: 'db/no-such-folder' })).rejects.toThrow(
      "ENOENT: no such file or directory, open 'db/no-such-folder'",
    )
  })

  test('come from a folder of migrations in order, a file and a function', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tripwire-pg-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, 'migrations'))
    writeFileSync(join(folder, 'migrations/10_more.sql'), "alter table a add column m text default 'm';")
    writeFileSync(join(folder, 'migrations/2_first.sql'), 'create table a (n integer);')
    writeFileSync(join(folder, 'migrations/2_first.down.sql'), 'drop table a;')
    writeFileSync(join(folder, 'seed.sql'), 'insert into a (n) values (1); insert into a (n) values (2);')
    const db = await tripwire.db.postgres(APP, {
      schema: join(folder, 'migrations'),
      seed: [join(folder, 'seed.sql'), ({ exec }) => exec('insert into a (n) values (3)')],
    })
    expect(await db.query('select n, m from a where n > $1 order by n', [1])).toEqual([
      { n: 2, m: 'm' },
      { n: 3, m: 'm' },
    ])
  })

  test('that the engine cannot run are an EngineError, and nobody connects', async () => {
    const error = await errorOf(
      tripwire.db.postgres(APP, { schema: `${SCHEMA};\ncreate table b (\n  id integer,\n  during tstzrange[[]\n)` }),
    )
    expect(error?.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_ENGINE] pg-mem cannot run a statement.

        sql    create table b (
                 id integer,
                 during tstzrange[[]
                                  ^ line 3, column 20
               )
        why    pg-mem says: Unexpected lbracket token: "["
        fix    register the function that is missing, or leave out what the test does not need:
                 schema: [({ engine }) => engine.public.registerFunction({ … }), …]
               run it on Postgres itself (npm install -D @electric-sql/pglite):
                 await tripwire.db.postgres(url, { engine: 'pglite' })
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md"
    `)
    const refused = await tripwire.sandbox(() => errorOf(asClient(async () => {})))
    expect(refused?.message).toContain('Unexpected')
  })
})

describe('a file of the schema or the seed that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tripwire-pg-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const failing = async (options: object) => {
    const error = await errorOf(tripwire.db.postgres(APP, options))
    return error?.message.replaceAll(folder, '<folder>').replace(/\n {2}fix[\s\S]*/, '')
  }

  test.each(['a path', 'a URL'])('is named with the line and the statement: %s', async (way) => {
    const seed = join(folder, 'seed.sql')
    writeFileSync(seed, "insert into orders (name) values ('a;b');\n\ninsert into orders (total)\n  values (3);\n")
    const message = await failing({ schema: SCHEMA, seed: way === 'a URL' ? pathToFileURL(seed) : seed })
    expect(message).toBe(
      [
        '[TRIPWIRE_ENGINE] pg-mem cannot run a statement.',
        '',
        '  sql    insert into orders (total)',
        '           values (3)',
        '  where  <folder>/seed.sql:3',
        '  why    pg-mem says: null value in column "name" violates not-null constraint (23502)',
      ].join('\n'),
    )
  })

  test('is the one of a folder, also where the engine does not understand it', async () => {
    writeFileSync(join(folder, '1_a.sql'), 'create table a (n integer);')
    writeFileSync(join(folder, '2_b.sql'), 'create table b (n integer);\ncreate table c (during tstzrange[[]);')
    rmSync(join(folder, 'seed.sql'), { force: true })
    expect(await failing({ schema: folder })).toContain('  where  <folder>/2_b.sql:2\n  why    pg-mem says: Unexpected')
  })

  test('is none where the statement is in the test: it is shown alone', async () => {
    const message = await failing({ schema: ({ exec }: DatabaseSetup) => exec('insert into nowhere values (1)') })
    expect(message).toMatch(/sql {4}insert into nowhere values \(1\)\n {2}why .* "nowhere" does not exist \(42P01\)$/)
  })
})

describe('what the engine cannot run', () => {
  test('is told with the statement, the place, the word of the engine, and how to script it', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA })
    const trips = await tripwire.expectTrip(() =>
      tripwire.sandbox(() =>
        asClient((client) => errorOf(client.query('select id,\n  row_number() over (order by id) from orders'))),
      ),
    )
    expect(trips.map(({ message }) => message.replace(/(test\.ts):\d+:\d+/g, '$1'))).toMatchInlineSnapshot(`
      [
        "[TRIPWIRE_ENGINE] pg-mem cannot run a statement.

        sql    select id,
                 row_number() over (order by id) from orders
        where  test/plugins/db-postgres.test.ts
               in test "what the engine cannot run > is told with the statement, the place, the word of the engine, and how to script it"
        why    pg-mem says: "OVER" clause is not implemented in pg-mem yet
        fix    answer it by a script, registered before the sandbox:
                 db.script('select id, row_number() over (order by id) from orders', { rows: [{ … }] })
               run it on Postgres itself (npm install -D @electric-sql/pglite):
                 await tripwire.db.postgres(url, { engine: 'pglite' })
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_ENGINE.md",
      ]
    `)
  })

  test('fails the test also where the code under test goes on', async () => {
    await tripwire.db.postgres(APP)
    const trips = await tripwire.expectTrip(() =>
      tripwire.sandbox(() =>
        asClient(async (client) => {
          const error = await errorOf(client.query('vacuum full orders'))
          expect(error).toMatchObject({ code: '58000', message: expect.stringContaining('[TRIPWIRE_ENGINE]') })
          expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
        }),
      ),
    )
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_ENGINE' }])
  })

  test('stands for a language that the engine has not, too', async () => {
    await tripwire.db.postgres(APP)
    const trips = await tripwire.expectTrip(() =>
      tripwire.sandbox(() => asClient((client) => errorOf(client.query('do $$ begin end $$')))),
    )
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_ENGINE' }])
  })

  test('is COPY with pg-mem, which a script may answer', async () => {
    const db = await tripwire.db.postgres(APP, { schema: SCHEMA })
    const [trip] = await tripwire.expectTrip('db', () =>
      tripwire.sandbox(() => asClient((client) => errorOf(client.query('copy orders from stdin')))),
    )
    expect(trip?.message).toContain('why    pg-mem says: it has no COPY')
    db.script('copy orders (name) from stdin', { rows: [] })
    db.script(/^copy orders to stdout/i, { rows: [{ id: 1, name: 'a\tb', total: null }] })
    const lines = await tripwire.sandbox(() =>
      asClient(async (client) => {
        await pipeline(Readable.from(['a\n']), client.query(copyFrom('copy orders (name) from stdin')))
        return (await client.query(copyTo('COPY orders TO STDOUT')).toArray()).join('')
      }),
    )
    expect(lines).toBe('1\ta\\tb\t\\N\n')
    tripwire.db.assert('copy orders (name) from stdin', { params: ['a\n'] })
    tripwire.db.assert('COPY orders TO STDOUT')
  })

  test('is answered by a script, once unless it says otherwise', async () => {
    const db = await tripwire.db.postgres(APP, { schema: SCHEMA })
    db.script('select id, row_number() over (order by id) from orders', {
      rows: [{ id: 7, at: new Date(0), data: { a: 1 } }],
    }).times(2)
    db.script(/^vacuum/, { error: { code: '42501', message: 'not yours' } })
    db.script(/^analyze/, { error: { code: '42501', message: 'not yours' } })
    const seen = await tripwire.sandbox(async () => {
      const rows = await asClient(async (client) => {
        await expect(client.query('vacuum')).rejects.toMatchObject({ code: '42501', message: 'not yours' })
        // Of the extended protocol, in which it is described before it is run.
        await expect(client.query('analyze orders', [1])).rejects.toMatchObject({ code: '42501' })
        return (await client.query('select id,\n row_number() over (order by id)\n from orders')).rows
      })
      const sql = postgres(CONNECTION)
      const again = await sql`select id, row_number() over (order by id) from orders`
      await sql.end()
      return [rows, [...again]]
    })
    const row = { id: 7, at: new Date(0), data: { a: 1 } }
    expect(seen).toEqual([[row], [row]])
    tripwire.db.assert('vacuum')
    tripwire.db.assert('analyze orders', { params: ['1'], error: { code: '42501', message: 'not yours' } })
    tripwire.db.assert('select id, row_number() over (order by id) from orders', {
      rows: [expect.objectContaining({ id: 7 })],
    })
    tripwire.db.assert('select id, row_number() over (order by id) from orders')
  })
})

test.each([
  ['pg-mem', undefined],
  ['@electric-sql/pglite', 'pglite'],
] as const)('without the package %s it is asked for', (name, engine) => {
  const peer = (wanted: string) => {
    throw new Error(`there is no ${wanted}`)
  }
  expect(() => createPostgres(engine ? { engine } : {}, { peer } as never)).toThrow(`there is no ${name}`)
})

describe('what is refused with a word of what was meant', () => {
  test.each([
    ['a URL of something else', () => tripwire.db.postgres('mysql://localhost/app')],
    ['a password of something else', () => tripwire.db.postgres('mysql://me:secret@localhost/app')],
    ['a password with an @', () => tripwire.db.postgres('mysql://me:s@secret@localhost/app')],
    ['a password with a slash', () => tripwire.db.postgres('postgres://me:se/secret@localhost/app')],
    ['a password without slashes before', () => tripwire.db.postgres('postgres:me:secret@localhost/app')],
    ['a password in the query', () => tripwire.db.postgres('mysql://localhost/app?a=b&password=secret')],
    ['a password with a %', () => tripwire.db.postgres('postgres://me:secret%zz@localhost/app')],
    ['no schema', () => tripwire.db.postgres(APP, { schema: null as never })],
    ['a number as seed', () => tripwire.db.postgres(APP, { seed: ['select 1', 5] as never })],
    ['no statement to script', async () => (await tripwire.db.postgres(APP)).script(5 as never, { rows: [] })],
    ['a script that gives nothing', async () => (await tripwire.db.postgres(APP)).script('x', { row: [] } as never)],
    ['a login', () => tripwire.db.postgres('postgres://me:secret@localhost/app', { login: 'scram' as never })],
    ['an engine', () => tripwire.db.postgres(APP, { engine: 'pglight' as never })],
    ['an option', () => tripwire.db.postgres(APP, { schemas: '' } as never)],
    ['mocks of calls', () => (tripwire.db as never as { mock(text: string): void }).mock('select 1')],
    ['an empty statement', () => tripwire.db.assert(' ; ')],
  ])('%s', async (_, fn) => {
    const error = await errorOf(Promise.resolve().then(fn))
    expect(error?.message).toMatchSnapshot()
    expect(error?.message).not.toContain('secret')
  })
})
