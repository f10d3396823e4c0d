/** Drivers of Postgres, as far as all of them are alike. */

import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import knexOf from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import postgres from 'postgres'

/** A driver, as far as all of them are alike. */
export interface Driver {
  query(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** Runs a function in a transaction, which a throw rolls back. */
  transaction<T>(fn: (query: Driver['query']) => Promise<T>): Promise<T>
  end(): Promise<void>
}

const CONNECTION = { host: 'localhost', port: 5432, database: 'app', user: 'shop' }

export const SCHEMA = `
  create table items (
    id serial primary key, name text not null unique, count integer, price numeric(10,2), big bigint, ratio double precision,
    ok boolean, data jsonb, day date, at timestamptz, local timestamp, raw bytea, tags text[], numbers integer[], code uuid
  );
  create table parts (id serial primary key, item integer references items (id), label varchar(20));
  insert into items (name, count) values ('first', 1);`

async function withClient<T>(pool: pg.Pool, fn: (query: Driver['query']) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  const query: Driver['query'] = async (sql, params = []) => (await client.query(sql, [...params])).rows
  try {
    await client.query('begin')
    const result = await fn(query)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

export const DRIVERS: Readonly<Record<string, () => Driver>> = {
  'pg, Pool'() {
    const pool = new pg.Pool(CONNECTION)
    return {
      query: async (sql, params = []) => (await pool.query(sql, [...params])).rows,
      transaction: (fn) => withClient(pool, fn),
      end: () => pool.end(),
    }
  },
  'pg, prepared'() {
    const pool = new pg.Pool(CONNECTION)
    return {
      query: async (sql, params = []) =>
        (await pool.query({ name: sql.slice(0, 40), text: sql, values: [...params] })).rows,
      transaction: (fn) => withClient(pool, fn),
      end: () => pool.end(),
    }
  },
  'pg, cursor'() {
    const pool = new pg.Pool(CONNECTION)
    return {
      async query(sql, params = []) {
        const client = await pool.connect()
        try {
          const cursor = client.query(new Cursor(sql, [...params]))
          const rows: Record<string, unknown>[] = []
          for (let some = await cursor.read(1); some.length > 0; some = await cursor.read(1)) rows.push(...some)
          await cursor.close()
          return rows
        } finally {
          client.release()
        }
      },
      transaction: (fn) => withClient(pool, fn),
      end: () => pool.end(),
    }
  },
  'postgres.js'() {
    const sql = postgres({ ...CONNECTION, onnotice: () => {} })
    return {
      query: async (text, params = []) => [...(await sql.unsafe(text, params as never[]))],
      transaction: (fn) =>
        sql.begin((inner) =>
          fn(async (text, params = []) => [...(await inner.unsafe(text, params as never[]))]),
        ) as never,
      end: () => sql.end(),
    }
  },
  knex() {
    const knex = knexOf({ client: 'pg', connection: CONNECTION })
    const bound = (sql: string) => sql.replace(/\$\d+/g, '?')
    const run =
      (on: { raw(sql: string, params: never): Promise<{ rows: Record<string, unknown>[] }> }): Driver['query'] =>
      async (sql, params = []) =>
        (await on.raw(bound(sql), params as never)).rows
    return {
      query: run(knex as never),
      transaction: (fn) => knex.transaction((inner) => fn(run(inner as never))),
      end: () => knex.destroy(),
    }
  },
  kysely() {
    const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool: new pg.Pool(CONNECTION) }) })
    const run =
      (on: Kysely<never>): Driver['query'] =>
      async (sql, parameters = []) => {
        const query = { kind: 'RawQueryNode', sqlFragments: [], parameters: [] }
        return (await on.executeQuery({ sql, parameters, query, queryId: { queryId: '1' } } as never)).rows as never
      }
    return {
      query: run(db as never),
      transaction: (fn) => db.transaction().execute((inner) => fn(run(inner as never))),
      end: () => db.destroy(),
    }
  },
}

const items = pgTable('items', { id: serial('id').primaryKey(), name: text('name'), count: integer('count') })

/** drizzle writes its own SQL. */
export async function drizzled() {
  const pool = new pg.Pool(CONNECTION)
  const db = drizzle(pool)
  const made = await db.insert(items).values({ name: 'drizzled', count: 5 }).returning()
  const found = await db.select().from(items).where(eq(items.name, 'drizzled'))
  const failed = await db
    .transaction(async (inner) => {
      await inner.update(items).set({ count: 6 }).where(eq(items.name, 'drizzled'))
      throw new Error('no')
    })
    .catch((error) => error.message)
  const after = await db.select({ count: items.count }).from(items).where(eq(items.name, 'drizzled'))
  await pool.end()
  return { made, found, failed, after }
}
