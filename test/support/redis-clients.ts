/** Clients of Redis as tests of scripted Redis use them: what differs between them is said here. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'

export interface RedisClient {
  get(key: string): Promise<unknown>
  getBytes(key: string): Promise<unknown>
  set(key: string, value: string | Buffer): Promise<unknown>
  hash(key: string): Promise<Record<string, unknown>>
  send(...words: string[]): Promise<unknown>
  /** All at once. */
  pipeline(...commands: string[][]): Promise<unknown[]>
  /** @returns what EXEC gives */
  transaction(...commands: string[][]): Promise<unknown>
  /** Listens until `stop`; a pattern by `*`. */
  listen(channel: string, hear: (message: string, channel: string) => void): Promise<{ stop(): Promise<unknown> }>
  end(): void
}

export interface RedisOptions {
  readonly url?: string
  readonly trusting?: boolean
}

/** Errors of a transaction's commands stand in its result. */
const settled = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))

function byIoredis(version: 2 | 3) {
  return async ({ url = 'redis://localhost' }: RedisOptions = {}): Promise<RedisClient> => {
    const client = new Redis(url, { protocol: version, retryStrategy: () => null, lazyConnect: true })
    client.on('error', () => {})
    await client.connect()
    const call = ([name = '', ...args]: string[]) => client.call(name, ...args)
    return {
      get: (key) => client.get(key),
      getBytes: (key) => client.getBuffer(key),
      set: (key, value) => client.set(key, value),
      hash: (key) => client.hgetall(key),
      send: (...words) => call(words),
      async pipeline(...commands) {
        const pipeline = client.pipeline()
        for (const [name = '', ...args] of commands) pipeline.call(name, ...args)
        const results = (await pipeline.exec()) ?? []
        return results.map(([error, value]) => error ?? value)
      },
      async transaction(...commands) {
        const multi = client.multi()
        for (const [name = '', ...args] of commands) multi.call(name, ...args)
        const results = await multi.exec()
        return results?.map(([error, value]) => error ?? value) ?? null
      },
      async listen(channel, hear) {
        const listener = client.duplicate({ lazyConnect: true })
        listener.on('message', (from, message) => hear(message, from))
        listener.on('pmessage', (_, from, message) => hear(message, from))
        await listener.connect()
        await (channel.includes('*') ? listener.psubscribe(channel) : listener.subscribe(channel))
        const leave = () => (channel.includes('*') ? listener.punsubscribe(channel) : listener.unsubscribe(channel))
        return { stop: () => leave().then(() => listener.disconnect()) }
      },
      end: () => client.disconnect(),
    }
  }
}

function byNodeRedis(version: 2 | 3) {
  return async ({ url = 'redis://localhost' }: RedisOptions = {}): Promise<RedisClient> => {
    const client = createClient({ url, RESP: version, socket: { reconnectStrategy: false } })
    client.on('error', () => {})
    await client.connect()
    return {
      get: (key) => client.get(key),
      getBytes: (key) => client.withTypeMapping({ 36: Buffer }).get(key),
      set: (key, value) => client.set(key, value),
      hash: async (key) => ({ ...(await client.hGetAll(key)) }),
      send: (...words) => client.sendCommand(words),
      pipeline: async (...commands) =>
        settled(await Promise.allSettled(commands.map((each) => client.sendCommand(each)))),
      async transaction(...commands) {
        const multi = client.multi()
        for (const each of commands) multi.addCommand(each)
        return multi.exec().catch((error) => {
          if (error.constructor.name === 'WatchError') return null
          if (error.replies !== undefined) return error.replies
          throw error
        })
      },
      async listen(channel, hear) {
        const listener = client.duplicate()
        listener.on('error', () => {})
        await listener.connect()
        await (channel.includes('*') ? listener.pSubscribe(channel, hear) : listener.subscribe(channel, hear))
        const leave = () => (channel.includes('*') ? listener.pUnsubscribe(channel) : listener.unsubscribe(channel))
        return { stop: () => leave().then(() => listener.destroy()) }
      },
      end: () => client.destroy(),
    }
  }
}

/** By name, with what connects. */
export const REDIS_CLIENTS = {
  'ioredis, RESP3': byIoredis(3),
  'ioredis, RESP2': byIoredis(2),
  'node-redis, RESP3': byNodeRedis(3),
  'node-redis, RESP2': byNodeRedis(2),
} as const satisfies Record<string, (options?: RedisOptions) => Promise<RedisClient>>
