import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import threads, { MessageChannel, SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { M, tripwire } from 'vitest-tripwire'

const FILE = join(import.meta.dirname, '../fixtures/worker/caller.mjs')
const AWAY = 'http://away.example.com/'
const STOPPED = 'TRIPWIRE_GUARDED_CALL'
const CODE = (url: string) => `fetch('${url}').catch((error) => error.cause.code).then((code) => postMessage(code))`

const open: Worker[] = []
afterEach(async () => {
  for (const worker of open.splice(0)) await worker.terminate()
})
function start(file: string | URL = FILE, options?: WorkerOptions): Worker {
  const worker = new Worker(file, options)
  open.push(worker)
  return worker
}
const answer = async (worker: Worker): Promise<unknown> =>
  Promise.race([once(worker, 'message'), once(worker, 'error')]).then(([message]) => message)
function ask(worker: Worker, ...what: unknown[]): Promise<unknown> {
  worker.postMessage(what)
  return answer(worker)
}

/** Every form of a worker that makes one call; each gives the code of its error. */
const FORMS: Readonly<Record<string, () => Worker>> = {
  'a path': () => start(FILE, { workerData: ['fetch', AWAY] }),
  'a relative path': () => start('./test/fixtures/worker/caller.mjs', { workerData: ['fetch', AWAY] }),
  'a URL': () => start(pathToFileURL(FILE), { workerData: ['fetch', AWAY] }),
  'a text': () =>
    start(`const postMessage = (m) => require('worker_threads').parentPort.postMessage(m); ${CODE(AWAY)}`, {
      eval: true,
    }),
  'a text of a module': () =>
    start(
      `import { parentPort as { postMessage } } from 'worker_threads'`.replace(' as { postMessage }', '') +
        `; const postMessage = (m) => parentPort.postMessage(m); ${CODE(AWAY)}`,
      { eval: true },
    ),
  'a data: URL': () =>
    start(
      new URL(
        `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; const postMessage = (m) => parentPort.postMessage(m); ${CODE(AWAY)}`)}`,
      ),
    ),
  'options of its own': () => start(FILE, { workerData: ['fetch', AWAY], execArgv: ['--no-warnings'] }),
  'no options at all': () => start(FILE, { workerData: ['fetch', AWAY], execArgv: [], env: {} }),
  'a shared environment': () => start(FILE, { workerData: ['fetch', AWAY], env: SHARE_ENV }),
  'a class of its own': () => {
    class Mine extends Worker {}
    const worker = new Mine(FILE, { workerData: ['fetch', AWAY] })
    expect(worker).toBeInstanceOf(Mine)
    open.push(worker)
    return worker
  },
  'the default export': () => {
    const worker = new threads.Worker(FILE, { workerData: ['fetch', AWAY] })
    open.push(worker)
    return worker
  },
  'a worker of a worker': () => start(FILE, { workerData: ['nested', AWAY] }),
}

describe.each(Object.keys(FORMS))('a worker of %s', (name) => {
  const form = FORMS[name] as () => Worker

  test('runs under the guard of its starter, who has its trips', async () => {
    const [trip, ...more] = await tripwire.expectTrip('http', async () => expect(await answer(form())).toBe(STOPPED))
    expect(more).toEqual([])
    expect(trip).toMatchObject({
      description: `GET ${AWAY}`,
      startedBy: { kind: 'test', name: expect.stringContaining(name) },
    })
  })

  test('goes by the rules of its starter', async () => {
    const code = await tripwire.refuse('http://away.example.com', () => answer(form()))
    expect(code).toBe('EHOSTUNREACH')
  })
})

describe('a trip inside', () => {
  test('names the line in the file of the worker', async () => {
    const [trip] = await tripwire.expectTrip('http', () => answer(FORMS['a path']?.() as Worker))
    expect(trip?.callSite).toMatchObject({ file: FILE, line: 15 })
  })

  test('names the line that started the worker where the worker has no file', async () => {
    const [trip] = await tripwire.expectTrip('http', () => answer(FORMS['a text']?.() as Worker))
    expect(trip?.callSite?.file).toBe(import.meta.filename)
  })

  test('has the error of the API that was called, and the facts', async () => {
    const [trip] = await tripwire.expectTrip('subprocess', async () =>
      expect(await answer(start(FILE, { workerData: ['spawn', 'no-such-program'] }))).toBe(STOPPED),
    )
    expect(trip).toMatchObject({ protocol: 'subprocess', facts: { program: 'no-such-program' } })
  })

  test('that nobody catches ends the worker with the error, which is ours', async () => {
    await tripwire.expectTrip('http', async () => {
      const worker = start(`fetch('${AWAY}')`, { eval: true })
      const [error] = await once(worker, 'error')
      expect(error.cause).toMatchObject({ code: STOPPED, protocol: 'http' })
    })
  })
})

describe('rules', () => {
  test('that open and end while a worker lives hold in it', async () => {
    const worker = start()
    await tripwire.expectTrip('http', async () => expect(await ask(worker, 'fetch', AWAY)).toBe(STOPPED))
    {
      using _ = tripwire.refuse('http')
      expect(await ask(worker, 'fetch', AWAY)).toBe('EHOSTUNREACH')
    }
    await tripwire.expectTrip('http', async () => expect(await ask(worker, 'http.get', AWAY)).toBe(STOPPED))
  })

  test.each([
    ['a pattern', M({ protocol: 'http', host: /^away\./ })],
    ['a predicate', M({ protocol: 'http', host: (host: string) => host.startsWith('away.') })],
    ['an asymmetric matcher', M({ protocol: 'http', host: expect.stringContaining('away') })],
    ['a matcher of two', M({ protocol: 'http' }).and(M({ host: 'other.example.com' }).not())],
  ])('with %s hold in it', async (_, rule) => {
    const worker = start()
    expect(await tripwire.refuse(rule, () => ask(worker, 'fetch', AWAY))).toBe('EHOSTUNREACH')
    await tripwire.expectTrip('http', () =>
      tripwire.refuse(rule, () => ask(worker, 'fetch', 'http://other.example.com')),
    )
  })

  test('a deny that nobody can answer for, as its thread is blocked, stops the call', async () => {
    const gate = new Int32Array(new SharedArrayBuffer(4))
    const deny = M({ protocol: 'http', host: () => false })
    const code = `
      const { parentPort, workerData } = require('worker_threads')
      fetch('${AWAY}').catch((error) => error.cause.code).then((code) => {
        parentPort.postMessage(code)
        Atomics.store(workerData, 0, 1)
        Atomics.notify(workerData, 0)
      })`
    await tripwire.expectTrip('http', () =>
      tripwire.refuse('http', () =>
        tripwire.deny(deny, async () => {
          const worker = start(code, { eval: true, workerData: gate })
          expect(Atomics.wait(gate, 0, 0, 20_000)).toBe('ok')
          expect(await answer(worker)).toBe(STOPPED)
        }),
      ),
    )
  })
})

describe('a sandbox', () => {
  test('has no mocks in a thread, and says so instead of printing one', async () => {
    tripwire.http.mock(AWAY).optional()
    const [trip] = await tripwire.expectTrip(() => tripwire.sandbox(() => answer(FORMS['a path']?.() as Worker)))
    expect(trip?.message).toContain('hint   the mocks of a test do not answer in worker threads')
    expect(trip?.message).not.toContain('tripwire.http.mock(')
  })

  test('holds in the workers that are started in it, and sees their calls', async () => {
    const box = await tripwire.sandbox({ refuse: 'http' }, async (box) => {
      expect(await answer(FORMS['a path']?.() as Worker)).toBe('EHOSTUNREACH')
      return box
    })
    expect(box.interactions).toMatchObject([
      { sequence: 1, protocol: 'worker', outcome: 'passed' },
      { sequence: 2, description: `GET ${AWAY}`, outcome: 'refused' },
    ])
  })

  test('that has ended is known to a worker that was started in it', async () => {
    const [trip] = await tripwire.expectTrip('http', async () => {
      const worker = tripwire.sandbox(() => start(FILE, { workerData: ['later', [150, AWAY]] }))
      expect(await answer(worker)).toBe('TRIPWIRE_POST_SANDBOX_INTERACTION')
    })
    expect(trip?.message).toMatch(/was made after sandbox #\S+ had ended/)
  })
})

describe('a server', () => {
  test('in a worker is the own of the test, and calls what it calls in the frame of its starter', async () => {
    await tripwire.expectTrip('http', async () => {
      const port = await ask(start(), 'listen')
      const response = await fetch(`http://127.0.0.1:${port}`)
      expect(await response.text()).toBe(STOPPED)
    })
  })

  test('of the test may be called by a worker, also one that came later', async () => {
    const worker = start()
    const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    expect(await ask(worker, 'connect', (server.address() as AddressInfo).port)).toBe('done')
    server.close()
  })
})

