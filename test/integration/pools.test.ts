import { beforeAll, describe, expect, test } from 'vitest'
import { CELL, perPool } from '../support/cell.ts'
import { isInstalled, runVitest, type VitestRun } from '../support/run-vitest.ts'

/** What the runner does in a worker besides running tests; none of it is the tests' own. */
const FILES = {
  'app.js': `
    import { readFileSync } from 'node:fs'
    export const ping = () => fetch('http://api.example.com/ping')
    export const add = (a, b) => a + b
    export const self = () => readFileSync(new URL(import.meta.url)).length`,
  'counted.js': 'export const count = 1',
  'snapshots.test.js': `
    import { expect, test } from 'vitest'
    test('inline', () => { expect({ a: 1 }).toMatchInlineSnapshot() })
    test('file', () => { expect({ b: 2 }).toMatchSnapshot() })
    test('external', async () => { await expect('c').toMatchFileSnapshot('external.txt') })
    test.concurrent('concurrent', async ({ expect }) => { expect({ d: 4 }).toMatchSnapshot() })`,
  'modules.test.js': `
    import { expect, test, vi } from 'vitest'
    import { add } from './app.js'
    vi.mock('./app.js', async (original) => ({ ...(await original()), add: () => 42 }))
    test('vi.mock', async () => {
      expect(add(1, 2)).toBe(42)
      expect((await vi.importActual('./app.js')).add(1, 2)).toBe(3)
    })
    test('vi.resetModules', async () => {
      const before = await import('./counted.js')
      vi.resetModules()
      expect(await import('./counted.js')).not.toBe(before)
    })
    test('dynamic', async () => {
      expect((await import('./counted.js?again')).count).toBe(1)
      expect((await import('node:crypto')).createHash('sha1').update('').digest('hex')).toMatch(/^da39/)
    })
    test('console and streams', () => { console.log('to stdout'); console.error('to stderr'); process.stdout.write('raw') })`,
  'timers.test.js': `
    import { beforeAll, expect, test, vi } from 'vitest'
    import { ping } from './app.js'
    beforeAll(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'Date', 'performance'] }) })
    test('fake timers', () => { let called = false; setTimeout(() => { called = true }, 1e6); vi.runAllTimers(); expect(called).toBe(true) })
    test('guarded under fake timers', async () => { vi.useFakeTimers(); await ping().catch(() => {}) })`,
  'globals.test.js': `
    const ping = () => fetch('http://api.example.com/globals').catch(() => {})
    test('globals work', () => { expect(vi).toBeDefined() })
    it('globals are guarded', ping)
    const wide = test.extend({ wide: [async ({}, use) => { await use(1) }, { scope: 'file' }] })
    wide('globals have fixtures', ({ wide }) => { expect(wide).toBe(1) })`,
  'server.test.js': `
    import { createServer } from 'node:http'
    import { afterAll, beforeAll, expect, test } from 'vitest'
    let server
    beforeAll(() => new Promise((done) => { server = createServer((_, response) => response.end('own')).listen(0, done) }))
    afterAll(() => new Promise((done) => server.close(done)))
    test('own server', async () => { expect(await (await fetch('http://localhost:' + server.address().port)).text()).toBe('own') })`,
  'vitest.config.ts': `
    import { defineConfig } from 'vitest/config'
    import { tripwire } from 'vitest-tripwire/vite'
    export default defineConfig({ plugins: [tripwire()], test: { globals: true, coverage: { include: ['app.js'], reporter: ['json-summary'] } } })`,
}

/** What Vitest itself cannot do in this cell of the matrix: once it can, `test/matrix/known.json` is out of date. */
const IMPOSSIBLE = CELL?.without.filter((name) => name.startsWith('vi.')) ?? []

const READ = [
  'snapshots.test.js',
  '__snapshots__/snapshots.test.js.snap',
  'external.txt',
  'coverage/coverage-summary.json',
]

const combinations = perPool(
  ['forks', 'isolated', 'v8'],
  ['forks', 'shared', 'istanbul'],
  ['threads', 'isolated', 'istanbul'],
  ['threads', 'shared', 'v8'],
).filter(([, , coverage]) => isInstalled(`@vitest/coverage-${coverage}`))

describe.each(combinations)('%s, %s, coverage by %s', (pool, isolation, coverage) => {
  let run: VitestRun
  beforeAll(async () => {
    const args = [
      `--pool=${pool}`,
      '--coverage.enabled',
      '--coverage.reportOnFailure',
      `--coverage.provider=${coverage}`,
    ]
    if (isolation === 'shared') args.push('--no-isolate', '--maxWorkers=1')
    run = await runVitest(FILES, { args, read: READ })
  })

  test('what is not asked for is stopped, and nothing else', () => {
    const failed = Object.entries(run.tests).filter(([, { state }]) => state !== 'passed')
    const stopped = ['globals are guarded', 'guarded under fake timers']
    expect(failed.map(([name]) => name).sort()).toEqual([...stopped, ...IMPOSSIBLE].sort())
    expect(Object.keys(run.tests)).toHaveLength(14)
    expect(run.output).not.toContain('Unhandled')
    expect(run.output).toMatch(/^Tripwire: 2 calls stopped$/m)
  })

  test('snapshots are written', () => {
    expect(run.written['snapshots.test.js']).toMatch(/toMatchInlineSnapshot\(`\s+\{\s+"a": 1/)
    expect(run.written['__snapshots__/snapshots.test.js.snap']).toMatch(/"d": 4[\s\S]*"b": 2/)
    expect(run.written['external.txt']).toBe('c')
  })

  test('coverage is that of the sources', () => {
    const { total } = JSON.parse(run.written['coverage/coverage-summary.json'] ?? '{}')
    expect(total?.lines.covered).toBeGreaterThan(0)
  })
})

// In the matrix a pool is a cell of its own.
test.skipIf(CELL).each(['vmThreads', 'vmForks'])('%s work, as far as they did', async (pool) => {
  const files = {
    'app.js': FILES['app.js'],
    'a.test.js': `
      import { expect, test } from 'vitest'
      import { ping, add } from './app.js'
      test('innocent', () => { expect(add(1, 2)).toBe(3) })
      test('guarded', async () => { await ping().catch(() => {}) })`,
  }
  const run = await runVitest(files, { args: [`--pool=${pool}`] })
  expect([run.tests.innocent?.state, run.tests.guarded?.state]).toEqual(['passed', 'failed'])
})
