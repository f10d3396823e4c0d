import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { errorOf } from '../support/embedded-app.ts'
import { REDIS_CLIENTS, type RedisClient } from '../support/redis-clients.ts'

const URL = 'redis://localhost:6379'
const names = () => tripwire.db.calls().map(({ operation, facts }) => [operation, facts.text, facts.params])
const asserted = (...commands: readonly (readonly [string, ...unknown[]])[]) => {
  for (const [text, ...params] of commands) tripwire.db.assert(text, params.length === 0 ? {} : { params })
}

describe.each(Object.entries(REDIS_CLIENTS))('%s', (_, connect) => {
  async function withClient<T>(fn: (client: RedisClient) => Promise<T>, url?: string): Promise<T> {
    return tripwire.sandbox(async () => {
      const client = await connect(url === undefined ? {} : { url })
      try {
        return await fn(client)
      } finally {
        client.end()
      }
    })
  }

  test('gets what scripts say, and its commands have to be asserted', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on('get', 'user:1', 'Ünï — 𝒳\r\n').times(2)
    redis.on('GET', 'user:2', null)
    redis.on('SET', expect.stringContaining('user'), /^\d+$/, 'OK')
    redis.on('HGETALL', 'h', { a: '1', b: 'ü' })
    redis.on('INCRBY', 'n', 5, 12)
    redis.on('MGET', ['a', 'b'], ['1', null])
    redis.on('EVAL', expect.any(String), 0, [1, 'two', [null, '3']])
    const seen = await withClient(async (client) => [
      await client.get('user:1'),
      await client.get('user:2'),
      await client.set('user:3', '15'),
      await client.hash('h'),
      await client.send('INCRBY', 'n', '5'),
      await client.send('MGET', 'a', 'b'),
      await client.send('EVAL', 'return 1', '0'),
      String(await client.getBytes('user:1')),
    ])
    const text = 'Ünï — 𝒳\r\n'
    expect(seen).toEqual([text, null, 'OK', { a: '1', b: 'ü' }, 12, ['1', null], [1, 'two', [null, '3']], text])
    asserted(['GET', 'user:1'], ['GET', 'user:2'], ['SET', 'user:3', '15'], ['HGETALL', 'h'], ['INCRBY', 'n', '5'])
    tripwire.db.assert('MGET', { params: ['a', 'b'], rows: ['1', null], database: '0' })
    asserted(['EVAL', 'return 1', '0'], ['GET', 'user:1'])
  })

  test('gets and sends bytes that are no text', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128])
    const redis = tripwire.db.redis(URL)
    redis.on('SET', 'b', bytes, 'OK')
    redis.on('GET', 'b', bytes)
    const seen = await withClient(async (client) => [await client.set('b', bytes), await client.getBytes('b')])
    expect(seen).toEqual(['OK', bytes])
    tripwire.db.assert('SET', { params: ['b', bytes] })
    tripwire.db.assert('GET', { params: ['b'], rows: bytes })
  })

  test('gets what a function makes of the arguments, also later, and the errors that it throws or gives', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on({ text: 'GET' }, (key: string) => `${key}!`).times(2)
    redis.on('INCR', 'n', async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return 7
    })
    redis.on('LPOP', 'list', () => {
      throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value')
    })
    redis.on('BOOM', new Error('it\r\nbroke'))
    const seen = await withClient((client) =>
      client.pipeline(['GET', 'a'], ['INCR', 'n'], ['GET', 'b'], ['LPOP', 'list'], ['BOOM']),
    )
    expect(seen.map((each) => (each instanceof Error ? each.message : each))).toEqual([
      'a!',
      7,
      'b!',
      'WRONGTYPE Operation against a key holding the wrong kind of value',
      'ERR it\nbroke',
    ])
    asserted(['GET', 'a'], ['INCR', 'n'], ['GET', 'b'])
    tripwire.db.assert('LPOP', { params: ['list'], error: { code: 'WRONGTYPE', message: expect.any(String) } })
    asserted(['BOOM'])
  })

  test('has transactions, whose commands are part of them', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on('SET', 'a', '1', 'OK')
    redis.on('INCR', 'a', 2)
    redis.on('LPUSH', 'a', 'x', new Error('WRONGTYPE no list'))
    const seen = (await withClient((client) =>
      client.transaction(['SET', 'a', '1'], ['INCR', 'a'], ['LPUSH', 'a', 'x']),
    )) as unknown[]
    expect(seen.map((each) => (each instanceof Error ? each.message : each))).toEqual(['OK', 2, 'WRONGTYPE no list'])
    tripwire.db.assert('SET', { params: ['a', '1'], transaction: true })
    asserted(['INCR', 'a'], ['LPUSH', 'a', 'x'])
  })

  test('has transactions that are not carried out', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on('GET', 'a', '1').times(2)
    redis.on('SET', 'a', '2', () => expect.fail('it is not carried out'))
    redis.on('EXEC', null)
    const seen = await withClient(async (client) => {
      await client.send('WATCH', 'a')
      await client.get('a')
      const lost = await client.transaction(['SET', 'a', '2'])
      await client.send('MULTI')
      const queued = await client.send('GET', 'a')
      return [lost, queued, await client.send('DISCARD')]
    })
    expect(seen).toEqual([null, 'QUEUED', 'OK'])
    asserted(['GET', 'a'], ['SET', 'a', '2'], ['EXEC'], ['GET', 'a'])
  })

  test('is told at once of a command that no script answers, and goes on', async () => {
    tripwire.db.redis(URL).on('GET', 'known', '1')
    const trips = await tripwire.expectTrip(() =>
      withClient(async (client) => {
        const error = await errorOf(client.get('unknown'))
        expect(error?.message).toMatch(/^\[TRIPWIRE_UNMOCKED_INTERACTION\] the command GET unknown on localhost:6379/)
        expect(await client.get('known')).toBe('1')
        const aborted = await errorOf(client.transaction(['SET', 'a', '1']))
        expect(aborted?.message).toMatch(/EXECABORT|TRIPWIRE_UNMOCKED_INTERACTION/)
      }),
    )
    expect(trips.map(({ code, callSite, facts }) => [code, callSite?.file, facts.text])).toEqual([
      ['TRIPWIRE_UNMOCKED_INTERACTION', expect.stringMatching(/redis-clients\.ts$/), 'GET'],
      ['TRIPWIRE_UNMOCKED_INTERACTION', expect.stringMatching(/redis-clients\.ts$/), 'SET'],
    ])
    asserted(['GET', 'known'])
  })

  test('hears what is published on channels and on patterns of them, until it stops', async () => {
    const redis = tripwire.db.redis(URL)
    const heard: unknown[] = []
    await tripwire.sandbox(async () => {
      const client = await connect()
      const one = await client.listen('news', (...args) => heard.push(args))
      const all = await client.listen('n*s', (...args) => heard.push(args))
      expect([redis.publish('news', 'ünï'), redis.publish('nets', 5), redis.publish('other', 'x')]).toEqual([2, 1, 0])
      await expect.poll(() => heard.length).toBe(3)
      await one.stop()
      await all.stop()
      expect(redis.publish('news', 'x')).toBe(0)
      client.end()
    })
    expect(heard.sort()).toEqual([
      ['5', 'nets'],
      ['ünï', 'news'],
      ['ünï', 'news'],
    ])
    expect(names().filter(([operation]) => operation === 'db:query')).toEqual([
      ['db:query', 'SUBSCRIBE', ['news']],
      ['db:query', 'PSUBSCRIBE', ['n*s']],
    ])
    asserted(['SUBSCRIBE', 'news'], ['PSUBSCRIBE', 'n*s'])
  })

  test('is let in by the password of the URL, to the database that it names', async () => {
    tripwire.db.redis('redis://me:s%C3%A9cret@localhost/2').on('GET', 'a', '1').times(2)
    const ask = (url: string) => withClient((client) => client.get('a'), url).catch(({ message }) => message)
    expect(await ask('redis://me:s%C3%A9cret@localhost/2')).toBe('1')
    expect(await ask('redis://me:secret@localhost/2')).toMatch(/WRONGPASS|Connection is closed/)
    const [trip] = await tripwire.expectTrip(() => ask('redis://me:s%C3%A9cret@localhost/3'))
    expect(trip?.facts).toMatchObject({ database: '3', user: 'me' })
    tripwire.db.assert('GET', { params: ['a'], database: '2', user: 'me' })
    expect(await ask('redis://me:s%C3%A9cret@localhost/2')).toBe('1')
    asserted(['GET', 'a'])
    expect(JSON.stringify(tripwire.db.calls())).not.toContain('cret')
  })

  test('speaks TLS where it does, for whatever host', async () => {
    tripwire.db.redis('rediss://cache.example.com:6380').on('GET', 'a', '1')
    expect(await withClient((client) => client.get('a'), 'rediss://cache.example.com:6380')).toBe('1')
    tripwire.db.assert({ text: 'GET', host: 'cache.example.com', port: 6380 }, { params: ['a'] })
  })

  test('is asked nothing that it asks on its own', async () => {
    tripwire.db.redis(URL)
    await withClient(async (client) => {
      expect(await client.send('PING')).toBe('PONG')
      expect(await client.send('INFO')).toContain('loading:0')
      expect(await client.send('CLIENT', 'GETNAME')).toBe(null)
      expect(await client.send('SELECT', '4')).toBe('OK')
      expect(await errorOf(client.send('CLIENT', 'NONSENSE'))).toMatchObject({
        message: expect.stringContaining('ERR unknown subcommand'),
      })
    })
    expect(names().filter(([operation]) => operation === 'db:query')).toEqual([])
  })
})

test('a port that is served by nobody else stays so: no script, no answer', async () => {
  const [trip] = await tripwire.expectTrip(() =>
    tripwire.sandbox(async () => {
      const client = REDIS_CLIENTS['node-redis, RESP3']()
      await errorOf(client)
    }),
  )
  expect(trip?.message).toContain("tripwire.db.redis('redis://localhost:6379')")
})

test('a client that connects for good where it may not is let in, whatever its number, and its commands are stopped', async () => {
  tripwire.db.redis('redis://localhost/2').on('GET', 'a', '1').optional()
  const began = performance.now()
  const [trip] = await tripwire.expectTrip('db:redis://localhost/1', () =>
    tripwire.sandbox(async () => {
      const client = new Redis('redis://localhost/1')
      const error = await client.get('a').catch((reason) => reason)
      client.disconnect()
      expect(error.message).toContain("redis.on('GET', 'a')")
      expect(error.message).toContain('fits but for the database "1"')
    }),
  )
  expect(trip?.facts).toMatchObject({ text: 'GET', database: '1' })
  expect(performance.now() - began).toBeLessThan(5000)
})
