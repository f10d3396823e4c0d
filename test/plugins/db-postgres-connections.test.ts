import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import postgres from 'postgres'
import { beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { APP, asClient, CONNECTION, errorOf, SCHEMA } from '../support/embedded-app.ts'

describe('a database', () => {
  test('is put back as it was after its seed, or at the last backup', async () => {
    const db = await tripwire.db.postgres(APP, { schema: SCHEMA, seed: "insert into orders (name) values ('a')" })
    const names = async () => (await db.query('select name from orders order by id')).map(({ name }) => name)
    await db.query("insert into orders (name) values ('b')")
    await db.restore()
    expect(await names()).toEqual(['a'])
    await db.query("insert into orders (name) values ('c')")
    await db.backup()
    await db.query('delete from orders')
    await db.restore()
    expect(await names()).toEqual(['a', 'c'])
  })

  test('of another name is not there', async () => {
    await tripwire.db.postgres('postgres://localhost/app')
    const error = await tripwire.sandbox(async () => {
      const sql = postgres({ ...CONNECTION, database: 'other' })
      return errorOf(sql`select 1`)
    })
    expect(error).toMatchObject({ code: '3D000', message: 'database "other" does not exist' })
  })

  test.each(['scram-sha-256', 'md5', 'password'] as const)('lets in by %s who knows the password', async (login) => {
    const db = await tripwire.db.postgres('postgres://shop:s%C3%A9cret@localhost/app', { login })
    const ask = (password: string, user = 'shop') =>
      asClient((client) => client.query('select 7 as seven'), { password, user }).then(
        ({ rows }) => rows,
        ({ code }) => code,
      )
    const seen = await tripwire.sandbox(async () => {
      const sql = postgres({ ...CONNECTION, password: 'sécret' })
      const rows = [...(await sql`select 8 as eight`)]
      await sql.end()
      return [await ask('sécret'), await ask('secret'), await ask('sécret', 'me'), rows]
    })
    expect(seen).toEqual([[{ seven: 7 }], '28P01', '28P01', [{ eight: 8 }]])
    expect(await db.query('select 1 as one')).toEqual([{ one: 1 }])
    tripwire.db.assert('select 8 as eight')
    tripwire.db.assert('select 7 as seven')
  })

  test('takes the place of an earlier one, whose last connection it answers too', async () => {
    const first = await tripwire.db.postgres(APP, { schema: SCHEMA })
    const seen = await tripwire.sandbox(() =>
      asClient(async (client) => {
        await client.query("insert into orders (name) values ('first')")
        await first.close()
        await tripwire.db.postgres(APP, { schema: SCHEMA, seed: "insert into orders (name) values ('second')" })
        return (await client.query('select name from orders')).rows
      }),
    )
    expect(seen).toEqual([{ name: 'second' }])
    tripwire.db.assert("insert into orders (name) values ('first')")
    tripwire.db.assert('select name from orders')
  })

  test('answers on a unix socket, and over TLS to clients that ask for it', async () => {
    await tripwire.db.postgres('postgres://%2Frun%2Fpostgresql/app')
    await tripwire.db.postgres('postgres://db.example.com/app')
    const query = (client: pg.Client) => client.query("select 'é' as e")
    const seen = await tripwire.sandbox(async () => [
      (await asClient(query, { host: '/run/postgresql' })).rows,
      (await asClient(query, { host: 'db.example.com', ssl: true })).rows,
    ])
    expect(seen).toEqual([[{ e: 'é' }], [{ e: 'é' }]])
    tripwire.db.assert({ text: "select 'é' as e", path: '/run/postgresql/.s.PGSQL.5432' })
    tripwire.db.assert({ text: "select 'é' as e", host: 'db.example.com' })
  })

  test('stops what a client cancels, on a connection of its own', async () => {
    await tripwire.db.postgres(APP, { schema: SCHEMA, seed: "insert into orders (name) values ('a')" })
    const error = await tripwire.sandbox(() =>
      asClient((one) =>
        asClient(async (two) => {
          await one.query('begin')
          await one.query("update orders set name = 'b'")
          const waiting = errorOf(two.query("update orders set name = 'c'"))
          const stopper = new pg.Client(CONNECTION)
          // What pg does for `query_timeout` of its native sibling.
          const { processID, secretKey } = two as unknown as { processID: number; secretKey: number }
          const { connection } = stopper as unknown as {
            connection: {
              connect(port: number, host: string): void
              on(name: string, fn: () => void): void
              cancel(pid: number, key: number): void
              stream: NodeJS.EventEmitter
            }
          }
          connection.on('connect', () => connection.cancel(processID, secretKey))
          connection.connect(5432, 'localhost')
          await once(connection.stream, 'close')
          const stopped = await waiting
          await one.query('rollback')
          return stopped
        }),
      ),
    )
    expect(error).toMatchObject({ code: '57014' })
    tripwire.db.assert("update orders set name = 'b'")
    tripwire.db.assert("update orders set name = 'c'")
  })

  test('finds a deadlock', async () => {
    await tripwire.db.postgres(APP, { schema: 'create table a (n integer); create table b (n integer)' })
    const codes = await tripwire.sandbox(() =>
      asClient((one) =>
        asClient(async (two) => {
          for (const client of [one, two]) await client.query('begin')
          await one.query('insert into a values (1)')
          await two.query('insert into b values (1)')
          const first = errorOf(one.query('insert into b values (2)'))
          const second = await errorOf(two.query('insert into a values (2)'))
          await two.query('rollback')
          return [(await first)?.code, second?.code]
        }),
      ),
    )
    expect(codes).toEqual([undefined, '40P01'])
    tripwire.inAnyOrder(() => {
      for (const text of [
        'insert into a values (1)',
        'insert into b values (1)',
        'insert into b values (2)',
        'insert into a values (2)',
      ])
        tripwire.db.assert(text)
    })
  })
})

describe.concurrent('a pool of one connection that tests share', () => {
  const pool = new pg.Pool({ ...CONNECTION, database: 'shared', max: 1 })

  test.each(['one', 'two', 'three'])('asks for test %s what that test asks, of its database', async (name) => {
    await tripwire.db.postgres('postgres://localhost/shared', {
      schema: SCHEMA,
      seed: `insert into orders (name) values ('${name}')`,
    })
    const seen = await tripwire.sandbox(async () => {
      const rows = await Promise.all([1, 2, 3].map((id) => pool.query(`select name, ${id} as at from orders`)))
      const client = await pool.connect()
      // What a client keeps waiting is sent when the one before it is done.
      const waiting = await Promise.all([
        client.query('select name as a from orders'),
        client.query('select name as b from orders'),
      ])
      client.release()
      return [...rows, ...waiting].map(({ rows: [row] }) => row?.name ?? row?.a ?? row?.b)
    })
    expect(seen).toEqual([name, name, name, name, name])
    for (const id of [1, 2, 3]) tripwire.db.assert(`select name, ${id} as at from orders`)
    tripwire.db.assert('select name as a from orders')
    tripwire.db.assert('select name as b from orders')
  })
})

describe('a pool that outlives its test', () => {
  const pool = new pg.Pool({ ...CONNECTION, max: 1 })
  beforeEach(() => tripwire.db.postgres(APP, { schema: SCHEMA }))

  test.each(['one', 'two'])('serves test %s from the database of that test', async (name) => {
    const rows = await tripwire.sandbox(async () => {
      await pool.query('insert into orders (name) values ($1)', [name])
      return (await pool.query('select name from orders')).rows
    })
    expect(rows).toEqual([{ name }])
    tripwire.db.assert('insert into orders (name) values ($1)', { params: [name] })
    tripwire.db.assert('select name from orders')
    expect(pool.totalCount).toBe(1)
  })

  test('is stopped where no sandbox is', async () => {
    const trips = await tripwire.expectTrip('db', () => pool.query('select name from orders'))
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_GUARDED_CALL', operation: 'db:query' }])
    await pool.end()
  })
})

test('a statement that is sent when its sandbox has ended is told as such', async () => {
  await tripwire.db.postgres(APP, { schema: SCHEMA })
  const trips = await tripwire.expectTrip('db', async () => {
    const late = await tripwire.sandbox(async () => {
      const client = new pg.Client(CONNECTION)
      await client.connect()
      return { work: setTimeout(10).then(() => client.query('select name from orders')), client }
    })
    const error = await errorOf(late.work)
    expect(error).toMatchObject({ code: '58000' })
    // What only steers the session, or pings it, is nobody's call.
    await late.client.query('rollback')
    await late.client.query('select 1 as one')
    await late.client.end()
  })
  expect(
    trips.map(({ message }) => message.replace(/#[\d.]+/, '#…').replace(/(test\.ts):\d+:\d+/g, '$1')),
  ).toMatchInlineSnapshot(`
    [
      "[TRIPWIRE_POST_SANDBOX_INTERACTION] the statement select name from orders on localhost:5432 was made after sandbox #… had ended.

      where  test/plugins/db-postgres-connections.test.ts, through pg
             in test "a statement that is sent when its sandbox has ended is told as such" (test/plugins/db-postgres-connections.test.ts)
      why    the level is 'error' (tripwire.config.ts, guard)
      hint   the connection leads to an embedded database, which answers in sandboxes: send it in one, or end the client with the sandbox that it was opened in
      fix    stop the work before the sandbox ends:
               clearTimeout(timer) // or socket.destroy(), pool.end(), controller.abort()
             or wait for it in the sandbox, and let it through there (with import { tripwire } from 'vitest-tripwire'):
               using _ = tripwire.allow('db:postgres://localhost/app')
               await work
             or let it through in this test (with import { tripwire } from 'vitest-tripwire'):
               using _ = tripwire.allow('db:postgres://localhost/app')
      near   tripwire.db.postgres('postgres://localhost:5432/app') (test/plugins/db-postgres-connections.test.ts) fits, but mocks answer in sandboxes only: tripwire.sandbox(() => …)
      more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_POST_SANDBOX_INTERACTION.md",
    ]
  `)
})
