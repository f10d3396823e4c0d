import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { Readable } from 'node:stream'
import { MessageChannel } from 'node:worker_threads'
import DataLoader from 'dataloader'
import { createPool } from 'generic-pool'
import pLimit from 'p-limit'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

/** Whether the present code runs in the sandbox that refuses: it is written down there, and the call fails at once. */
const call = () => fetch('http://where.example.com').catch((error) => String(error.cause?.code))

/**
 * Runs `make` in a sandbox that refuses http; what it gives is awaited. `EHOSTUNREACH` says that the call was made in the sandbox's frame.
 */
const inSandbox = <T>(make: () => Promise<T>) => tripwire.sandbox({ refuse: 'http' }, make)

const emitter = new EventEmitter()
const target = new EventTarget()
const storage = new AsyncLocalStorage()

/** As it is, not as one wishes: `caller` = whoever started the work there, `opener` = whoever made the thing that calls back. */
const ways: readonly [name: string, frame: 'caller' | 'opener', work: () => Promise<unknown>][] = [
  ['setTimeout', 'caller', () => new Promise((done) => setTimeout(() => done(call()), 1))],
  ['setImmediate', 'caller', () => new Promise((done) => setImmediate(() => done(call())))],
  [
    'setInterval',
    'caller',
    () =>
      new Promise((done) => {
        const timer = setInterval(() => {
          clearInterval(timer)
          done(call())
        }, 1)
      }),
  ],
  ['process.nextTick', 'caller', () => new Promise((done) => process.nextTick(() => done(call())))],
  ['queueMicrotask', 'caller', () => new Promise((done) => queueMicrotask(() => done(call())))],
  ['promise reaction', 'caller', () => Promise.resolve().then(call)],
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  ['thenable', 'caller', async () => await { then: (done: (value: unknown) => void) => done(call()) }],
  [
    'async iterator',
    'caller',
    async () => {
      for await (const value of (async function* () {
        yield call()
      })())
        return value
    },
  ],
  [
    'emitter',
    'caller',
    () =>
      new Promise((done) => {
        emitter.once('go', () => done(call()))
        emitter.emit('go')
      }),
  ],
  [
    'events.once',
    'caller',
    async () => {
      const going = once(emitter, 'later')
      setTimeout(() => emitter.emit('later'), 1)
      await going
      return call()
    },
  ],
  [
    'EventTarget',
    'caller',
    () =>
      new Promise((done) => {
        target.addEventListener('go', () => done(call()), { once: true })
        target.dispatchEvent(new Event('go'))
      }),
  ],
  [
    'stream',
    'caller',
    () =>
      new Promise((done) => {
        Readable.from(['x']).on('data', () => done(call()))
      }),
  ],
  [
    'AbortSignal',
    'caller',
    () =>
      new Promise((done) => {
        AbortSignal.timeout(1).addEventListener('abort', () => done(call()))
        setTimeout(() => {}, 20)
      }),
  ],
  ['AsyncResource', 'caller', () => new AsyncResource('X').runInAsyncScope(call)],
  ['AsyncLocalStorage of others', 'caller', () => storage.run(1, call)],
  [
    'p-limit',
    'caller',
    () => {
      const limit = pLimit(1)
      void limit(() => new Promise((done) => setTimeout(done, 5)))
      return limit(call)
    },
  ],
]

test.each(ways)('%s: the frame is that of the %s', async (_, frame, work) => {
  expect(await inSandbox(work)).toBe(frame === 'caller' ? 'EHOSTUNREACH' : 'stopped')
})

test('a listener runs in the frame of the one that emits, wherever it was added', async () => {
  const bus = new EventEmitter()
  const answer = new Promise((done) => bus.once('go', () => done(call())))
  await inSandbox(async () => bus.emit('go'))
  expect(await answer).toBe('EHOSTUNREACH')
})

test('a message port calls back in the frame that opened it', async () => {
  const trips = await tripwire.expectTrip(async () => {
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise((done) => port1.once('message', () => done(call())))
    await inSandbox(async () => port2.postMessage('go'))
    await answer
    port1.close()
  })
  expect(trips).toHaveLength(1)
})

test('a DataLoader batches in the frame of its first caller', async () => {
  const loader = new DataLoader(async (keys: readonly number[]) => {
    const answer = await call()
    return keys.map(() => answer)
  })
  const first = inSandbox(() => loader.load(1))
  expect(await Promise.all([first, loader.load(2)])).toEqual(['EHOSTUNREACH', 'EHOSTUNREACH'])
})

test('a generic-pool creates in the frame of whoever needs more', async () => {
  const pool = createPool({ create: call, destroy: async () => {} }, { max: 1 })
  const resource = await inSandbox(() => pool.acquire())
  expect(resource).toBe('EHOSTUNREACH')
  await pool.release(resource)
  await pool.drain()
})
