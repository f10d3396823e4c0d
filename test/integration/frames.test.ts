import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const APP = `
export const ping = (path = 'ping') => fetch('http://api.example.com/' + path)
export const swallow = (path) => ping(path).catch(() => undefined)
`

const AROUND = `
import { aroundAll, aroundEach, beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { ping, swallow } from './app.js'
describe('aroundEach that throws', () => { aroundEach(async (run) => { await run(); await ping() }); test('a', () => {}) })
describe('aroundEach that swallows', () => { aroundEach(async (run) => { await swallow('b'); await run() }); test('b', () => {}) })
describe('aroundAll that throws', () => { aroundAll(async (run) => { await run(); await ping('all-throws') }); test('c', () => {}) })
describe('aroundAll that swallows', () => { aroundAll(async (run) => { await swallow('all-swallows'); await run() }); test('d', () => {}) })
describe('sandboxed by aroundEach', () => {
  aroundEach((run) => tripwire.sandbox({ refuse: 'http' }, () => run()))
  test('e', async () => { await expect(ping()).rejects.toMatchObject({ cause: { code: 'EHOSTUNREACH' } }) })
})
describe('skipped by a hook', () => { beforeEach(async ({ skip }) => { await swallow(); skip() }); test('f', () => {}) })
test('floating', async () => { void ping('floating'); await new Promise((done) => setTimeout(done, 20)) })
test('thrown in a callback', async () => { setTimeout(() => ping('callback'), 1); await new Promise((done) => setTimeout(done, 30)) })
test('retry loop', async () => { for (let i = 0; i < 3; i++) await ping('loop').catch((error) => { if (i === 2) throw error }) })
test('two mistakes', async () => { await swallow('x1'); await swallow('x2') })
test('timed out', { timeout: 50 }, async () => { await swallow('timeout'); await new Promise(() => {}) })
`

const HOOKS = `
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import { swallow } from './app.js'
describe('group', () => {
  beforeAll(async () => { await swallow('beforeAll'); return () => swallow('beforeAll-cleanup') })
  afterAll(() => swallow('afterAll'))
  describe('inner', () => {
    beforeEach(async () => { await swallow('beforeEach'); return () => swallow('beforeEach-cleanup') })
    afterEach(() => swallow('afterEach'))
    test('a', ({ onTestFailed, onTestFinished }) => {
      onTestFinished(() => swallow('onTestFinished'))
      onTestFailed(() => swallow('onTestFailed'))
      throw new Error('as it must')
    })
  })
})
`

/** Says in which frame each fixture works: only the file's options let its calls through. */
const FIXTURES = `
import { test as base, expect } from 'vitest'
import { swallow } from './app.js'
const wide = { scope: 'file' }
const test = base
  .extend('built', wide, async ({}, { onCleanup }) => { await swallow('built-setup'); onCleanup(() => swallow('built-cleanup')); return 1 })
  .extend({ used: [async ({ built }, use) => { await swallow('used-setup'); await use(built + 1); await swallow('used-cleanup') }, wide] })
  .extend({ worker: [async ({}, use) => { await swallow('worker-setup'); await use(3) }, { scope: 'worker' }] })
  .extend({ list: [[() => 1, { scoped: false }]], plain: 5 })
const overridden = test.extend({ used: async ({}, use) => { await swallow('overridden-setup'); await use(4); await swallow('overridden-cleanup') } })
const narrow = test.extend({ own: async ({}, use) => { await swallow('own-setup'); await use(6) } })
const denied = { meta: { tripwire: { deny: 'http' } } }
test('file and worker scope', denied, ({ built, used, worker, plain }) => { expect([built, used, worker, plain]).toEqual([1, 2, 3, 5]) })
overridden('overridden', denied, ({ used }) => { expect(used).toBe(4) })
narrow('test scope', denied, ({ own }) => { expect(own).toBe(6) })
`

