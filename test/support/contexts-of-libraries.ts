import { join } from 'node:path'
import DataLoader from 'dataloader'
import { createPool } from 'generic-pool'
import pLimit from 'p-limit'
import { Piscina } from 'piscina'
import { type Done, type Stage, until, type Way } from './contexts.ts'

/** What queues, pools and batches: it works on behalf of several at once. */
export const WAYS_OF_LIBRARIES: readonly Way[] = [
  [
    'p-limit: work that waited',
    'caller',
    async ({ as, call }) => {
      const limit = await as('opener', () => pLimit(1))
      let free: Done = () => {}
      const held = until((done) => {
        free = done
      })
      const first = as('other', () => limit(() => held))
      const queued = as('caller', () => limit(call))
      await as('other', () => free())
      await Promise.all([first, queued])
    },
  ],
  [
    'DataLoader: the batch function',
    'first',
    async ({ as, call }) => {
      const loader = await as(
        'opener',
        () =>
          new DataLoader(async (keys: readonly number[]) => {
            await call()
            return keys
          }),
      )
      await Promise.all([as('first', () => loader.load(1)), as('caller', () => loader.load(2))])
    },
  ],
  [
    'DataLoader: after `await load()`',
    'caller',
    async ({ as, call }) => {
      const loader = await as('opener', () => new DataLoader(async (keys: readonly number[]) => keys))
      await Promise.all([as('first', () => loader.load(1)), as('caller', () => loader.load(2).then(call))])
    },
  ],
  [
    'generic-pool: `create` when there is room',
    'caller',
    async ({ as, call }) => {
      const pool = await as('opener', () =>
        createPool({ create: async () => ({ it: await call() }), destroy: async () => {} }, { max: 1 }),
      )
      await as('caller', async () => pool.release(await pool.acquire()))
      await pool.drain()
    },
  ],
  [
    'generic-pool: `create` for one that waited',
    'other',
    async ({ as, call }) => {
      let made = 0
      const create = async () => ({ it: made++ > 0 && (await call()) })
      const pool = await as('opener', () => createPool({ create, destroy: async () => {} }, { max: 1 }))
      const held = await as('other', () => pool.acquire())
      const queued = as('caller', () => pool.acquire())
      await as('other', () => pool.destroy(held))
      await pool.release(await queued)
      await pool.drain()
    },
  ],
  [
    'generic-pool: after `await acquire()`',
    'caller',
    async ({ as, call }) => {
      const pool = await as('opener', () =>
        createPool({ create: async () => ({}), destroy: async () => {} }, { max: 1 }),
      )
      const held = await as('other', () => pool.acquire())
      const queued = as('caller', () =>
        pool.acquire().then(async (it) => {
          await call()
          return it
        }),
      )
      await as('other', () => pool.release(held))
      await pool.release(await queued)
      await pool.drain()
    },
  ],
  [
    'piscina: after `await run()`',
    'caller',
    withPiscina(async ({ as, call }, pool) => {
      await Promise.all([as('first', () => pool.run({})), as('caller', () => pool.run({}).then(call))])
    }),
  ],
  [
    "piscina: listeners of 'message'",
    'opener',
    withPiscina(async ({ as, call }, pool) => {
      const told = as('caller', () => until((done) => pool.once('message', () => done(call()))))
      await as('first', () => pool.run({ tell: true }))
      await told
    }),
  ],
]

function withPiscina(play: (stage: Stage, pool: Piscina) => Promise<unknown>): Way[2] {
  return async (stage) => {
    const filename = join(import.meta.dirname, 'piscina-task.mjs')
    const pool = await stage.as('opener', () => new Piscina({ filename, minThreads: 1, maxThreads: 1 }))
    await play(stage, pool)
    await pool.destroy()
  }
}
