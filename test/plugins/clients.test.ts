import grpc from '@grpc/grpc-js'
import { Redis } from 'ioredis'
import kafkajs from 'kafkajs'
import { MongoClient } from 'mongodb'
import mysql from 'mysql2'
import mysqlPromise from 'mysql2/promise'
import { createClient } from 'redis'
import superagent from 'superagent'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { type StandIns, startStandIns } from '../support/clients-suite.ts'

const ignore = () => {}
const PASSWORD = 'hunter2'
const login = { user: 'app', password: PASSWORD, database: 'shop' }

/** Each opens a connection; what it gives ends the client. */
const DRIVERS: Readonly<Record<string, () => () => unknown>> = {
  'mysql2 to db.example.com:3306 as app': () => {
    const connection = mysql.createConnection({ host: 'db.example.com', ...login }).on('error', ignore)
    return () => connection.destroy()
  },
  'mysql2 to db.example.com:3307 as reader': () => {
    const connection = mysql.createConnection(`mysql://reader:${PASSWORD}@db.example.com:3307/shop`).on('error', ignore)
    return () => connection.destroy()
  },
  'mysql2 to [2001:db8::1]:3306 as app': () => {
    const pool = mysqlPromise.createPool({ host: '2001:db8::1', ...login })
    pool.query('select 1').catch(ignore)
    return () => pool.end()
  },
  'ioredis to cache.example.com:6379 as app': () => {
    const client = new Redis(`redis://app:${PASSWORD}@cache.example.com/2`).on('error', ignore)
    return () => client.disconnect()
  },
  'ioredis to cache.example.com:6380': () => {
    const client = new Redis({ host: 'cache.example.com', port: 6380, password: PASSWORD }).on('error', ignore)
    return () => client.disconnect()
  },
  'redis to cache.example.com:6379 as app': () => {
    const client = createClient({ url: `redis://app:${PASSWORD}@cache.example.com` }).on('error', ignore)
    client.connect().catch(ignore)
    return () => client.destroy()
  },
  'mongodb to db.example.com:27017 as app': () => {
    const client = new MongoClient(`mongodb://app:${PASSWORD}@db.example.com/shop`)
    client.connect().catch(ignore)
    return () => client.close()
  },
  'kafkajs to kafka.example.com:9092 (Kafka)': () => {
    const admin = new kafkajs.Kafka({ brokers: ['kafka.example.com:9092'], logLevel: 0, retry: { retries: 0 } }).admin()
    admin.connect().catch(ignore)
    return () => admin.disconnect()
  },
  'kafkajs to kafka.example.com:9093 (Kafka over TLS)': () => {
    const admin = new kafkajs.Kafka({
      brokers: ['kafka.example.com:9093'],
      logLevel: 0,
      retry: { retries: 0 },
      ssl: true,
    }).admin()
    admin.connect().catch(ignore)
    return () => admin.disconnect()
  },
}

describe('a client is named with its user, its place and what it speaks, never with its password', () => {
  test.each(Object.keys(DRIVERS))('%s', async (description) => {
    const [trip] = await tripwire.expectTrip(async () => {
      const end = DRIVERS[description]?.()
      await new Promise((resolve) => setTimeout(resolve, 30))
      await end?.()
    })
    expect(trip).toMatchObject({ description })
    expect(trip?.callSite?.file).toContain('clients.test.ts')
    expect(JSON.stringify(trip)).not.toContain(PASSWORD)
  })
})

test('the database of a URL is part of the rule', async () => {
  const [trip] = await tripwire.expectTrip(async () => {
    const client = new Redis('redis://cache.example.com/2').on('error', ignore)
    await new Promise((resolve) => setTimeout(resolve, 30))
    client.disconnect()
  })
  expect(trip?.rule).toBe('db:redis://cache.example.com/2')
})

describe('requests that are sent when somebody awaits them', () => {
  test.each([
    ['superagent', () => superagent.get('http://api.example.com/items').set('x', 'y')],
    ['supertest', () => supertest('http://api.example.com').get('/items').expect(200)],
  ])('are found where they were made: %s', async (_, make) => {
    const [trip] = await tripwire.expectTrip('http', async () => {
      await make()
    })
    expect(trip?.callSite).toMatchObject({ file: import.meta.filename })
  })
})

describe('gRPC', () => {
  let standIns: StandIns
  beforeAll(async () => {
    standIns = await startStandIns()
  })
  afterAll(() => standIns[Symbol.asyncDispose]())

  const list = (target: string) =>
    new Promise<unknown>((resolve, reject) => {
      const client = new grpc.Client(target, grpc.credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
        'grpc.service_config_disable_resolution': 1,
      })
      const same = (data: Buffer) => data
      client.makeUnaryRequest('/shop.Items/List', same, same, Buffer.alloc(0), (error, answer) => {
        client.close()
        if (error) reject(error)
        else resolve(answer)
      })
    })

  test('is named by what the client was made for, though it connects to an address; that rule lets calls pass', async () => {
    const place = `localhost:${standIns.ports['@grpc/grpc-js']}`
    const [trip] = await tripwire.expectTrip('http', () => list(place))
    expect(trip).toMatchObject({ description: `an HTTP/2 session with ${place}`, rule: `http:${place}` })
    expect(trip?.callSite?.file).toBe(import.meta.filename)
    using _ = tripwire.allow(trip?.rule ?? '')
    expect(await list(place)).toEqual(Buffer.alloc(0))
  })
})