const OPTIONS = `
import { describe, expect, test } from 'vitest'
import { ping } from './app.js'
const meta = (tripwire) => ({ meta: { tripwire } })
const isRefused = (path) => expect(ping(path)).rejects.toMatchObject({ cause: { code: 'EHOSTUNREACH' } })
describe('outer', meta({ refuse: 'http://api.example.com/outer' }), () => {
  describe('inner', meta({ refuse: 'http://api.example.com/inner' }), () => {
    test('merged', meta({ refuse: 'http://api.example.com/test' }), async () => {
      for (const path of ['outer', 'inner', 'test']) await isRefused(path)
    })
    test('inherited', async () => { for (const path of ['outer', 'inner']) await isRefused(path) })
  })
  test('not of the sibling', () => isRefused('inner'))
  test.concurrent.each(['a', 'b'])('each %s', meta({ refuse: 'http://api.example.com/each/*' }), (letter) => isRefused('each/' + letter))
})
describe('innermost level', meta({ guard: { http: 'off', dns: 'off' } }), () => {
  test('wins', meta({ guard: { http: 'error' } }), () => ping('level'))
})
describe('cannot be read', meta({ guard: { htp: 'off' } }), () => {
  test('plain', () => {})
  test.fails('fails', () => { throw new Error('expected') })
  test('retried', { retry: 2 }, () => {})
  describe('deeper', () => { test('too', () => {}) })
})
test.fails('test cannot be read', meta({ alow: 'http' }), () => { throw new Error('expected') })
`

const CRASH = `
import { test } from 'vitest'
import { swallow } from './app.js'
const prices = await swallow('prices')
prices.json()
test('never', () => {})
`
/** Sync errors have the runner's stack behind them, and so ours. */
const PLAIN = `
import { beforeEach, describe, test } from 'vitest'
describe('hook', () => { beforeEach(() => { throw new Error('hook boom') }); test('a', () => {}) })
const wide = test.extend({ wide: [async () => { throw new Error('fixture boom') }, { scope: 'file' }] })
wide('b', ({ wide }) => {})
`
/** What calls back from before any frame, as a connection of an earlier setup file would, has no context of ours. */
const LOST = `
import { afterAll, expect, test } from 'vitest'
import { swallow } from './app.js'
const outside = globalThis.withoutContext
const late = (ms) => new Promise((done) => setTimeout(done, ms))
test('alone', async () => { outside(() => swallow('lost-alone')); await late(30) })
test.concurrent('one of two', async () => { await late(60) })
test.concurrent('the other', async () => { await late(10); outside(() => swallow('lost-among-two')); await late(30) })
`
const EARLY = `
import { EventEmitter } from 'node:events'
const queue = []
setInterval(() => { for (const fn of queue.splice(0)) fn() }, 1).unref()
globalThis.withoutContext = (fn) => queue.push(fn)
`
const ALONE = `
import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { setupFiles: ['./early.js', 'vitest-tripwire/setup'] } })
`
const CONFIG = `
export default { files: { 'fixtures.test.js': { refuse: 'http' } } }
`

let run: VitestRun
beforeAll(async () => {
  run = await runVitest({
    'app.js': APP,
    'around.test.js': AROUND,
    'hooks.test.js': HOOKS,
    'fixtures.test.js': FIXTURES,
    'options.test.js': OPTIONS,
    'crash.test.js': CRASH,
    'plain.test.js': PLAIN,
    'tripwire.config.js': CONFIG,
  })
})
const states = (...names: string[]) => Object.fromEntries(names.map((name) => [name, run.tests[name]?.state]))
const messages = (name: string) => run.tests[name]?.messages ?? []
/** The stopped calls of the report, each with where it was: `GET …/ping` → `test "a" (a.test.js)`. */
const reported = (path: string) =>
  new RegExp(`/${path}(?: × \\d+)?\\n.*\\n +(?:in|started by) (.*)`).exec(run.output)?.[1]

describe('around hooks', () => {
  test('a call that is thrown out of one is told once', () => {
    expect(messages('aroundEach that throws a')).toHaveLength(1)
    expect(run.output.match(/FAIL {2}around.test.js > aroundAll that throws$/gm)).toHaveLength(1)
  })

  test('a call that is swallowed in one reddens the test or the describe', () => {
    expect(messages('aroundEach that swallows b')).toHaveLength(1)
    expect(run.tests['aroundAll that swallows d']?.state).toBe('passed')
    expect(run.output.match(/FAIL {2}around.test.js > aroundAll that swallows$/gm)).toHaveLength(1)
  })

  test('may put the test in a sandbox', () => {
    expect(messages('sandboxed by aroundEach e')).toEqual([])
  })
})

describe('calls that nobody waits for', () => {
  test.each(['floating', 'thrown in a callback'])('are told once, by their test (%s)', (name) => {
    expect(messages(name)).toHaveLength(1)
    expect(run.output).not.toContain('Unhandled')
  })

  test('are not said to be caught', () => {
    expect(run.output).toContain(
      'note   nobody waited for this call; the test fails all the same, as the call was not asked for',
    )
  })
})

test('a skip in a hook does not hide what the hook swallowed', () => {
  expect(states('skipped by a hook f')).toEqual({ 'skipped by a hook f': 'failed' })
})

