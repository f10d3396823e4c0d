import { MongoClient } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { errorOf } from '../support/embedded-app.ts'
import { inSandboxWithMongo, MONGO_URL } from '../support/mongo-client.ts'

const kept = () => tripwire.db.calls().map(({ operation, facts }) => [operation, facts.text, facts.params])

describe('a connection', () => {
  test('has transactions, whose commands are part of them', async () => {
    tripwire.db.mongodb(MONGO_URL).on('insert', { n: 1 }).times(2)
    await inSandboxWithMongo(async (client) => {
      const users = client.db().collection('users')
      await client.withSession((session) => session.withTransaction(() => users.insertOne({ a: 1 }, { session })))
      await users.insertOne({ a: 2 })
    })
    tripwire.db.assert('insert', { params: [expect.any(Object)], transaction: true })
    tripwire.db.assert('insert', { params: [expect.any(Object)], transaction: false })
  })

  test('is asked nothing that drivers ask on their own', async () => {
    tripwire.db.mongodb(MONGO_URL)
    await inSandboxWithMongo(async (client) => {
      await client.connect()
      expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 })
      expect(await client.db('admin').command({ buildInfo: 1 })).toMatchObject({ ok: 1 })
      await client.db().createCollection('users')
      expect(await client.db().collection('users').createIndex({ name: 1 })).toBe('name_1')
    })
    expect(kept().filter(([operation]) => operation === 'db:query')).toEqual([])
  })

  test('opens by the new handshake as by the old one, over TLS where it asks for it', async () => {
    tripwire.db
      .mongodb('mongodb://db.example.com')
      .on('find', { documents: [{ a: 1 }] })
      .times(2)
    const find = (client: MongoClient) =>
      client
        .db('app')
        .collection('users')
        .findOne({}, { projection: { _id: 0 } })
    expect(await inSandboxWithMongo(find, 'mongodb://db.example.com', { serverApi: '1' })).toEqual({ a: 1 })
    expect(await inSandboxWithMongo(find, 'mongodb://db.example.com/?tls=true')).toEqual({ a: 1 })
    for (const _ of [1, 2])
      tripwire.db.assert(
        { text: 'find', host: 'db.example.com' },
        { params: [expect.objectContaining({ collection: 'users' })] },
      )
  })

  test.each([
    [
      'mongodb://a.example.com,b.example.com:27018/app?replicaSet=rs0',
      'mongodb://a.example.com,b.example.com:27018/app',
    ],
    ['mongodb://a.example.com,b.example.com:27018/app', 'mongodb://a.example.com,b.example.com:27018'],
    ['mongodb://a.example.com/app?replicaSet=rs0', 'mongodb://a.example.com/app'],
  ])('is to a set of replicas, where the client looks for one: %s', async (url, given) => {
    tripwire.db.mongodb(given).on('find', { documents: [{ a: 1 }] })
    const found = await inSandboxWithMongo((client) => client.db().collection('users').findOne({}), url)
    expect(found).toEqual({ a: 1 })
    tripwire.db.assert({ text: 'find', host: 'a.example.com' }, { params: [expect.any(Object)] })
  })

  test.each(['', '?authMechanism=PLAIN', '?authMechanism=SCRAM-SHA-256'])(
    'is let in by the password of the URL %s',
    async (query) => {
      tripwire.db.mongodb('mongodb://me:s%C3%A9cret@localhost/app').on('find', { documents: [] })
      const ask = (password: string) =>
        inSandboxWithMongo(
          (client) => client.db('app').collection('a').findOne({}),
          `mongodb://me:${password}@localhost/${query}`,
        )
      expect(await ask('s%C3%A9cret')).toBe(null)
      expect(await errorOf(ask('secret'))).toMatchObject({ code: 18 })
      tripwire.db.assert('find', { params: [expect.any(Object)], user: 'me' })
      expect(JSON.stringify(tripwire.db.calls())).not.toContain('cret')
    },
  )

  test('with a password that the test does not give is told so at once', async () => {
    tripwire.db.mongodb(MONGO_URL)
    const error = await errorOf(
      inSandboxWithMongo((client) => client.db('app').collection('a').findOne({}), 'mongodb://me:secret@localhost/app'),
    )
    expect(error?.message).toContain('tripwire.db.mongodb() was given a URL without the password')
  })
})

describe.concurrent('a client that tests share', () => {
  const client = new MongoClient('mongodb://localhost/shared', { maxPoolSize: 1 })

  test.each(['one', 'two', 'three'])('asks for test %s what that test asks', async (name) => {
    tripwire.db
      .mongodb('mongodb://localhost/shared')
      .on('find', { documents: [{ name }] })
      .times(2)
    const find = () => client.db().collection('who').findOne({})
    const seen = await tripwire.sandbox(async () => {
      const first = await find()
      await new Promise((resolve) => setTimeout(resolve, 5))
      return [first, await find()]
    })
    expect(seen).toEqual([{ name }, { name }])
    for (const _ of [1, 2]) tripwire.db.assert('find', { params: [expect.any(Object)] })
  })
})
