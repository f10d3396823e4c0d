import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const VITEST = (test: string) => `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire()], test: { ${test} } })`

describe('onTrip', () => {
  const CONFIG = `
import { appendFileSync } from 'node:fs'
import { defineConfig } from 'vitest-tripwire/config'
let files = 0
export default defineConfig({
  guard: { dns: 'observe' },
  restrict: ['http', 'dns', 'sockets'],
  data: (file) => ({ file, call: ++files, list: [1], map: new Map([['a', 1]]) }),
  onTrip(trip) {
    appendFileSync('asked.jsonl', JSON.stringify({ ...trip, frozen: ['data', 'frames', 'facts'].map((key) => Object.isFrozen(trip[key])), map: [...trip.data.map] }) + '\\n')
    const { host } = trip.facts
    if (host === 'allow.invalid') return 'allow'
    if (host === 'throw.example.com') throw new RangeError('the host says no')
    if (host === 'text.example.com') throw 'a text'
    if (host === 'promise.example.com') return Promise.resolve('allow')
    if (host === 'word.example.com') return 'allowed'
    if (host === 'change.example.com') { trip.data.list.push(2) }
    if (host === 'map.example.com') { trip.data.map.set('b', 2) }
    if (host === 'own.example.com') { globalThis.own = [fetch('http://within.invalid').catch((error) => error.cause.code), new Promise((resolve) => setTimeout(resolve, 20)).then(() => fetch('http://later.invalid')).catch((error) => error.cause.code)] }
  },
})`
  const TESTS = `
import { spawnSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const call = (host) => fetch('http://' + host).catch((error) => error.cause)
describe('a group', () => {
  test('is asked', async () => { await call('ask.example.com') })
})
test('lets through', async () => { expect((await call('allow.invalid')).code).toBe('ENOTFOUND') })
test('throws', async () => { expect(await call('throw.example.com')).toBeInstanceOf(RangeError) })
test('throws a text', async () => { expect((await call('text.example.com')).message).toBe('onTrip threw a text') })
test('answers a promise', async () => { await call('promise.example.com') })
test('answers a word', async () => { await call('word.example.com') })
test('changes the data', async () => { expect((await call('change.example.com')).name).toBe('TypeError') })
test('changes a map', async () => { expect((await call('map.example.com')).name).toBe('TypeError') })
test('makes calls of its own', async () => {
  await tripwire.expectTrip('http', () => call('own.example.com'))
  expect(await Promise.all(globalThis.own)).toEqual(['ENOTFOUND', 'ENOTFOUND'])
})
test('is not asked above a ceiling', () => { expect(spawnSync('true').error.code).toBe('TRIPWIRE_GUARDED_CALL') })
test('is not asked about what is observed', async () => { await lookup('observed.invalid').catch(() => {}) })
test('is asked in a sandbox', async () => {
  await tripwire.sandbox(async (box) => {
    await call('sandbox.example.com')
    expect((await call('allow.invalid')).code).toBe('ENOTFOUND')
    expect(box.interactions.map(({ outcome }) => outcome)).toEqual(['blocked', 'allowed'])
  })
})
test('is asked once by many seams', async () => { await fetch('https://once.example.com', { method: 'POST' }).catch(() => {}) })
test('starts what comes late', () => { setTimeout(() => call('late.example.com'), 50) })
test('waits', () => new Promise((resolve) => setTimeout(resolve, 200)))
test('is asked by a worker', async () => {
  const code = (host) => "fetch('http://" + host + "').catch((error) => error.cause).then((error) => require('worker_threads').parentPort.postMessage([error.code, error.message]))"
  const run = (host) => new Promise((resolve) => new Worker(code(host), { eval: true }).once('message', resolve))
  expect((await run('allow.invalid'))[0]).toBe('ENOTFOUND')
  expect((await tripwire.expectTrip('http', () => run('throw.example.com'))).length).toBe(1)
  expect((await tripwire.expectTrip('http', async () => expect((await run('worker.example.com'))[0]).toBe('TRIPWIRE_GUARDED_CALL'))).length).toBe(1)
})`
  let run: VitestRun
  let asked: { host: string; test?: { name: string }; [key: string]: unknown }[]
  beforeAll(async () => {
    run = await runVitest(
      {
        'a.test.ts': TESTS,
        'b.test.ts': TESTS,
        'tripwire.config.ts': CONFIG,
        'vitest.config.ts': VITEST('maxWorkers: 1, isolate: false'),
      },
      { read: ['asked.jsonl'], args: ['--no-file-parallelism'] },
    )
    asked = (run.written['asked.jsonl'] ?? '')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ ...JSON.parse(line), host: JSON.parse(line).facts.host }))
  })
  const about = (host: string) => asked.filter((trip) => trip.host === host)
  const state = (name: string) => run.tests[name]?.state ?? run.output

  test('sees the call, where it was made, and the data of the file, frozen', () => {
    expect(about('ask.example.com')[0]).toMatchObject({
      protocol: 'http',
      operation: 'http:request',
      facts: { method: 'GET', host: 'ask.example.com' },
      callSite: { file: expect.stringMatching(/a\.test\.ts$/), line: 7 },
      message: expect.stringContaining('GET http://ask.example.com/ was blocked'),
      test: { name: 'a group > is asked', file: expect.stringMatching(/a\.test\.ts$/) },
      frames: [{ kind: 'test' }, { kind: 'describe', name: 'describe "a group"' }, { kind: 'file' }, { kind: 'run' }],
      data: { file: expect.stringMatching(/a\.test\.ts$/), list: [1] },
      frozen: [true, true, true],
      map: [['a', 1]],
    })
    expect(state('a group is asked')).toBe('failed')
  })

  test('is asked once for each call, and its data is made once for each file', () => {
    const files = about('ask.example.com').map(({ data }) => data as { file: string; call: number })
    expect(files.map(({ file }) => file.replace(/.*\//, ''))).toEqual(['a.test.ts', 'b.test.ts'])
    // Of each context of Vitest's vm pools the config is another, which counts for itself.
    const made = asked.map(({ data }) => data as { file: string; call: number })
    expect(new Set(made.map(({ file, call }) => `${file} ${call}`)).size).toBe(2)
    expect(about('once.example.com')).toHaveLength(2)
  })

  test('lets a call through, which is told as such', () => {
    expect(state('lets through')).toBe('passed')
    expect(run.output).toMatch(/Calls that onTrip let through\n +http\n +GET http:\/\/allow\.invalid/)
  })

  test.each([
    ['throws', 'the host says no'],
    ['throws a text', 'onTrip threw a text'],
    ['answers a promise', 'onTrip answered a promise'],
    ['answers a word', 'onTrip answered "allowed"'],
    ['changes the data', 'object is not extensible'],
    ['changes a map', 'the config of tripwire is frozen'],
  ])('the test whose hook %s is red by that', (name, message) => {
    expect(state(name)).toBe('failed')
    expect(run.tests[name]?.messages.join()).toContain(message)
  })

  test('makes calls that nobody judges', () => {
    expect(state('makes calls of its own')).toBe('passed')
    expect(about('within.invalid')).toEqual([])
    expect(about('later.invalid')).toEqual([])
  })

  test('is asked in sandboxes, late, and by worker threads, but not above a ceiling or where nothing is stopped', () => {
    expect(about('sandbox.example.com')[0]).toMatchObject({ code: 'TRIPWIRE_UNMOCKED_INTERACTION' })
    expect(about('late.example.com')[0]).toMatchObject({
      code: 'TRIPWIRE_POST_TEST_INTERACTION',
      test: { name: 'starts what comes late' },
    })
    expect(about('worker.example.com')[0]).toMatchObject({
      test: { name: 'is asked by a worker' },
      data: { list: [1] },
    })
    expect(state('is asked by a worker')).toBe('passed')
    expect(asked.filter(({ protocol }) => protocol === 'subprocess' || protocol === 'dns')).toEqual([])
    expect(state('is not asked above a ceiling')).toBe('failed')
    expect(state('is not asked about what is observed')).toBe('passed')
  })
})
