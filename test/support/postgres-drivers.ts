/** Drivers of Postgres, as far as all of them are alike. */

import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import knexOf from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import postgres from 'postgres'
import { DataSource, type EntityManager, EntitySchema, type QueryRunner } from 'typeorm'

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
  TypeORM() {
    const source = typeorm()
    // It connects at once, and the sandbox is where the first statement is.
    let started: Promise<unknown> | undefined
    const start = () => {
      started ??= source.initialize()
      return started
    }
    const run =
      (runner: QueryRunner): Driver['query'] =>
      async (sql, params = []) =>
        (await runner.query(sql, [...params], true)).records
    return {
      async query(sql, params) {
        await start()
        const runner = source.createQueryRunner()
        try {
          return await run(runner)(sql, params)
        } finally {
          await runner.release()
        }
      },
      async transaction(fn) {
        await start()
        return source.transaction((manager: EntityManager) => fn(run(manager.queryRunner as QueryRunner)))
      },
      end: () => source.destroy(),
    }
  },
}

interface Item {
  id: number
  name: string
  count: number | null
  tags: string[] | null
}

const Items = new EntitySchema<Item>({
  name: 'Item',
  tableName: 'items',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    name: { type: 'text' },
    count: { type: 'integer', nullable: true },
    tags: { type: 'text', array: true, nullable: true },
  },
})

function typeorm(): DataSource {
  const { user: username, ...place } = CONNECTION
  return new DataSource({ type: 'postgres', username, ...place, entities: [Items] })
}

/** TypeORM writes its own SQL. */
export async function mapped() {
  const source = await typeorm().initialize()
  const repository = source.getRepository(Items)
  const { id } = await repository.save({ name: 'mapped', count: 5, tags: ['a', 'b c'] })
  const found = await repository.findOneBy({ name: 'mapped' })
  const failed = await source
    .transaction(async (inner) => {
      await inner.update(Items, { id }, { count: 6 })
      throw new Error('no')
    })
    .catch((error) => error.message)
  await repository.increment({ id }, 'count', 2)
  const [after, number] = await repository.findAndCount({ where: { name: 'mapped' }, select: { count: true } })
  await source.destroy()
  return { found, failed, after, number }
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
