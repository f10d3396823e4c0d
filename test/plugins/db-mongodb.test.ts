import { Decimal128, type MongoClient, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { errorOf } from '../support/embedded-app.ts'
import { inSandboxWithMongo, MONGO_URL } from '../support/mongo-client.ts'

const kept = () => tripwire.db.calls().map(({ operation, facts }) => [operation, facts.text, facts.params])

describe('a command', () => {
  test('that finds documents gives those of the script, of every kind of value', async () => {
    const found = {
      _id: new ObjectId(),
      name: 'Ünï — 𝒳',
      at: new Date(5),
      price: Decimal128.fromString('1.50'),
      raw: Buffer.from([0, 255]),
      list: [1, 'a', null],
      far: 2 ** 40,
    }
    tripwire.db
      .mongodb(MONGO_URL)
      .on('find', { collection: 'users', filter: { age: { $gt: 5 } } }, { documents: [found] })
    const seen = await inSandboxWithMongo((client) =>
      client
        .db()
        .collection('users')
        .find({ age: { $gt: 5 } }, { promoteBuffers: true })
        .sort({ name: 1 })
        .limit(2)
        .toArray(),
    )
    expect(seen).toEqual([found])
    tripwire.db.assert('find', {
      params: [{ collection: 'users', filter: { age: { $gt: 5 } }, sort: { name: 1 }, limit: 2 }],
      rows: [expect.objectContaining({ name: 'Ünï — 𝒳' })],
      database: 'app',
    })
  })

  test('that finds more than goes into one answer gives it in several', async () => {
    const documents = Array.from({ length: 40 }, (_, at) => ({ at, text: 'ü'.repeat(500_000) }))
    const db = tripwire.db.mongodb(MONGO_URL)
    db.on('find', { documents })
    const seen = await inSandboxWithMongo((client) =>
      client
        .db()
        .collection('users')
        .find({}, { projection: { at: 1 } })
        .map(({ at, text }) => `${at} ${text.length}`)
        .toArray(),
    )
    expect(seen).toEqual(documents.map(({ at }) => `${at} 500000`))
    tripwire.db.assert('find', { params: [{ collection: 'users', filter: {}, projection: { at: 1 } }] })
  })

  test('whose script gives what it cannot is told so, and the connection goes on', async () => {
    const endless: Record<string, unknown> = {}
    endless.self = endless
    const db = tripwire.db.mongodb(MONGO_URL)
    db.on('aggregate', { documents: [endless] })
    db.on('insert', { n: 1, more: endless })
    const users = (client: MongoClient) => client.db().collection<{ _id: number }>('users')
    const errors = await inSandboxWithMongo(async (client) => [
      (await errorOf(users(client).aggregate([]).toArray()))?.message,
      (await errorOf(users(client).insertOne({ _id: 1 })))?.message,
    ])
    expect(errors).toEqual([
      expect.stringMatching(/circular/i),
      expect.stringMatching(/^what the script gives cannot be written as BSON: .*circular/i),
    ])
    tripwire.db.assert('aggregate', { params: [{ collection: 'users', pipeline: [] }] })
    tripwire.db.assert('insert', { params: [{ collection: 'users', documents: [{ _id: 1 }] }] })
  })

  test('that writes gives what the script says became of it', async () => {
    const _id = new ObjectId('65a000000000000000000001')
    const db = tripwire.db.mongodb(MONGO_URL)
    db.on('insert', { collection: 'users', documents: [expect.objectContaining({ name: 'Ada' })] }, { n: 1 })
    db.on('update', { updates: [expect.objectContaining({ q: { _id } })] }, { n: 1, nModified: 0 })
    db.on('delete', (command: { collection: string }) => ({ n: command.collection.length }))
    db.on('findAndModify', { query: { _id } }, { value: { name: 'Ada' } })
    const seen = await inSandboxWithMongo(async (client) => {
      const users = client.db().collection<{ _id: ObjectId; name: string }>('users')
      return [
        await users.insertOne({ _id, name: 'Ada' }),
        await users.updateOne({ _id }, { $set: { name: 'Ada' } }),
        await users.deleteMany({}),
        await users.findOneAndUpdate({ _id }, { $set: { name: 'Bob' } }),
      ]
    })
    expect(seen).toMatchObject([
      { acknowledged: true, insertedId: _id },
      { matchedCount: 1, modifiedCount: 0 },
      { deletedCount: 5 },
      { name: 'Ada' },
    ])
    tripwire.db.assert('insert', { params: [{ collection: 'users', documents: [{ _id, name: 'Ada' }] }] })
    tripwire.db.assert('update', {
      params: [{ collection: 'users', updates: [{ q: { _id }, u: { $set: { name: 'Ada' } } }] }],
    })
    tripwire.db.assert('delete', { params: [{ collection: 'users', deletes: [{ q: {}, limit: 0 }] }] })
    tripwire.db.assert({ text: 'findAndModify' }, { params: [expect.objectContaining({ query: { _id } })] })
  })

  test('of another kind gives what the script says', async () => {
    const db = tripwire.db.mongodb(MONGO_URL)
    db.on(
      'aggregate',
      { pipeline: [{ $match: {} }, { $group: { _id: 1, n: { $sum: 1 } } }] },
      { documents: [{ _id: 1, n: 5 }] },
    )
    db.on('distinct', { collection: 'users', key: 'name' }, { values: ['Ada'] })
    db.on(/^list/, { documents: [{ name: 'users', type: 'collection' }] })
    db.on('dbStats', { collections: 7 })
    const seen = await inSandboxWithMongo(async (client) => [
      await client.db().collection('users').countDocuments(),
      await client.db().collection('users').distinct('name'),
      await client.db().listCollections().toArray(),
      await client.db().command({ dbStats: 1 }),
    ])
    expect(seen).toMatchObject([5, ['Ada'], [{ name: 'users' }], { collections: 7 }])
    for (const text of ['aggregate', 'distinct', 'listCollections', 'dbStats'])
      tripwire.db.assert(text, { params: [expect.any(Object)] })
  })

  test('is gone on with by a cursor, which needs no script', async () => {
    const documents = Array.from({ length: 250 }, (_, n) => ({ n }))
    tripwire.db.mongodb(MONGO_URL).on('find', { collection: 'many' }, { documents }).times(3)
    const seen = await inSandboxWithMongo(async (client) => {
      const many = client.db().collection<{ n: number }>('many')
      const first = many.find({}, { batchSize: 2 })
      const begun = [await first.next(), await first.next(), await first.next()]
      await first.close()
      return [(await many.find().toArray()).length, (await many.find({}, { batchSize: 7 }).toArray()).at(-1), begun]
    })
    expect(seen).toEqual([250, { n: 249 }, [{ n: 0 }, { n: 1 }, { n: 2 }]])
    for (const _ of [1, 2, 3]) tripwire.db.assert('find', { params: [expect.objectContaining({ collection: 'many' })] })
    expect(kept().filter(([, text]) => text === 'getMore').length).toBeGreaterThan(30)
  })

  test('fails as the script says', async () => {
    const db = tripwire.db.mongodb(MONGO_URL)
    const twice = { code: 11_000, message: 'E11000 duplicate key error', keyValue: { name: 'Ada' } }
    db.on('insert', { error: twice })
    db.on('find', Object.assign(new Error('operation exceeded time limit'), { code: 50 }))
    db.on('count', () => {
      throw new Error('who knows')
    })
    const errors = await inSandboxWithMongo(async (client) => {
      const users = client.db().collection('users')
      return [
        await errorOf(users.insertOne({ name: 'Ada' })),
        await errorOf(users.findOne()),
        await errorOf(users.estimatedDocumentCount()),
      ]
    })
    expect(errors).toMatchObject([
      { code: 11_000, message: expect.stringContaining('E11000') },
      { code: 50, codeName: 'MaxTimeMSExpired' },
      { message: 'who knows' },
    ])
    tripwire.db.assert('insert', { params: [expect.any(Object)], error: expect.objectContaining({ code: 11_000 }) })
    tripwire.db.assert('find', { params: [expect.any(Object)] })
    tripwire.db.assert('count', { params: [{ collection: 'users' }] })
  })

  test('that no script answers is told at once, with the script to paste', async () => {
    const _id = new ObjectId('65a000000000000000000001')
    tripwire.db.mongodb(MONGO_URL).on('find', { collection: 'users', filter: { _id } }, { documents: [] })
    const trips = await tripwire.expectTrip(() =>
      inSandboxWithMongo(async (client) => {
        const users = client.db().collection('users')
        expect(await errorOf(users.deleteOne({ _id }))).toMatchObject({
          message: expect.stringContaining('[TRIPWIRE_UNMOCKED_INTERACTION]'),
        })
        expect(await users.findOne({ _id })).toBe(null)
        await errorOf(client.db('other').collection('users').findOne({}))
      }),
    )
    expect(
      trips.map(({ message }) => message.replace(/(test\.ts):\d+:\d+/g, '$1').replace(/#[\d.]*\d/, '#1')),
    ).toMatchInlineSnapshot(`
      [
        "[TRIPWIRE_UNMOCKED_INTERACTION] the command delete users on localhost:27017 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-mongodb.test.ts
               in test "a command > that no script answers is told at once, with the script to paste" (test/plugins/db-mongodb.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.mongodb('mongodb://localhost:27017/app').on('delete', { collection: 'users', deletes: [{ q: { _id: new ObjectId("65a000000000000000000001") }, limit: 1 }] }, { n: 1 })
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
        "[TRIPWIRE_UNMOCKED_INTERACTION] the command find users on localhost:27017 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-mongodb.test.ts, through mongodb
               in test "a command > that no script answers is told at once, with the script to paste" (test/plugins/db-mongodb.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.mongodb('mongodb://localhost:27017/other').on('find', { collection: 'users', filter: {}, limit: 1 }, { documents: [] })
        near   mongodb.on('find', { collection: 'users', filter: { _id: new ObjectId("65a000000000000000000001") } }) (test/plugins/db-mongodb.test.ts) fits but for the database "other" and the params [{"collection":"users","filter":{},"limit":1}]
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
      ]
    `)
    const wrong = () =>
      tripwire.db.assert('find', { params: [{ collection: 'users', filter: { _id: String(_id) }, limit: 1 }] })
    const error = await errorOf(Promise.resolve().then(wrong))
    expect(error?.message.replace(/(test\.ts):\d+:\d+/g, '$1')).toMatchInlineSnapshot(`
      "[TRIPWIRE_INTERACTION_MISMATCH] tripwire.db.assert('find', { params: [{ collection: 'users', filter: { _id: '65a000000000000000000001' }, limit: 1 }] }) is not the next call: that is the command find users on localhost:27017.

        where  test/plugins/db-mongodb.test.ts
        why    this fact differs:
                 params
                   expected [{ collection: 'users', filter: { _id: '65a000000000000000000001' }, limit: 1 }]
                   was      [
                            {
                              collection: 'users',
                              filter: { _id: new ObjectId("65a000000000000000000001") },
                              limit: 1,
                            },
                          ]
               1 other fact fits
        fix    what was called is asserted by:
                 tripwire.db.assert('find', {
                   params: [
                     {
                       collection: 'users',
                       filter: { _id: new ObjectId("65a000000000000000000001") },
                       limit: 1,
                     },
                   ],
                 })"
    `)
    tripwire.db.assert('find', { params: [{ collection: 'users', filter: { _id }, limit: 1 }] })
  })
})

describe('what is refused with a word of what was meant', () => {
  const on = (...args: unknown[]) => Reflect.apply(tripwire.db.mongodb(MONGO_URL).on, undefined, args)
  test.each([
    ['a URL of something else', () => tripwire.db.mongodb('mongodb+srv://me:secret@localhost')],
    ['no reply', () => on('find')],
    ['no command', () => on(5, {})],
    ['a command with a blank', () => on('find users', {})],
    ['what a command says as a list', () => on('find', ['users'], { documents: [] })],
    ['a list as reply', () => on('find', [{ a: 1 }])],
    ['documents that are none', () => on('find', { documents: [1] })],
    ['no documents for what finds some', () => on('aggregate', { collection: 'users' }, { n: 1 })],
  ])('%s', async (_, fn) => {
    const error = await errorOf(Promise.resolve().then(fn))
    expect(error?.message).toMatchSnapshot()
    expect(error?.message).not.toContain('secret')
  })
})
