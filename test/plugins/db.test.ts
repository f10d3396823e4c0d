import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { db } from '../../plugins/db.ts'

test('a pg client is named with its user, never its password', async () => {
  const client = new pg.Client({ host: 'db.example.com', user: 'app', database: 'shop', password: 'hunter2' })
  const [trip] = await tripwire.expectTrip('db', () => client.connect())
  expect(trip).toMatchObject({
    description: 'pg to db.example.com:5432 as app',
    rule: 'db:postgres://db.example.com/shop',
    via: 'pg',
  })
  expect(JSON.stringify(trip)).not.toContain('hunter2')
})

test('a pool settles, and the rule of the message opens it', async () => {
  const pool = new pg.Pool({ host: 'localhost', port: 1, user: 'app' })
  const [trip] = await tripwire.expectTrip('db', () => pool.query('select 1'))
  using _ = tripwire.allow(trip?.rule ?? '')
  await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await pool.end()
})

describe('rules', () => {
  test.each([
    ['postgres://localhost/app', { product: 'postgres', host: 'localhost', port: 5432, database: 'app' }],
    ['postgresql://db:6000', { product: 'postgres', host: 'db', port: 6000 }],
    ['redis://cache.example.com:*', { product: 'redis', host: 'cache.example.com' }],
    ['unix:/run/postgresql/**', { path: '/run/postgresql/**' }],
  ])('%s is read', (text, fields) => {
    expect(db.parseRule(text, { dir: undefined })).toEqual(fields)
  })

  test.each(['pg', 'postgre://x', 'postgres://user:word@host/app'])('%s is refused', (text) => {
    expect(() => db.parseRule(text, { dir: undefined })).toThrow()
  })
})
