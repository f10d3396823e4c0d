import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { errorOf } from '../support/embedded-app.ts'

const URL = 'redis://localhost:6379'

async function withRedis<T>(fn: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis()
  try {
    return await fn(client)
  } finally {
    client.disconnect()
  }
}

const withoutPlaces = (message: string) => message.replace(/(test\.ts):\d+:\d+/g, '$1').replace(/#[\d.]*\d/, '#1')

describe('a command that no script answers', () => {
  test('is told with what would, and what comes near', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on('HSET', 'user:1', 'name', 'Ada', 1)
    const trips = await tripwire.expectTrip(() =>
      tripwire.sandbox(() =>
        withRedis(async (client) => {
          await client.hset('user:1', 'name', 'Ada')
          await errorOf(client.hset('user:1', 'name', 'Ada'))
          await errorOf(client.set('session', "it's\nnew", 'EX', 60))
          await errorOf(client.hgetall('user:1'))
        }),
      ),
    )
    expect(trips.map(({ message }) => withoutPlaces(message))).toMatchInlineSnapshot(`
      [
        "[TRIPWIRE_UNMOCKED_INTERACTION] the command HSET user:1 name Ada on localhost:6379 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-redis-scripts.test.ts
               in test "a command that no script answers > is told with what would, and what comes near" (test/plugins/db-redis-scripts.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.redis('redis://localhost:6379').on('HSET', 'user:1', 'name', 'Ada', 1)
        near   redis.on('HSET', 'user:1', 'name', 'Ada') (test/plugins/db-redis-scripts.test.ts) fits, but has answered its one call: .times(2) or .always()
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
        "[TRIPWIRE_UNMOCKED_INTERACTION] the command SET session it's new EX 60 on localhost:6379 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-redis-scripts.test.ts
               in test "a command that no script answers > is told with what would, and what comes near" (test/plugins/db-redis-scripts.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.redis('redis://localhost:6379').on('SET', 'session', "it's\\nnew", 'EX', '60', 'OK')
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
        "[TRIPWIRE_UNMOCKED_INTERACTION] the command HGETALL user:1 on localhost:6379 was made in sandbox #1, and nothing there answers it.

        where  test/plugins/db-redis-scripts.test.ts
               in test "a command that no script answers > is told with what would, and what comes near" (test/plugins/db-redis-scripts.test.ts)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.db.redis('redis://localhost:6379').on('HGETALL', 'user:1', {})
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md",
      ]
    `)
    tripwire.db.assert('HSET', { params: ['user:1', 'name', 'Ada'] })
  })

  test('is answered once what was printed is pasted, before and after', async () => {
    const redis = tripwire.db.redis('redis://localhost:6379').on('SET', 'session', "it's\nnew", 'EX', '60', 'OK')
    expect(redis).toBeDefined()
    const seen = await tripwire.sandbox(() => withRedis((client) => client.set('session', "it's\nnew", 'EX', 60)))
    expect(seen).toBe('OK')
    const wrong = () => tripwire.db.assert('SET', { params: ['session', 'old', 'EX', '60'] })
    const error = await errorOf(Promise.resolve().then(wrong))
    expect(withoutPlaces(error?.message ?? '')).toMatchInlineSnapshot(`
      "[TRIPWIRE_INTERACTION_MISMATCH] tripwire.db.assert('SET', { params: ['session', 'old', 'EX', '60'] }) is not the next call: that is the command SET session it's new EX 60 on localhost:6379.

        where  test/plugins/db-redis-scripts.test.ts
        why    this fact differs:
                 params
                   expected ['session', 'old', 'EX', '60']
                   was      ['session', "it's\\nnew", 'EX', '60']
               1 other fact fits
        fix    what was called is asserted by:
                 tripwire.db.assert('SET', { params: ['session', "it's\\nnew", 'EX', '60'] })"
    `)
    tripwire.db.assert('SET', { params: ['session', "it's\nnew", 'EX', '60'] })
  })

  test('is a trip also where the connection is allowed: it leads to scripts', async () => {
    tripwire.db.redis(URL)
    const trips = await tripwire.expectTrip(() =>
      tripwire.sandbox({ allow: ['db:redis://localhost'] }, () =>
        withRedis((client) => errorOf(client.get('a')).then(() => {})),
      ),
    )
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_UNMOCKED_INTERACTION', facts: { text: 'GET' } }])
  })

  test('may be answered by the scripts of another one that was made for the same place', async () => {
    tripwire.db.redis(URL).on('GET', 'a', 'first')
    tripwire.db.redis(URL).on('GET', 'b', 'second')
    const seen = await tripwire.sandbox(() =>
      withRedis(async (client) => [await client.get('a'), await client.get('b')]),
    )
    expect(seen).toEqual(['first', 'second'])
    tripwire.db.assert('GET', { params: ['a'] })
    tripwire.db.assert('GET', { params: ['b'] })
  })
})

