import { Redis } from 'ioredis'
import { MongoClient, ObjectId } from 'mongodb'
import mysql from 'mysql2/promise'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { errorOf } from '../support/embedded-app.ts'

async function withRedis(fn: (client: Redis) => Promise<unknown>): Promise<unknown> {
  const client = new Redis('redis://localhost/2', { retryStrategy: () => null }).on('error', () => {})
  return fn(client).finally(() => client.disconnect())
}

async function withMysql(fn: (client: mysql.Connection) => Promise<unknown>): Promise<unknown> {
  const client = await mysql.createConnection({ host: '127.0.0.1', user: 'me', database: 'app' })
  return fn(client).finally(() => client.destroy())
}

async function withMongo(fn: (client: MongoClient) => Promise<unknown>): Promise<unknown> {
  const client = new MongoClient('mongodb://localhost/app', { serverSelectionTimeoutMS: 300 })
  return fn(client).finally(() => client.close())
}

const redis = (fn: (client: Redis) => Promise<unknown>) => () => withRedis(fn)
const sql = (fn: (client: mysql.Connection) => Promise<unknown>) => () => withMysql(fn)
const mongo = (fn: (client: MongoClient) => Promise<unknown>) => () => withMongo(fn)
const _id = new ObjectId('65a000000000000000000001')

/** The code of the first fix of a message. */
function fixOf(message: string): string {
  const [, code = ''] = /^ {2}fix {4}.*:\n((?: {11,}.*\n?)+)/m.exec(message) ?? []
  return code
}

const run = (code: string) => new Function('tripwire', 'ObjectId', 'expect', code)(tripwire, ObjectId, expect)

test.each<[string, () => unknown, () => Promise<unknown>]>([
  ['Redis, nothing made yet', () => {}, redis((client) => client.get('a'))],
  [
    'Redis, quotes',
    () => tripwire.db.redis('redis://localhost'),
    redis((client) => client.set('a', 'it\'s\n"so"', 'EX', 5)),
  ],
  [
    'Redis, bytes',
    () => tripwire.db.redis('redis://localhost'),
    redis((client) => client.set('a', Buffer.from([0, 255]))),
  ],
  ['Redis, a map', () => tripwire.db.redis('redis://localhost'), redis((client) => client.hgetall('h'))],
  ['Redis, no arguments', () => tripwire.db.redis('redis://localhost'), redis((client) => client.dbsize())],
  ['MySQL, nothing made yet', () => {}, sql((client) => client.query('select 7'))],
  [
    'MySQL, quotes',
    () => tripwire.db.mysql('mysql://127.0.0.1'),
    sql((client) => client.query('select ?', ["it's -- so\\"])),
  ],
  [
    'MySQL, parameters',
    () => tripwire.db.mysql('mysql://127.0.0.1'),
    sql((client) => client.execute('select ?, ?, ?, ?', ["it's", null, new Date(2026, 1, 2), Buffer.from([0, 255])])),
  ],
  [
    'MySQL, a change',
    () => tripwire.db.mysql('mysql://127.0.0.1'),
    sql((client) => client.execute('insert into a values (?)', [1.5])),
  ],
  ['MongoDB, nothing made yet', () => {}, mongo((client) => client.db().collection('a').findOne({}))],
  [
    'MongoDB, an identifier',
    () => tripwire.db.mongodb('mongodb://localhost'),
    mongo((client) => client.db().collection('a').findOne({ _id })),
  ],
  [
    'MongoDB, a document',
    () => tripwire.db.mongodb('mongodb://localhost'),
    mongo((client) =>
      client
        .db()
        .collection('a')
        .insertOne({ _id, at: new Date(5), "it's": ['ü', null, { n: 1.5 }] }),
    ),
  ],
  [
    'MongoDB, a change',
    () => tripwire.db.mongodb('mongodb://localhost'),
    mongo((client) =>
      client
        .db()
        .collection('a')
        .updateOne({ _id }, { $set: { 'a.b': 1 } }, { upsert: true }),
    ),
  ],
])('%s: what the error prints answers the statement, and what the assertion prints holds', async (_, make, ask) => {
  make()
  for (let at = 0; at < 2; at++) {
    // Where nothing was made yet, the first to be told is the connection.
    const [trip] = await tripwire.expectTrip(() => tripwire.sandbox(() => errorOf(ask())))
    run(fixOf(trip?.message ?? ''))
    if (trip?.facts.text !== undefined) break
  }
  expect(await tripwire.sandbox(() => errorOf(ask()))).toBeUndefined()
  const wrong = await errorOf(Promise.resolve().then(() => tripwire.db.assert('nothing of that kind')))
  run(fixOf(wrong?.message ?? ''))
})
