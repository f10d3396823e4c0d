import { expect, test } from 'vitest'
import { CELL } from '../support/cell.ts'
import { runVitest } from '../support/run-vitest.ts'
import { startWorld } from '../support/world.ts'

const app = (port: number) => `
export const ping = (path) => fetch('http://localhost:${port}/' + path).catch(() => undefined)
export const pay = () => fetch('http://localhost:${port}/pay', { method: 'POST' }).catch(() => undefined)
`
const APP = app(4999)
const SUITE = `
import { test } from 'vitest'
import { pay, ping } from './app.js'
test('a', async () => { await ping('a'); await pay() })
test('b', async () => { await ping('b'); await ping('b') })
`
const config = (guard: string, rest = '') => `export default { guard: ${JSON.stringify(guard)}, ${rest} }`
const reportOf = (output: string, port = 0) =>
  /^(?:Stopped calls|Calls that)[\s\S]*^Tripwire: .*$/m.exec(output)?.[0].replaceAll(`:${port}/`, ':PORT/')

test('under observe everything passes, and what is printed lets it pass at error', async () => {
  await using world = await startWorld()
  const files = { 'app.js': app(world.http), 'a.test.js': SUITE, 'tripwire.config.js': config('observe') }
  const observed = await runVitest(files)
  expect(observed.exitCode).toBe(0)
  expect(reportOf(observed.output, world.http)).toMatchInlineSnapshot(`
    "Calls that 'error' would stop (observed)
      http
        GET http://localhost:PORT/b × 2
          at app.js:2:31
          in test "b" (a.test.js)
        GET http://localhost:PORT/a
          at app.js:2:31
          in test "a" (a.test.js)
        POST http://localhost:PORT/pay
          at app.js:3:26
          in test "a" (a.test.js)

    To let these through, paste into tripwire.config.ts:
      allow: [
        'GET http://localhost:PORT/a',
        'GET http://localhost:PORT/b',
        'POST http://localhost:PORT/pay',
      ],

    Tripwire: 4 calls observed"
  `)

  const block = /^ {2}allow: \[[^\]]*\],/m.exec(observed.output)?.[0]
  const pasted = await runVitest({ ...files, 'tripwire.config.js': config('error', block) })
  expect(pasted.exitCode).toBe(0)
  expect(pasted.output).not.toMatch(/tripwire/i)
})

test('and so does what no text of a rule says: names with stars, blanks and what a shell reads', async () => {
  const files = {
    'a.test.js': `
      import { spawnSync } from 'node:child_process'
      import { writeFileSync } from 'node:fs'
      import { test } from 'vitest'
      test('star', () => writeFileSync('a*b.txt', ''))
      test('blank', () => void spawnSync('/opt/my tools/run', ['--to', 'a b']))
      test('shell', () => void spawnSync('/opt/a&b/run'))`,
    'tripwire.config.js': config('observe'),
  }
  const observed = await runVitest(files)
  const [, needs, block = ''] =
    /tripwire\.config\.ts \(with (.*)\):\n( {2}allow: \[[\s\S]*?\n {2}\],)/.exec(observed.output) ?? []
  expect(needs).toBe("import { M } from 'vitest-tripwire'")
  expect(block.split('\n').slice(1, -1).join('\n')).toMatchInlineSnapshot(
    `
    "    M({ protocol: 'fs', operation: 'write', path: /\\/a\\*b\\.txt$/ }),
        M({ protocol: 'subprocess', path: '/opt/a&b/run' }),
        M({ protocol: 'subprocess', path: '/opt/my tools/run', line: '--to "a b"' }),"
  `,
  )
  const pasted = await runVitest({ ...files, 'tripwire.config.js': `${needs}\n${config('error', block)}` })
  expect(pasted.output).not.toMatch(/tripwire/i)
  expect(pasted.exitCode).toBe(0)
  const stopped = await runVitest({ ...files, 'tripwire.config.js': config('error') })
  expect(stopped.tests.shell?.messages[0]?.replace(/\n {4}at .*/s, '')).toMatchInlineSnapshot(`
    "GuardedCallError: [TRIPWIRE_GUARDED_CALL] running \`/opt/a&b/run\` was blocked, outside any sandbox.

      where  a.test.js:7:32
             in test "shell" (a.test.js)
      why    the level is 'error' (tripwire.config.js, guard)
      fix    let it through in this test (with import { M, tripwire } from 'vitest-tripwire'):
               tripwire.allow(M({ protocol: 'subprocess', path: '/opt/a&b/run' }))
             or by the test's options, the second argument of test() (with import { M } from 'vitest-tripwire'):
               { meta: { tripwire: { allow: [M({ protocol: 'subprocess', path: '/opt/a&b/run' })] } } }
             or let it through everywhere (tripwire.config.js, with import { M } from 'vitest-tripwire'):
               allow: [M({ protocol: 'subprocess', path: '/opt/a&b/run' })]
      more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
  `)
})