describe('a script', () => {
  test('gives sets, maps, booleans, large and broken numbers as each version has them', async () => {
    const redis = tripwire.db.redis(URL)
    const reply = [new Set(['a']), new Map([['k', 1]]), true, 1.5, 2n ** 70n, Number.POSITIVE_INFINITY]
    redis.on('GIVE', reply).times(2)
    const ask = async (RESP: 2 | 3) => {
      const client = createClient({ RESP })
      await client.connect()
      const given = (await client.sendCommand(['GIVE'])) as unknown[]
      client.destroy()
      return given.map((each) => (typeof each === 'object' && !Array.isArray(each) ? { ...each } : each))
    }
    const [three, two] = await tripwire.sandbox(async () => [await ask(3), await ask(2)])
    expect(three).toEqual([['a'], { k: 1 }, true, 1.5, 2n ** 70n, Number.POSITIVE_INFINITY])
    expect(two).toEqual([['a'], ['k', 1], 1, '1.5', String(2n ** 70n), 'inf'])
    tripwire.db.assert('GIVE')
    tripwire.db.assert('GIVE')
  })

  test('for what the server says itself stands in its place', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on('PING', 'late')
    redis.on('SUBSCRIBE', 'secret', new Error('NOPERM this user has no permissions'))
    const seen = await tripwire.sandbox(() =>
      withRedis(async (client) => [await client.ping(), (await errorOf(client.subscribe('secret')))?.message]),
    )
    expect(seen).toEqual(['late', 'NOPERM this user has no permissions'])
    tripwire.db.assert('PING')
    tripwire.db.assert('SUBSCRIBE', { params: ['secret'] })
  })

  test('may publish what a command says', async () => {
    const redis = tripwire.db.redis(URL)
    redis.on('PUBLISH', 'news', expect.any(String), (channel: string, text: string) => redis.publish(channel, text))
    const heard = await tripwire.sandbox(() =>
      withRedis((listener) =>
        withRedis(async (client) => {
          const message = new Promise((resolve) => listener.on('message', (_, text) => resolve(text)))
          await listener.subscribe('news')
          return [await client.publish('news', 'hello'), await message]
        }),
      ),
    )
    expect(heard).toEqual([1, 'hello'])
    tripwire.db.assert('SUBSCRIBE', { params: ['news'] })
    tripwire.db.assert('PUBLISH', { params: ['news', 'hello'] })
  })
})

describe.concurrent('a client that tests share', () => {
  const clients = { ioredis: new Redis({ lazyConnect: true }), redis: createClient() }
  beforeAll(() => () => {
    clients.ioredis.disconnect()
    if (clients.redis.isOpen) clients.redis.destroy()
  })

  test.each(['ioredis', 'redis'].flatMap((client) => ['one', 'two', 'three'].map((name) => [client, name])))(
    '%s asks for test %s what that test asks',
    async (client, name) => {
      const redis = tripwire.db.redis(URL)
      redis.on('GET', 'who', name).times(2)
      const get = async () => {
        if (client === 'ioredis') return clients.ioredis.get('who')
        if (!clients.redis.isOpen) await clients.redis.connect()
        return clients.redis.get('who')
      }
      const seen = await tripwire.sandbox(async () => {
        const first = await get()
        await new Promise((resolve) => setTimeout(resolve, 5))
        return [first, await get()]
      })
      expect(seen).toEqual([name, name])
      tripwire.db.assert('GET', { params: ['who'] })
      tripwire.db.assert('GET', { params: ['who'] })
    },
  )
})

describe('what is refused with a word of what was meant', () => {
  const on = (...args: unknown[]) => Reflect.apply(tripwire.db.redis(URL).on, undefined, args)
  test.each([
    ['a URL of something else', () => tripwire.db.redis('postgres://me:secret@localhost')],
    ['a database by name', () => tripwire.db.redis('redis://localhost/app')],
    ['no reply', () => on('GET')],
    ['a command with its arguments', () => on('CONFIG GET', 'maxmemory', {})],
    ['an empty command', () => on(' ', 'OK')],
    ['no command', () => on(5, 'OK')],
    ['an argument that none can be', () => on('SET', 'a', undefined, 'OK')],
    ['arguments twice', () => on({ text: 'GET', params: ['a'] }, 'a', 'OK')],
    ['a reply that is none', () => on('GET', 'a', new Date())],
    ['a reply with something in it that is none', () => on('GET', 'a', [undefined])],
    ['something that a command has not', () => on({ text: 'GET', argument: 'a' }, 'OK')],
  ])('%s', async (_, fn) => {
    const error = await errorOf(Promise.resolve().then(fn))
    expect(error?.message).toMatchSnapshot()
    expect(error?.message).not.toContain('secret')
  })
})

describe.each(['redis', 'rediss'])('a Redis that is made once for all tests, by %s:', (scheme) => {
  let redis: ReturnType<typeof tripwire.db.redis>
  const client = new Redis(`${scheme}://once.example.com`, { lazyConnect: true })
  beforeAll(() => {
    redis = tripwire.db.redis(`${scheme}://once.example.com`)
    redis.on('GET', 'all', 'of all').always().optional()
    return () => client.disconnect()
  })

  test.each(['first', 'second'])('takes scripts of each: %s', async (name) => {
    redis.on('GET', 'mine', name)
    const seen = await tripwire.sandbox(async () => [await client.get('mine'), await client.get('all')])
    expect(seen).toEqual([name, 'of all'])
    tripwire.db.assert('GET', { params: ['mine'] })
    tripwire.db.assert('GET', { params: ['all'] })
  })

  test('has no scripts of those before', async () => {
    const trips = await tripwire.expectTrip(() => tripwire.sandbox(() => errorOf(client.get('mine'))))
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_UNMOCKED_INTERACTION' }])
  })

  test('answers nobody outside of sandboxes, at once', async () => {
    const trips = await tripwire.expectTrip(async () => {
      expect(await errorOf(client.get('all'))).toMatchObject({ message: expect.stringContaining('[TRIPWIRE_') })
    })
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_GUARDED_CALL', facts: { text: 'GET' } }])
    expect(trips[0]?.message).toContain('the connection leads to')
  })

  test('answers no command that comes after its sandbox', async () => {
    redis.on('GET', 'late', '1').optional()
    let late: Promise<unknown> | undefined
    const trips = await tripwire.expectTrip(async () => {
      await tripwire.sandbox(async () => {
        late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => errorOf(client.get('late')))
      })
      await late
    })
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_POST_SANDBOX_INTERACTION', facts: { params: ['late'] } }])
  })
})
