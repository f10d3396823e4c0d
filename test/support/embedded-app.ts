/** The database that tests of embedded Postgres connect to, and the client that they use. */
import pg from 'pg'
import type { TripwireError } from 'vitest-tripwire'

export const APP = 'postgres://localhost:5432/app'
export const CONNECTION = { host: 'localhost', port: 5432, database: 'app', user: 'shop' }
export const SCHEMA = 'create table orders (id serial primary key, name text not null unique, total numeric(10,2))'

/** One client for the length of a function. */
export async function asClient<T>(fn: (client: pg.Client) => Promise<T>, more: object = {}): Promise<T> {
  const client = new pg.Client({ ...CONNECTION, ...more })
  await client.connect()
  try {
    return await fn(client)
  } finally {
    await client.end()
  }
}

/** What a promise rejects with; undefined where it does not. */
export const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error as TripwireError & { readonly code: string },
  )