test('of the tries of a retry loop only the one that got out is told', () => {
  expect(messages('retry loop')).toHaveLength(1)
  expect(messages('retry loop')[0]).not.toContain('tripwire stopped calls')
})

test('two mistakes are two errors', () => {
  expect(messages('two mistakes').map((text) => /GET \S+/.exec(text)?.[0])).toEqual([
    'GET http://api.example.com/x1',
    'GET http://api.example.com/x2',
  ])
})

test('a test that timed out says what it swallowed', () => {
  expect(messages('timed out')).toHaveLength(1)
  expect(run.output).toMatch(/Test timed out in 50ms[^⎯]*tripwire stopped calls in this test[^⎯]*example.com\/timeout/)
})

test('every hook is a frame of its own, and is named', () => {
  const hooks = ['beforeAll', 'beforeEach', 'afterEach', 'onTestFinished', 'onTestFailed', 'afterAll']
  const found = Object.fromEntries(
    [...hooks, 'beforeAll-cleanup', 'beforeEach-cleanup'].map((path) => [path, reported(path)]),
  )
  expect(found).toMatchInlineSnapshot(`
    {
      "afterAll": "afterAll of "group" (hooks.test.js)",
      "afterEach": "afterEach of "inner" (hooks.test.js)",
      "beforeAll": "beforeAll of "group" (hooks.test.js)",
      "beforeAll-cleanup": "the cleanup of beforeAll of "group" (hooks.test.js)",
      "beforeEach": "beforeEach of "inner" (hooks.test.js)",
      "beforeEach-cleanup": "the cleanup of beforeEach of "inner" (hooks.test.js)",
      "onTestFailed": "test "group > inner > a" (hooks.test.js)",
      "onTestFinished": "test "group > inner > a" (hooks.test.js)",
    }
  `)
})

describe('fixtures', () => {
  test('of file and worker scope work under the options of the file, to their end', () => {
    expect(messages('file and worker scope')).toEqual([])
    expect(messages('overridden')).toEqual([])
    expect(run.output).not.toMatch(/(?:built|used|worker|overridden)-(?:setup|cleanup)/)
  })

  test('of test scope work under those of the test', () => {
    expect(messages('test scope')).toHaveLength(1)
    expect(reported('own-setup')).toBe('test "test scope" (fixtures.test.js)')
  })
})

describe('options in meta', () => {
  test('are merged key by key along the describes', () => {
    expect(messages('outer inner merged')).toEqual([])
    expect(messages('outer inner inherited')).toEqual([])
    expect(messages('outer not of the sibling')).toHaveLength(1)
    expect(states('outer each a', 'outer each b')).toEqual({ 'outer each a': 'passed', 'outer each b': 'passed' })
    expect(messages('innermost level wins')).toHaveLength(1)
  })

  test.each(['plain', 'fails', 'retried', 'deeper too'])(
    'that cannot be read fail every test of their describe (%s)',
    (name) => {
      expect(messages(`cannot be read ${name}`)).toHaveLength(1)
      expect(messages(`cannot be read ${name}`)[0]).toContain(
        '[TRIPWIRE_CONFIG] meta.tripwire of describe "cannot be read"',
      )
    },
  )

  test('that cannot be read fail their test, whatever it expects', () => {
    expect(messages('test cannot be read')[0]).toContain('did you mean: allow?')
  })
})

test('a file that cannot be imported says what it swallowed', () => {
  expect(run.files['crash.test.js']?.state).toBe('failed')
  expect(run.output).toContain('tripwire stopped calls while this file was imported, and your code caught the errors:')
  expect(reported('prices')).toBe('the import of crash.test.js')
})

test('of a call that lost its context a test is blamed only when no other runs', async () => {
  const lost = await runVitest({
    'app.js': APP,
    'lost.test.js': LOST,
    'early.js': EARLY,
    'vitest.config.ts': ALONE,
  })
  const state = (name: string) => lost.tests[name]?.state
  expect([state('alone'), state('one of two'), state('the other')]).toEqual(['failed', 'passed', 'passed'])
  expect(lost.files['lost.test.js']?.state).toBe('failed')
  expect(lost.files['lost.test.js']?.message).toMatch(/lost-among-two[\s\S]*^ +in lost.test.js$/m)
})

test("errors of the user's own have no line of ours", () => {
  expect(messages('hook a')[0]).toContain('hook boom')
  expect(messages('b')[0]).toContain('fixture boom')
  expect(run.output).not.toContain('dist/worker')
})
