import { stripVTControlCharacters } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { CELL, perPool, SHARED } from '../support/cell.ts'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const APP = `
export const ping = () => fetch('http://api.example.com/ping')
export const swallow = () => ping().catch(() => undefined)
`

/** Plain JavaScript, as the native runner of older Nodes knows no other. */
const CHARGES = `
import { test as base, expect, describe, beforeEach, beforeAll, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { ping, swallow } from './app.js'
const test = base

test('swallowed', async () => { await swallow() })
test('not swallowed', async () => { await ping() })
test('carried as a cause', async () => { await ping().catch(cause => { throw new Error('charge failed', { cause }) }) })
test('innocent', () => {})
test('caught by an assertion', async () => { await expect(ping()).rejects.toThrow() })
test('soft', async () => { await swallow(); expect.soft(1).toBe(2) })
test.fails('fails by a trip', async () => { await ping() })
test.fails('fails by a swallowed trip', async () => { await swallow() })
test('skipped late', async ({ skip }) => { await swallow(); skip() })
let attempt = 0
test('retried', { retry: 2 }, async () => { if (attempt++ === 0) await swallow() })
let round = 0
test('repeated', { repeats: 2 }, async () => { if (round++ === 1) await swallow() })
test('failed already', async () => { await swallow(); expect('a').toBe('b') })
test('failed by its words', async () => { await ping().catch(({ cause }) => { throw new Error('ERR ' + cause.message) }) })
test('handed to the runner', async () => { await vi.waitFor(ping, { timeout: 50 }).catch(() => {}) })
test('native, handed to the runner', async () => { await vi.waitFor(fetch.bind(null, 'http://api.example.com/ping'), { timeout: 50 }).catch(() => {}) })
test('polled', async () => { await expect.poll(fetch.bind(null, 'http://api.example.com/ping'), { timeout: 50 }).toBeUndefined().catch(() => {}) })
test('loops', async () => { for (let i = 0; i < 3; i++) await swallow() })
test('expected', async () => { expect(await tripwire.expectTrip('http', swallow)).toHaveLength(1) })
test('expected in vain', async () => { await tripwire.expectTrip('http', () => {}) })
test('expected within, in vain', () => tripwire.expectTrip('http', () => tripwire.expectTrip('dns', swallow)))
test('misused within', () => tripwire.expectTrip('http', async () => { await swallow(); tripwire.allow('htttp') }))
test('allowed', () => tripwire.allow('http://localhost:1', () => fetch('http://localhost:1').catch(() => undefined)))
test('refused', () => tripwire.refuse('http://api.example.com', async () => {
  await expect(ping()).rejects.toMatchObject({ cause: { code: 'EHOSTUNREACH' } })
}))
test.concurrent('concurrent a', async () => { await new Promise(r => setTimeout(r, 20)); await swallow() })
test.concurrent('concurrent b', async () => { await new Promise(r => setTimeout(r, 40)) })
test.each([1, 2])('each %i', async n => { if (n === 2) await swallow() })
describe('with a hook', () => {
  beforeEach(swallow)
  test('hooked', () => {})
})
describe('with a file-wide hook', () => {
  beforeAll(() => { void 0 })
  test('quiet', () => {})
})
const extended = base.extend({
  late: async ({}, use) => { await swallow(); await use(1) },
  wide: [async ({}, use) => { await use(2) }, { scope: 'file' }],
})
extended('fixture trips', ({ late }) => { expect(late).toBe(1) })
extended('file fixture is quiet', ({ wide }) => { expect(wide).toBe(2) })
test('after all', ({ onTestFinished }) => { onTestFinished(async () => { await swallow() }) })
`

