import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as later } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import { type Done, until, type Way } from './contexts.ts'

/** What the language and Node offer, as it is and not as one wishes. */
export const WAYS_OF_NODE: readonly Way[] = [
  ['setTimeout', 'caller', ({ as, call }) => as('caller', () => until((done) => setTimeout(() => done(call()), 1)))],
  ['setImmediate', 'caller', ({ as, call }) => as('caller', () => until((done) => setImmediate(() => done(call()))))],
  [
    'setInterval',
    'caller',
    ({ as, call }) =>
      as('caller', () =>
        until((done) => {
          const timer = setInterval(() => {
            clearInterval(timer)
            done(call())
          }, 1)
        }),
      ),
  ],
  [
    'process.nextTick',
    'caller',
    ({ as, call }) => as('caller', () => until((done) => process.nextTick(() => done(call())))),
  ],
  [
    'queueMicrotask',
    'caller',
    ({ as, call }) => as('caller', () => until((done) => queueMicrotask(() => done(call())))),
  ],
  [
    "a promise's reaction",
    'caller',
    async ({ as, call }) => {
      let resolve: Done = () => {}
      const promise = await as('opener', () => ({ it: until((done) => (resolve = done)) }))
      const reaction = as('caller', () => promise.it.then(call))
      await as('other', () => resolve())
      await reaction
    },
  ],
  [
    'a thenable',
    'caller',
    async ({ as, call }) => {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      const thenable = await as('opener', () => ({ it: { then: (done: Done) => done(call()) } }))
      await as('caller', async () => await thenable.it)
    },
  ],
  [
    'an async iterator',
    'caller',
    async ({ as, call }) => {
      const values = await as('opener', () =>
        (async function* () {
          yield await call()
        })(),
      )
      await as('caller', () => values.next())
    },
  ],
  [
    "an emitter's listener",
    'caller',
    async ({ as, call }) => {
      const emitter = new EventEmitter()
      const called = until((done) => as('opener', () => emitter.once('go', () => done(call()))))
      await as('caller', () => emitter.emit('go'))
      await called
    },
  ],
  [
    'events.once',
    'caller',
    async ({ as, call }) => {
      const emitter = new EventEmitter()
      const called = as('caller', () => once(emitter, 'go').then(call))
      await as('other', () => emitter.emit('go'))
      await called
    },
  ],
  [
    "an EventTarget's listener",
    'caller',
    async ({ as, call }) => {
      const target = new EventTarget()
      const called = until((done) => as('opener', () => target.addEventListener('go', () => done(call()))))
      await as('caller', () => target.dispatchEvent(new Event('go')))
      await called
    },
  ],
  [
    'AbortController.abort',
    'caller',
    async ({ as, call }) => {
      const controller = await as('opener', () => new AbortController())
      const called = until((done) =>
        as('opener', () => controller.signal.addEventListener('abort', () => done(call()))),
      )
      await as('caller', () => controller.abort())
      await called
    },
  ],
  [
    'AbortSignal.timeout',
    'opener',
    async ({ as, call }) => {
      const signal = await as('opener', () => AbortSignal.timeout(10))
      await as('caller', () =>
        until((done) => {
          const awake = setTimeout(() => {}, 1000)
          signal.addEventListener('abort', () => {
            clearTimeout(awake)
            done(call())
          })
        }),
      )
    },
  ],
  [
    'a stream that is read',
    'caller',
    async ({ as, call }) => {
      const stream = await as('opener', () => Readable.from(['x']))
      await as('caller', () => until((done) => stream.on('data', () => done(call()))))
    },
  ],
  [
    'AsyncResource.runInAsyncScope',
    'opener',
    async ({ as, call }) => {
      const resource = await as('opener', () => new AsyncResource('X'))
      await as('caller', () => resource.runInAsyncScope(call))
    },
  ],
  [
    'AsyncLocalStorage of others',
    'caller',
    ({ as, call }) => as('caller', () => new AsyncLocalStorage<number>().run(1, call)),
  ],
  [
    "a MessagePort's listener",
    'opener',
    async ({ as, call }) => {
      const { port1, port2 } = await as('opener', () => new MessageChannel())
      await as('caller', () =>
        until((done) => {
          port1.once('message', () => done(call()))
          port2.postMessage('go')
        }),
      )
      port1.close()
    },
  ],
  [
    'FinalizationRegistry',
    'nobody',
    async ({ as, call }) => {
      setFlagsFromString('--expose-gc')
      const gc = runInNewContext('gc') as () => void
      const collected = until((done) =>
        as('opener', () => {
          const registry = new FinalizationRegistry(() => done(call()))
          // Held until the end, or it is collected itself.
          setTimeout(() => registry, 5000).unref()
          void as('caller', () => registry.register({}, 'gone'))
        }),
      )
      let waiting = true
      void collected.then(() => {
        waiting = false
      })
      while (waiting) {
        await later(5)
        gc()
      }
    },
  ],
]
