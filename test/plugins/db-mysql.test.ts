import mysql, { type Connection } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { errorOf } from '../support/embedded-app.ts'

const URL = 'mysql://localhost:3306/app'
const LOGIN = { host: 'localhost', user: 'shop', database: 'app' }

async function withMysql<T>(fn: (client: Connection) => Promise<T>, more: object = {}): Promise<T> {
  const client = await mysql.createConnection({ ...LOGIN, ...more })
  try {
    return await fn(client)
  } finally {
    client.destroy()
  }
}

const inSandbox = <T>(fn: (client: Connection) => Promise<T>, more?: object) =>
  tripwire.sandbox(() => withMysql(fn, more))
const rowsOf = async (answer: Promise<unknown>) => ((await answer) as [unknown])[0]
const asked = (client: Connection, way: 'query' | 'execute', sql: string) =>
  way === 'query' ? client.query(sql) : client.execute(sql)
const kept = () => tripwire.db.calls().map(({ operation, facts }) => [operation, facts.text])

const VALUES = {
  id: 5,
  name: 'Ünï — 𝒳',
  at: new Date(2026, 1, 3, 4, 5, 6, 789),
  data: { a: [1, 'ü'] },
  raw: Buffer.from([0, 255, 10]),
  nothing: null,
  ratio: 1.5,
  far: 2 ** 40,
}