describe('a worker that is stopped', () => {
  test('was not started, and throws where it is made', async () => {
    const [trip] = await tripwire.expectTrip('worker', () => tripwire.deny('worker', () => start()))
    expect(trip).toMatchObject({
      description: 'a worker thread of test/fixtures/worker/caller.mjs',
      rule: 'worker:test/fixtures/worker/caller.mjs',
      facts: { source: 'file', path: FILE },
    })
  })

  test('fails as where the system starts no thread when it is refused', () => {
    expect(() => tripwire.refuse('worker', () => start())).toThrow(
      expect.objectContaining({ code: 'ERR_WORKER_INIT_FAILED' }),
    )
  })

  test.each<[string, () => unknown]>([
    ['worker:test/fixtures/worker/*', () => start()],
    [`worker:${FILE}`, () => start(pathToFileURL(FILE))],
    ['worker:**/caller.mjs', () => start()],
    ['worker:eval', () => start('0', { eval: true })],
    ['worker:data', () => start(new URL('data:text/javascript,0'))],
  ])('%s names it', async (rule, make) => {
    const [trip] = await tripwire.expectTrip('worker', () => tripwire.deny(rule, make))
    expect(trip?.why.text).toContain(rule)
    for (const other of ['worker:src/**', rule === 'worker:eval' ? 'worker:data' : 'worker:eval'])
      expect(tripwire.deny(other, make)).toBeInstanceOf(Worker)
  })
})

