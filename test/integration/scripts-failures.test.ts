import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

/** A function in a script of a database fails, or gives what is no reply, and the application catches whatever comes of it. */
const SUITE = `
import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import mysql from 'mysql2/promise'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const wrong = () => expect('sent').toBe('wanted')
const asked = () => tripwire.sandbox(async () => {
  const redis = new Redis()
  await redis.get('a').catch(() => {})
  redis.disconnect()
})
const queried = async (sql) => {
  const client = await mysql.createConnection({ host: 'localhost', user: 'me' })
  await client.query(sql).catch(() => {})
  client.destroy()
}
const found = async () => {
  const client = new MongoClient('mongodb://localhost')
  await client.db('app').collection('users').findOne({}).catch(() => {})
  await client.close()
}

test('an expectation in a command of Redis', async () => {
  tripwire.db.redis('redis://localhost').on('GET', 'a', wrong)
  await asked()
  tripwire.db.assert('GET', { params: ['a'] })
})
test('an expectation in a statement of MySQL', async () => {
  tripwire.db.mysql('mysql://localhost').on('select 7', wrong)
  await tripwire.sandbox(() => queried('select 7'))
  tripwire.db.assert('select 7')
})
test('no reply to a statement of MySQL', async () => {
  tripwire.db.mysql('mysql://localhost').on('select 7', () => ({}))
  await tripwire.sandbox(() => queried('select 7'))
  tripwire.db.assert('select 7')
})
test('an expectation in a command of MongoDB', async () => {
  tripwire.db.mongodb('mongodb://localhost').on('find', wrong)
  await tripwire.sandbox(found)
  tripwire.db.assert('find', { params: [expect.any(Object)] })
})
test('no reply to a command of MongoDB', async () => {
  tripwire.db.mongodb('mongodb://localhost').on('find', () => 5)
  await tripwire.sandbox(found)
  tripwire.db.assert('find', { params: [expect.any(Object)] })
})
test('no reply to a command of Redis', async () => {
  tripwire.db.redis('redis://localhost').on('GET', 'a', () => {})
  await asked()
  tripwire.db.assert('GET', { params: ['a'] })
})
`

describe('a function in a script of a database that fails, where the code catches it', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({ 'a.test.js': SUITE })
  })
  const messages = (name: string) =>
    (run.tests[name]?.messages ?? []).map((text) => text.replaceAll(/\n {4}at .*/g, '')).join()

  test.each([
    'an expectation in a command of Redis',
    'an expectation in a statement of MySQL',
    'an expectation in a command of MongoDB',
  ])('%s: the test fails with what was expected', (name) => {
    expect(messages(name)).toMatch(/^AssertionError: expected 'sent' to be 'wanted' \/\/ Object.is equality/)
  })

  test.each(['no reply to a command of Redis', 'no reply to a statement of MySQL', 'no reply to a command of MongoDB'])(
    '%s: the test fails, and is told what could stand there',
    (name) => {
      expect(messages(name).replaceAll(/(?<=a\.test\.js):\d+:\d+/g, '')).toMatchSnapshot()
    },
  )
})