describe('a statement', () => {
  test.each(['query', 'execute'] as const)('by %s gives rows of every kind of value', async (way) => {
    tripwire.db.mysql(URL).on('select *\n  from users', { rows: [VALUES, { id: null, yes: true, text: '' }] })
    const rows = await inSandbox((client) => rowsOf(asked(client, way, 'select * from users')))
    const none = { name: null, at: null, data: null, raw: null, nothing: null, ratio: null, far: null }
    expect(rows).toEqual([
      { ...VALUES, yes: null, text: null },
      { id: null, ...none, yes: 1, text: '' },
    ])
    tripwire.db.assert('select * from  users', { rows: [VALUES, { id: null, yes: true, text: '' }] })
  })

  test.each(['query', 'execute'] as const)('by %s gives what became of rows', async (way) => {
    tripwire.db.mysql(URL).on(/^insert/, { affectedRows: 1, insertId: 2 ** 33 })
    tripwire.db.mysql(URL).on(/^update/, { affectedRows: 300, changedRows: 2 })
    const seen = await inSandbox(async (client) => [
      await rowsOf(asked(client, way, "insert into users (name) values ('a')")),
      await rowsOf(asked(client, way, 'update users set a = 1')),
    ])
    expect(seen).toMatchObject([
      { affectedRows: 1, insertId: 2 ** 33 },
      { affectedRows: 300, changedRows: 2 },
    ])
    tripwire.db.assert("insert into users (name) values ('a')", { rows: { affectedRows: 1, insertId: 2 ** 33 } })
    tripwire.db.assert('update users set a = 1')
  })

  test('that is prepared has its parameters, one by query has them in its text', async () => {
    const db = tripwire.db.mysql(URL)
    const params = [1, 'é', null, true, new Date(2026, 0, 2, 3, 4, 5, 6), Buffer.from([0, 255]), { a: [1] }, 1.5]
    db.on('select ?, ?, ?, ?, ?, ?, ?, ?', params, { rows: [{ n: 1 }] }).times(2)
    db.on("select * from users where name = 'it\\'s  -- here' and id = 5", { rows: [] })
    await inSandbox(async (client) => {
      const sql = 'select ?, ?, ?, ?, ?, ?, ?, ?'
      await client.execute(sql, params as never)
      await client.execute(sql, params as never)
      await client.query('select * from users where name = ? and id = ? # by name', ["it's  -- here", 5])
    })
    const bytes = Buffer.from([0, 255])
    tripwire.db.assert('select ?, ?, ?, ?, ?, ?, ?, ?', {
      params: [1, 'é', null, 1, '2026-01-02 03:04:05.006', bytes, { a: [1] }, 1.5],
    })
    tripwire.db.assert({ text: expect.stringContaining('select ?'), params: expect.arrayContaining(['é']) })
    tripwire.db.assert("select * from users where name = 'it\\'s  -- here' and id = 5")
  })

  test('fails as the script says, by names and numbers', async () => {
    const db = tripwire.db.mysql(URL)
    const odd = { code: 'ER_LOCK_NOWAIT', errno: 3572, sqlState: 'HY000', message: 'Statement aborted' }
    db.on('insert 1', { error: { code: 'ER_DUP_ENTRY', message: "Duplicate entry 'a' for key 'name'" } })
    db.on('insert 2', Object.assign(new Error('Deadlock found'), { code: 'ER_LOCK_DEADLOCK' }))
    db.on('insert 3', { error: odd })
    db.on('insert 4', () => {
      throw Object.assign(new Error('too slow'), { code: 'ER_QUERY_TIMEOUT' })
    })
    db.on('insert 5', new Error('who knows'))
    const errors = await inSandbox(async (client) => {
      const all = []
      for (const n of [1, 2, 3, 4, 5])
        all.push(await errorOf(n % 2 ? client.query(`insert ${n}`) : client.execute(`insert ${n}`)))
      return all
    })
    expect(errors).toMatchObject([
      { code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000', message: "Duplicate entry 'a' for key 'name'" },
      { code: 'ER_LOCK_DEADLOCK', errno: 1213, sqlState: '40001' },
      odd,
      { code: 'ER_QUERY_TIMEOUT', message: 'too slow' },
      { code: 'ER_UNKNOWN_ERROR', message: 'who knows' },
    ])
    tripwire.db.assert('insert 1', { error: { code: 'ER_DUP_ENTRY', message: expect.stringContaining('Duplicate') } })
    for (const n of [2, 3, 4, 5]) tripwire.db.assert(`insert ${n}`)
  })

  test('is given what a function makes of its parameters, in the order in which they were asked', async () => {
    tripwire.db
      .mysql(URL)
      .on('select ?', async ([n]: number[]) => {
        await new Promise((resolve) => setTimeout(resolve, 20 - 10 * (n as number)))
        return { rows: [{ n }] }
      })
      .times(2)
    const seen = await inSandbox((client) => Promise.all([1, 2].map((n) => rowsOf(client.execute('select ?', [n])))))
    expect(seen).toEqual([[{ n: 1 }], [{ n: 2 }]])
    tripwire.db.assert('select ?', { params: [1] })
    tripwire.db.assert('select ?', { params: [2] })
  })

  test('of several in one text gives its own result, up to the first that fails', async () => {
    const db = tripwire.db.mysql(URL)
    db.on('select 7', { rows: [{ n: 7 }] }).times(2)
    db.on("insert into a values (';')", { affectedRows: 1 })
    db.on('insert 1', new Error('no'))
    const seen = await inSandbox(
      async (client) => [
        await rowsOf(client.query("select 7; insert into a values (';'); begin;")),
        (await errorOf(client.query('select 7; insert 1; select 8')))?.message,
      ],
      { multipleStatements: true },
    )
    expect(seen).toMatchObject([[[{ n: 7 }], { affectedRows: 1 }, { affectedRows: 0 }], 'no'])
    for (const text of ['select 7', "insert into a values (';')", 'select 7', 'insert 1']) tripwire.db.assert(text)
  })

  test('that no script answers is told at once, with the script to paste', async () => {
    tripwire.db.mysql(URL).on('select * from users where id = ?', [1], { rows: [] })
    const trips = await tripwire.expectTrip(() =>
      inSandbox(async (client) => {
        const error = await errorOf(client.execute('select *\nfrom users where id = ?', [2]))
        expect(error).toMatchObject({ message: expect.stringContaining('[TRIPWIRE_UNMOCKED_INTERACTION]') })
        await errorOf(client.query('insert into users (name) values (?)', ["it's"]))
        expect(await rowsOf(client.execute('select * from users where id = ?', [1]))).toEqual([])
      }),
    )
    expect(
      trips.map(({ message }) => message.replace(/(test\.ts):\d+:\d+/g, '$1').replace(/#[\d.]*\d/, '#1')),
    ).toMatchInlineSnapshot(`
      [
        "[TRIPWIRE_UNMOCKED_INTERACTION] the statement select * from users where id = ? on localhost:3306 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-mysql.test.ts
               in test "a statement > that no script answers is told at once, with the script to paste" (test/plugins/db-mysql.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.mysql('mysql://localhost:3306/app').on('select * from users where id = ?', [2], { rows: [] })
        near   mysql.on('select * from users where id = ?', [1]) (test/plugins/db-mysql.test.ts) fits but for the params [2]
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
        "[TRIPWIRE_UNMOCKED_INTERACTION] the statement insert into users (name) values ('it\\'s') on localhost:3306 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-mysql.test.ts
               in test "a statement > that no script answers is told at once, with the script to paste" (test/plugins/db-mysql.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.mysql('mysql://localhost:3306/app').on("insert into users (name) values ('it\\\\'s')", { affectedRows: 1, insertId: 1 })
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
      ]
    `)
    tripwire.db.assert('select * from users where id = ?', { params: [1] })
  })
})

describe('a connection', () => {
  test('has transactions, which need no script, and statements that are part of them', async () => {
    tripwire.db.mysql(URL).on('select 7', { rows: [] }).times(2)
    await inSandbox(async (client) => {
      await client.beginTransaction()
      await client.query('savepoint a')
      await client.query('select 7')
      await client.query('rollback to a')
      await client.commit()
      await client.query('select 7')
    })
    tripwire.db.assert('select 7', { transaction: true })
    tripwire.db.assert('select 7', { transaction: false })
  })

  test('is asked nothing that drivers ask on their own', async () => {
    tripwire.db.mysql(URL)
    const seen = await inSandbox(async (client) => {
      await client.ping()
      await client.query("set time_zone = '+00:00'")
      await client.changeUser({ database: 'app' })
      const rows = [
        await rowsOf(client.query('SELECT VERSION() AS `version`, database(), @@session.autocommit as a')),
        await rowsOf(client.execute('select 1')),
        await rowsOf(client.query('select @@max_allowed_packet, @@nothing LIMIT 1')),
      ]
      await client.query('use other')
      return [...rows, await rowsOf(client.query('select schema() as now'))]
    })
    expect(seen).toEqual([
      [{ version: expect.stringMatching(/^8\./), 'database()': 'app', a: 1 }],
      [{ 1: 1 }],
      [{ '@@max_allowed_packet': 67_108_864, '@@nothing': null }],
      [{ now: 'other' }],
    ])
    expect(kept().filter(([operation]) => operation === 'db:query')).toEqual([])
  })

  test('is let in by the password of the URL, over TLS where it asks for it', async () => {
    tripwire.db
      .mysql('mysql://shop:s%C3%A9cret@db.example.com')
      .on('select 7', { rows: [{ n: 7 }] })
      .times(3)
    const ask = (more: object) =>
      inSandbox((client) => rowsOf(client.query('select 7')), { host: 'db.example.com', ...more }).catch(
        ({ code }) => code,
      )
    const native = { authPlugins: { caching_sha2_password: undefined } }
    expect(await ask({ password: 'sécret' })).toEqual([{ n: 7 }])
    expect(await ask({ password: 'sécret', ssl: {} })).toEqual([{ n: 7 }])
    expect(await ask({ password: 'sécret', ...native })).toEqual([{ n: 7 }])
    expect(await ask({ password: 'secret' })).toBe('ER_ACCESS_DENIED_ERROR')
    const change = (password: string) => (client: Connection) => client.changeUser({ user: 'shop', password })
    const as = (password: string) =>
      inSandbox(change(password), { host: 'db.example.com', password: 'sécret', ...native }).catch(({ code }) => code)
    expect([await as('sécret'), await as('secret')]).toEqual([undefined, 'ER_ACCESS_DENIED_ERROR'])
    expect(await ask({ password: 'sécret', user: 'me' })).toBe('ER_ACCESS_DENIED_ERROR')
    for (const _ of [1, 2, 3]) tripwire.db.assert({ text: 'select 7', host: 'db.example.com', user: 'shop' })
  })

  test('that goes to another database has the scripts of that one', async () => {
    tripwire.db.mysql(URL).on('select 7', { rows: [{ n: 7 }] })
    tripwire.db.mysql('mysql://localhost:3306/other').on('select 7', { rows: [{ n: 8 }] })
    const seen = await inSandbox(async (client) => {
      await client.query('use /* the */ `other`')
      const there = await rowsOf(client.query('select 7'))
      const [trip] = await tripwire.expectTrip(() => client.query('select 7').catch(() => {}))
      await client.query('use app')
      return [there, trip?.facts.database, await rowsOf(client.query('select 7'))]
    })
    expect(seen).toEqual([[{ n: 8 }], 'other', [{ n: 7 }]])
    tripwire.db.assert('select 7', { database: 'other' })
    tripwire.db.assert('select 7', { database: 'app' })
  })

  test('to another database than the URL names has no script', async () => {
    tripwire.db.mysql(URL).on('select 7', { rows: [] }).optional()
    const trips = await tripwire.expectTrip(() =>
      inSandbox((client) => client.query('select 7'), { database: 'other' }).catch(() => {}),
    )
    expect(trips).toMatchObject([{ facts: { database: 'other' } }])
  })
})

describe('what is refused with a word of what was meant', () => {
  const on = (...args: unknown[]) => Reflect.apply(tripwire.db.mysql(URL).on, undefined, args)
  test.each([
    ['a URL of something else', () => tripwire.db.mysql('mariadb://me:secret@localhost')],
    ['no reply', () => on('select 1')],
    ['parameters that are no list', () => on('select 1', 5, { rows: [] })],
    ['an empty statement', () => on(' ; ', { rows: [] })],
    ['a list as reply', () => on('select 1', [{ id: 1 }])],
    ['a reply with something else', () => on('select 1', { row: [] })],
    ['a reply with nothing', () => on('select 1', { insertId: 1 })],
    ['rows that are none', () => on('select 1', { rows: [1] })],
    ['a cell that is a function', () => on('select 1', { rows: [{ id: 1, at: () => 1 }] })],
    ['an error that nobody knows', () => on('select 1', { error: { code: 'ER_DUP_ENTRI', message: '' } })],
  ])('%s', async (_, fn) => {
    const error = await errorOf(Promise.resolve().then(fn))
    expect(error?.message).toMatchSnapshot()
    expect(error?.message).not.toContain('secret')
  })
})