test.each<[string, () => unknown]>([
  ['ERR_INVALID_ARG_TYPE', () => new Worker(1 as never)],
  ['ERR_WORKER_PATH', () => new Worker('caller.mjs')],
  ['ERR_INVALID_URL_SCHEME', () => new Worker(new URL('https://away.example.com/a.mjs'))],
  ['ERR_INVALID_ARG_VALUE', () => new Worker(pathToFileURL(FILE), { eval: true })],
  ['ERR_WORKER_INVALID_EXEC_ARGV', () => new Worker(FILE, { execArgv: ['--expose-gc'] })],
])('bad arguments are refused by Node itself: %s', (code, make) => {
  expect(make).toThrow(expect.objectContaining({ code }))
})

test('a worker sees what it was given, and nothing of ours', async () => {
  const worker = start(
    `const { getEnvironmentData, parentPort, workerData } = require('worker_threads')
    parentPort.postMessage([workerData, getEnvironmentData('vitest-tripwire.thread'), process.argv.slice(2)])`,
    { eval: true, workerData: 'mine', argv: ['--flag'] },
  )
  const exit = once(worker, 'exit')
  expect(await answer(worker)).toEqual(['mine', undefined, ['--flag']])
  expect(await exit).toEqual([0])
})

test('a port keeps its messages, whoever else it leads to', async () => {
  const { port1, port2 } = new MessageChannel()
  const worker = start(
    `const { workerData } = require('worker_threads'); workerData.once('message', (m) => workerData.postMessage([m]))`,
    { eval: true, workerData: port2, transferList: [port2] },
  )
  port1.postMessage('ping')
  expect(await once(port1, 'message')).toEqual([['ping']])
  await worker.terminate()
})