test('warnings are told, and what is unsafe is stopped', async () => {
  await using world = await startWorld()
  const run = await runVitest({ 'app.js': app(world.http), 'a.test.js': SUITE, 'tripwire.config.js': config('warn') })
  expect(run.tests.b?.state).toBe('passed')
  expect(run.tests.a?.messages[0]).toContain('[TRIPWIRE_UNSAFE_PASSTHROUGH]')
  expect(world.log.filter((line) => line !== 'http connection').sort()).toEqual(['GET /a', 'GET /b', 'GET /b'])
  expect(reportOf(run.output, world.http)).toMatchInlineSnapshot(`
    "Stopped calls
      http
        POST http://localhost:PORT/pay
          at app.js:3:26
          in test "a" (a.test.js)

    Calls that 'warn' let through
      http
        GET http://localhost:PORT/b × 2
          at app.js:2:31
          in test "b" (a.test.js)
        GET http://localhost:PORT/a
          at app.js:2:31
          in test "a" (a.test.js)

    Tripwire: 1 call stopped, 3 calls warned about"
  `)
})

// Not in each cell of the matrix: five hundred failures take their time.
test.skipIf(CELL)('a broken beforeEach of many tests is one entry, and is explained once', async () => {
  const run = await runVitest(
    {
      'app.js': APP,
      'many.test.js': `
        import { beforeEach, test } from 'vitest'
        import { ping } from './app.js'
        beforeEach(() => ping('home'))
        for (let n = 0; n < 500; n++) test('t' + n, () => {})`,
      // The skipped file has nobody to be red, and observed calls are told all the same.
      'skipped.test.js': `
        import { test } from 'vitest'
        import { ping } from './app.js'
        await ping('skipped')
        test.skip('never', () => {})`,
      'tripwire.config.js': config('error', `files: { 'skipped.test.js': { guard: 'observe' } }`),
    },
    { reporters: ['--reporter=dot', '--reporter=json', '--outputFile.json=report.json'] },
  )
  expect(Object.values(run.tests).filter(({ state }) => state === 'failed')).toHaveLength(500)
  expect(run.output.match(/^ {2}why /gm)).toHaveLength(1)
  expect(reportOf(run.output)).toMatchInlineSnapshot(`
    "Stopped calls
      http
        GET http://localhost:4999/home × 500
          at app.js:2:31
          in beforeEach of many.test.js

    Calls that 'error' would stop (observed)
      http
        GET http://localhost:4999/skipped
          at app.js:2:31
          in the import of skipped.test.js

    To let these through, paste into tripwire.config.ts:
      allow: [
        'GET http://localhost:4999/skipped',
      ],

    Tripwire: 500 calls stopped, 1 call observed"
  `)
})

test('a JSON report on stdout stays JSON', async () => {
  const run = await runVitest({ 'app.js': APP, 'a.test.js': SUITE }, { reporters: ['--reporter=json'] })
  // Vitest 5 writes it to a file, and says so.
  if (run.stdout.startsWith('{')) expect(JSON.parse(run.stdout)).toMatchObject({ numFailedTests: 2 })
  expect(run.stdout).not.toContain('Stopped calls')
  expect(run.output).toContain('Tripwire: 4 calls stopped')
})

test('no secret of a call is in the report', async () => {
  const run = await runVitest({
    'a.test.js': `
      import { test } from 'vitest'
      test('a', () => fetch('http://user:hunter2@127.0.0.1:4999/?token=hunter3', { headers: { authorization: 'hunter4' } }).catch(() => {}))
      test('b', () => fetch('http://127.0.0.1:4999/?api_key=hunter5').catch(() => {}))`,
  })
  expect(run.exitCode).toBe(1)
  expect(reportOf(run.output)).not.toContain('hunter')
})
