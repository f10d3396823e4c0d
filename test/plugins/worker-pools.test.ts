import { once } from 'node:events'
import { join } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { Tinypool } from 'tinypool'
import { afterAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const AWAY = 'http://away.example.com/'
const STOPPED = 'TRIPWIRE_GUARDED_CALL'

describe('a pool', () => {
  const piscina = new Piscina({ filename: join(import.meta.dirname, '../fixtures/worker/task.mjs'), maxThreads: 1 })
  const tinypool = new Tinypool({
    filename: join(import.meta.dirname, '../fixtures/worker/task.mjs'),
    runtime: 'worker_threads',
    maxThreads: 1,
  })
  afterAll(async () => {
    await piscina.destroy()
    await tinypool.destroy()
  })

  test.each<[string, () => Promise<unknown>]>([
    ['piscina', () => piscina.run(AWAY)],
    ['tinypool', () => tinypool.run(AWAY)],
  ])('%s works for whoever gives it a task, by his rules', async (_, run) => {
    for (const name of ['first', 'second']) {
      const [trip] = await tripwire.expectTrip('http', async () => expect(await run(), name).toBe(STOPPED))
      expect(trip?.startedBy.name).toContain('works for whoever')
    }
    expect(await tripwire.refuse('http', run)).toBe('EHOSTUNREACH')
  })
})

describe('a thread of the whole file', () => {
  const text = `const { workerData: port } = require('worker_threads')
    port.on('message', (url) => fetch(url).catch((error) => port.postMessage(error.cause.code)))`
  const channels = {
    'MessageChannel of node:worker_threads': new MessageChannel(),
    'the global MessageChannel': new globalThis.MessageChannel() as unknown as MessageChannel,
  }
  const threads = Object.entries(channels).map(([name, { port1, port2 }]) => {
    return { name, port: port1, worker: new Worker(text, { eval: true, workerData: port2, transferList: [port2] }) }
  })
  afterAll(() => Promise.all(threads.map(({ worker }) => worker.terminate())))
  const ask = async (port: MessagePort) => {
    port.postMessage(AWAY)
    return (await once(port, 'message'))[0]
  }

  test.for(threads)('works for whoever sends it something through a port of $name', async ({ port }) => {
    for (const name of ['first', 'second']) {
      const [trip] = await tripwire.expectTrip('http', async () => expect(await ask(port), name).toBe(STOPPED))
      expect(trip?.startedBy.name).toContain('works for whoever')
    }
    expect(await tripwire.refuse('http', () => ask(port))).toBe('EHOSTUNREACH')
  })
})

test('both names of MessageChannel stay the same class', () => {
  expect(globalThis.MessageChannel).toBe(MessageChannel)
  expect(new MessageChannel()).toBeInstanceOf(globalThis.MessageChannel)
})
