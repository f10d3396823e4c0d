import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type DatabaseSetup, tripwire } from 'vitest-tripwire'
import { APP, asClient, errorOf, SCHEMA } from '../support/embedded-app.ts'

describe('schema and seed', () => {
  test('are looked for where they are said to be', async () => {
    const error = await errorOf(tripwire.db.postgres(APP, { schema: 'db/no-such-folder' }))
    expect(error?.message).toMatchInlineSnapshot(`
      "[TRIPWIRE_SANDBOX_MISUSE] tripwire.db.postgres() was given something that cannot be meant: there is no 'db/no-such-folder' (a relative path starts at the current folder).

        fix  SQL, a file of it, a folder of migrations (1_orders.sql, 2_users.sql, …), or a function"
    `)
    expect(error?.stack).toMatch(/^ +at .*db-postgres-schema\.test\.ts/m)
  })

  test('are told to be missing where a folder holds none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tripwire-pg-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    await expect(tripwire.db.postgres(APP, { schema: folder })).rejects.toThrow(
      `the folder '${folder}' holds no .sql file`,
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
