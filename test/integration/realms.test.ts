import { beforeAll, describe, expect, test } from 'vitest'
import { CELL } from '../support/cell.ts'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const FILES = {
  'values.test.js': `
    import { expect, test } from 'vitest'
    import { tripwire } from 'vitest-tripwire'
    const takes = { value() {} }
    test.each([
      ['Date', new Date(1), new Date(2)],
      ['RegExp', /a/, /b/],
      ['Error', new Error('a'), new Error('b')],
      ['Map', new Map([[1, 2]]), new Map([[1, 3]])],
      ['Set', new Set([1]), new Set([2])],
      ['ArrayBuffer', new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
    ])('%s', (_, given, other) => {
      tripwire.spy(takes, 'value')
      tripwire.sandbox(() => takes.value(given))
      expect(() => tripwire.functions.assert('value', { args: [other] })).toThrow('INTERACTION_MISMATCH')
      tripwire.functions.assert('value', { args: [given] })
    })
    test('printed', () => {
      tripwire.spy(takes, 'value')
      tripwire.sandbox(() => takes.value([new Date(0), /a/, new Map([[1, 2]]), new Error('a')]))
      expect(() => tripwire.functions.assert('value', { args: [] })).toThrow(
        "[[new Date('1970-01-01T00:00:00.000Z'), /a/, new Map([[1, 2]]), new Error('a')]]",
      )
      tripwire.functions.assert('value', { args: [expect.any(Array)] })
    })`,
  'answers.test.js': `
    import { execFile } from 'node:child_process'
    import { lookup } from 'node:dns/promises'
    import { connect } from 'node:net'
    import { promisify } from 'node:util'
    import { expect, test } from 'vitest'
    import { tripwire } from 'vitest-tripwire'
    const mine = new Error('mine')
    test('program', async () => {
      tripwire.subprocess.mock('git pull', async () => ({ stdout: 'later' }))
      expect(await tripwire.sandbox(() => promisify(execFile)('git', ['pull']))).toMatchObject({ stdout: 'later' })
      tripwire.subprocess.assert('git pull')
    })
    test('failing request', async () => {
      tripwire.http.mock('GET http://api.example.com/', { error: mine })
      expect(await tripwire.sandbox(() => fetch('http://api.example.com/').catch(({ cause }) => cause))).toBe(mine)
      tripwire.http.assert('GET http://api.example.com/')
    })
    test('failing lookup', async () => {
      tripwire.dns.mock('api.example.com', mine)
      expect(await tripwire.sandbox(() => lookup('api.example.com').catch((error) => error))).toBe(mine)
      tripwire.dns.assert('api.example.com')
    })
    test('failing connection', async () => {
      tripwire.sockets.mock('tcp://api.example.com:25', { error: mine })
      const failed = () => new Promise((done) => connect(25, 'api.example.com').on('error', done))
      expect(await tripwire.sandbox(failed)).toBe(mine)
      tripwire.sockets.assert('tcp://api.example.com:25')
    })`,
  'databases.test.js': `
    import { Redis } from 'ioredis'
    import { MongoClient, ObjectId } from 'mongodb'
    import mysql from 'mysql2/promise'
    import { expect, test } from 'vitest'
    import { tripwire } from 'vitest-tripwire'
    test('Redis', async () => {
      const redis = tripwire.db.redis('redis://localhost')
      redis.on('SET', 'a', Buffer.from('b'), /^c$/, 'OK')
      redis.on('HGETALL', 'h', new Map([['a', '1']]))
      redis.on('GET', 'a', new Error('WRONGTYPE no'))
      redis.on('GET', 'b', async () => { throw new Error('ERR later') })
      const seen = await tripwire.sandbox(async () => {
        const client = new Redis()
        const all = [await client.set('a', 'b', 'c'), await client.hgetall('h')]
        for (const key of ['a', 'b']) all.push(await client.get(key).catch(({ message }) => message))
        client.disconnect()
        return all
      })
      expect(seen).toEqual(['OK', { a: '1' }, 'WRONGTYPE no', 'ERR later'])
      for (const { facts } of tripwire.db.calls(/SET|GET/)) tripwire.db.assert(facts.text, { params: facts.params })
    })
    test('MySQL', async () => {
      const db = tripwire.db.mysql('mysql://localhost')
      const row = { at: new Date(2026, 1, 2), raw: Buffer.from([0, 255]), json: { a: [1] } }
      db.on('select ?', [new Date(2026, 1, 2)], { rows: [row] })
      db.on('insert', Object.assign(new Error('twice'), { code: 'ER_DUP_ENTRY' }))
      const seen = await tripwire.sandbox(async () => {
        const client = await mysql.createConnection({ host: 'localhost', user: 'me' })
        const [rows] = await client.execute('select ?', [new Date(2026, 1, 2)])
        const failed = await client.query('insert').catch(({ code }) => code)
        client.destroy()
        return [rows, failed]
      })
      expect(seen).toEqual([[row], 'ER_DUP_ENTRY'])
      tripwire.db.assert('select ?', { params: [expect.stringContaining('2026-02-02')] })
      tripwire.db.assert('insert')
    })
    test('MongoDB', async () => {
      const db = tripwire.db.mongodb('mongodb://localhost')
      const found = { _id: new ObjectId(), at: new Date(5), list: [1] }
      db.on('find', { filter: { _id: found._id } }, { documents: [found] })
      db.on('insert', Object.assign(new Error('E11000 twice'), { code: 11000 }))
      const seen = await tripwire.sandbox(async () => {
        const client = new MongoClient('mongodb://localhost')
        const users = client.db('app').collection('users')
        const all = [await users.findOne({ _id: found._id }), await users.insertOne({}).catch(({ code }) => code)]
        await client.close()
        return all
      })
      expect(seen).toEqual([found, 11000])
      tripwire.db.assert('find', { params: [{ collection: 'users', filter: { _id: found._id }, limit: 1 }] })
      tripwire.db.assert('insert', { params: [expect.anything()] })
    })`,
}

describe.skipIf(CELL).each(['forks', 'vmThreads', 'vmForks'])("the tests' own values, in %s", (pool) => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(FILES, { args: [`--pool=${pool}`] })
  })

  test('compare by what they hold, print as they are and answer as they should', () => {
    const states = Object.entries(run.tests).map(([name, { state, messages }]) => [name, state, ...messages])
    expect(states).toEqual(Object.keys(run.tests).map((name) => [name, 'passed']))
    expect(states).toHaveLength(14)
  })
})