describe('who pays for a trip', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({ 'app.js': APP, 'charges.test.js': CHARGES })
  })
  const state = (name: string) => run.tests[name]?.state
  const messages = (name: string) => run.tests[name]?.messages ?? []

  test.each([
    'innocent',
    'expected',
    'allowed',
    'refused',
    'concurrent b',
    'each 1',
    'with a file-wide hook quiet',
    'file fixture is quiet',
  ])('%s passes', (name) => {
    expect(messages(name)).toEqual([])
    expect(state(name)).toBe('passed')
  })

  test.each([
    'swallowed',
    'not swallowed',
    'carried as a cause',
    'caught by an assertion',
    'soft',
    'fails by a trip',
    'fails by a swallowed trip',
    'skipped late',
    'retried',
    'repeated',
    'failed already',
    'handed to the runner',
    'native, handed to the runner',
    'polled',
    'loops',
    'expected in vain',
    'expected within, in vain',
    'misused within',
    'concurrent a',
    'each 2',
    'with a hook hooked',
    'fixture trips',
    'after all',
  ])('%s fails', (name) => {
    expect(state(name)).toBe('failed')
  })

  test.each(['swallowed', 'not swallowed', 'carried as a cause', 'loops', 'retried', 'fails by a trip'])(
    '%s is told once',
    (name) => {
      expect(messages(name)).toHaveLength(1)
    },
  )

  test('what an outer expectTrip waits for, the inner one saw instead', () => {
    expect(messages('expected within, in vain')).toHaveLength(1)
    expect(messages('expected within, in vain')[0]).toContain('GET http://api.example.com/ping at app.js:2:27')
  })

  test('the blame is on the line that made the call', () => {
    expect(messages('swallowed')[0]).toContain('where  app.js:2:27')
  })

  /** What Vitest prints of a test's failure, without colours. */
  const printed = (name: string) =>
    stripVTControlCharacters(run.output)
      .split(/FAIL {2}/)
      .find((part) => part.includes(`> ${name}\n`))

  test('a test that failed already says what it swallowed, and where', () => {
    expect(messages('failed already')).toHaveLength(1)
    expect(printed('failed already')).toMatch(
      /your code caught the errors:\n {2}\[TRIPWIRE_GUARDED_CALL\] .*\n {4}at app\.js:2:27\n/,
    )
  })

  test('a test whose error has the words of a trip, as that of a server has, does not say them twice', () => {
    expect(messages('failed by its words')).toHaveLength(1)
    expect(printed('failed by its words')).toContain('ERR [TRIPWIRE_GUARDED_CALL]')
    expect(printed('failed by its words')).not.toContain('your code caught')
  })
})

const LATE = `
import { test, beforeAll, afterAll, describe } from 'vitest'
import { swallow } from './app.js'
test('starter', () => { setTimeout(swallow, 20) })
test('bystander', async () => { await new Promise(r => setTimeout(r, 60)) })
`
const IMPORTS = `
import { test } from 'vitest'
import { swallow } from './app.js'
await swallow()
test('innocent at import', () => {})
`
const HOOKS = `
import { test, beforeAll, describe } from 'vitest'
import { swallow } from './app.js'
describe('group', () => {
  beforeAll(swallow)
  test('innocent in group', () => {})
})
test('outside of the group', () => {})
`
/** In a worker that runs both files, whichever comes first has its call made during the other. */
const OUTLIVES = `
import { test } from 'vitest'
import { swallow } from './app.js'
test('waits', () => new Promise(r => setTimeout(r, 200)))
test('outlives its file', () => { setTimeout(swallow, 100) })
`
const SKIPPED = `
import { test } from 'vitest'
import { swallow } from './app.js'
await swallow()
test.skip('never run', () => {})
`

describe.each(
  perPool<[string, string[]]>(
    ['forks, isolated', ['--pool=forks']],
    ['threads, isolated', ['--pool=threads']],
    ['forks, not isolated', ['--pool=forks', '--no-isolate', '--maxWorkers=1']],
  ),
)('calls that no running test made (%s)', (_, args) => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(
      {
        'app.js': APP,
        'late.test.js': LATE,
        'imports.test.js': IMPORTS,
        'hooks.test.js': HOOKS,
        'skipped.test.js': SKIPPED,
      },
      { args },
    )
  })

  test('a late call reddens the file, names the test that started it, and leaves the bystander alone', () => {
    expect(run.tests.bystander?.state).toBe('passed')
    expect(run.files['late.test.js']?.state).toBe('failed')
    expect(run.output).toContain(
      '[TRIPWIRE_POST_TEST_INTERACTION] GET http://api.example.com/ping was made after test "starter" had ended.',
    )
  })

  test('a swallowed call at import reddens the file', () => {
    expect(run.tests['innocent at import']?.state).toBe('passed')
    expect(run.files['imports.test.js']?.state).toBe('failed')
    expect(run.output).toContain('in the import of imports.test.js')
  })

  test('a swallowed call in beforeAll reddens its describe', () => {
    expect(run.tests['outside of the group']?.state).toBe('passed')
    expect(run.files['hooks.test.js']?.state).toBe('failed')
    expect(run.output).toContain('in beforeAll of "group"')
  })

  test('a file whose tests are all skipped still tells of its import', () => {
    expect(run.output).toContain('in the import of skipped.test.js')
    expect(run.exitCode).toBe(1)
  })
})

// In a worker or a context of its own a file ends with everything that it began.
test.skipIf(CELL && !SHARED)('a call that outlives its file fails the run, and no other file', async () => {
  const files = { 'app.js': APP, 'one.test.js': OUTLIVES, 'other.test.js': OUTLIVES }
  const run = await runVitest(files, { args: ['--no-isolate', '--maxWorkers=1'] })
  expect(run.output).toContain('was made after test "outlives its file" had ended')
  expect(Object.values(run.files).map(({ state }) => state)).toEqual(['passed', 'passed'])
  expect(run.exitCode).toBe(1)
})
