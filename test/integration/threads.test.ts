import { beforeAll, describe, expect, test } from 'vitest'
import { CELL, perPool } from '../support/cell.ts'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const JOB = `
import { parentPort, workerData } from 'node:worker_threads'
const call = (url) => fetch(url).then(() => 'answered', (error) => error.cause.code)
if (workerData) parentPort.postMessage(await call(workerData))
else parentPort.on('message', async (url) => parentPort.postMessage(await call(url)))
`
const USE = `
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const start = (url) => new Worker(new URL('./job.mjs', import.meta.url), { workerData: url })
const answer = async (worker) => (await once(worker, 'message'))[0]
`
const FILES = {
  'job.mjs': JOB,
  'charged.test.js': `${USE}
let pool
beforeAll(() => { pool = start() })
afterAll(() => pool.terminate())
const ask = (url) => { pool.postMessage(url); return answer(pool) }
test('swallows a trip of its worker', async () => { await answer(start('http://one.example.com')) })
test('made none', () => {})
test('gives a worker of others a task', async () => { await ask('http://two.example.com') })
test('expects what it stops', async () => {
  const [trip] = await tripwire.expectTrip('http', () => ask('http://three.example.com'))
  expect(trip.callSite.file).toMatch(/job.mjs$/)
})
test('does not wait for its worker', () => { start('http://four.example.com') })
test('is over by then', () => new Promise((resolve) => setTimeout(resolve, 600)))
test('fails with the error', async () => {
  const worker = new Worker("fetch('http://five.example.com')", { eval: true })
  throw (await once(worker, 'error'))[0]
})
test('has an error that nobody listens for', async () => {
  const worker = new Worker("fetch('http://six.example.com')", { eval: true })
  await new Promise((resolve) => worker.once('exit', resolve))
})
test('has options', { meta: { tripwire: { refuse: 'http://seven.example.com' } } }, async () => {
  expect(await answer(start('http://seven.example.com'))).toBe('EHOSTUNREACH')
})
test.concurrent.for(['eight', 'nine'])('%s at once', async (name, { expect }) => {
  expect(await answer(start('http://' + name + '.example.com'))).toBe('TRIPWIRE_GUARDED_CALL')
})
`,
  'imported.test.js': `${USE}
const worker = start('http://import.example.com')
await answer(worker)
test('is innocent', () => {})
`,
  'observed.test.js': `${USE}
test('goes through', async () => { expect(await answer(start('http://observed.invalid'))).toBe('ENOTFOUND') })
`,
  'tripwire.config.ts': `export default { files: { 'observed*': { guard: 'observe' } } }`,
}

describe.each(
  perPool<[string, string[]]>(
    ['forks', []],
    ['forks, not isolated', ['--no-isolate', '--max-workers=1']],
    ['threads', ['--pool=threads']],
    ['vmForks', ['--pool=vmForks']],
    ['vmThreads', ['--pool=vmThreads']],
  ),
)('in %s', (_, args) => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(FILES, { args })
  })
  const told = (name: string) => run.tests[name]?.messages.join('\n') ?? run.output

  test.each([
    ['swallows a trip of its worker', 'GET http://one.example.com/ was blocked', 'job.mjs:3:'],
    ['gives a worker of others a task', 'GET http://two.example.com/ was blocked', 'job.mjs:3:'],
    ['fails with the error', 'fetch failed', ''],
    ['has an error that nobody listens for', 'http://six.example.com/ was blocked', 'charged.test.js'],
    ['eight at once', 'http://eight.example.com/ was blocked', 'job.mjs:3:'],
    ['nine at once', 'http://nine.example.com/ was blocked', 'job.mjs:3:'],
  ])('the test that %s is red, by the line in the worker', (name, what, line) => {
    expect(run.tests[name]?.state, run.output).toBe('failed')
    expect(told(name)).toContain(what)
    expect(told(name)).toContain(line)
  })

  test.each([
    'made none',
    'expects what it stops',
    'does not wait for its worker',
    'is over by then',
    'has options',
    'is innocent',
  ])('the test that %s is green', (name) => {
    expect(run.tests[name]?.state, run.output).toBe('passed')
  })

  test('what a worker does after its test is told, and nobody else pays', () => {
    expect(run.output).toContain(
      'GET http://four.example.com/ was made after test "does not wait for its worker" had ended',
    )
    expect(run.files['charged.test.js']?.state).toBe('failed')
  })

  test('a worker that an import starts is judged in that import', () => {
    expect(run.files['imported.test.js']?.state, run.output).toBe('failed')
    expect(run.output).toContain('in the import of imported.test.js')
  })

  test('what is observed in a worker is reported', () => {
    expect(run.tests['goes through']?.state, run.output).toBe('passed')
    expect(run.output).toContain('GET http://observed.invalid/')
  })
})

describe('with the setup file alone', () => {
  const config = (execArgv: readonly string[]) => `
    import { defineConfig } from 'vitest/config'
    export default defineConfig({ test: { setupFiles: ['vitest-tripwire/setup'], execArgv: ${JSON.stringify(execArgv)} } })`

  test.each<[string, string[]]>([
    ['no options', []],
    // The worker itself has them, so it has to be a process.
    ...(CELL?.pool.endsWith('hreads')
      ? []
      : ([['options that a thread may not have', ['--max-old-space-size=500', '--expose-gc']]] as [
          string,
          string[],
        ][])),
  ])('a worker is guarded, by a process with %s', async (_, execArgv) => {
    const run = await runVitest({
      'job.mjs': JOB,
      'vitest.config.ts': config(execArgv),
      'a.test.js': `${USE}
test('swallows', async () => { await answer(start('http://one.example.com')) })
test('swallows in a text', async () => {
  const worker = new Worker("fetch('http://two.example.com').catch(() => {})", { eval: true })
  await once(worker, 'exit')
})`,
    })
    expect(run.tests.swallows?.messages.join(), run.output).toContain('http://one.example.com/ was blocked')
    expect(run.tests['swallows in a text']?.messages.join()).toContain('http://two.example.com/ was blocked')
  })
})
