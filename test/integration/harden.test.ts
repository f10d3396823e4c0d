import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NODE, runVitest, type VitestRun } from '../support/run-vitest.ts'

const NEWEST = Number(execFileSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.')[0]) >= 22
const CONFIG = (test = '') => `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire({ harden: true })], test: { ${test} } })`
const NOTHING = { 'a.test.js': `import { test } from 'vitest'\ntest('runs', () => {})` }

// Each of the two is left out where the other runs: the wall is one of Node 22.
test.runIf(!NEWEST)('an older Node is told that it has no such wall', async () => {
  const run = await runVitest({ ...NOTHING, 'vitest.config.ts': CONFIG() })
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(
    /TRIPWIRE_CONFIG\] tripwire\(\{ harden: true \}\) cannot be had here\.\s+why {2}Node \d+\.\d+\.\d+ has no permission model/,
  )
  expect(run.output).toContain('run the tests with Node 22.13 or newer')
})

describe.runIf(NEWEST)('behind the second wall', () => {
  let outside: string
  let run: VitestRun
  beforeAll(async () => {
    outside = mkdtempSync(join(tmpdir(), 'tripwire-outside-'))
    const temporary = mkdtempSync(join(tmpdir(), 'tripwire-temporary-'))
    run = await runVitest(
      {
        'vitest.config.ts': CONFIG(),
        'tripwire.config.ts': `export default { fs: { write: ['made'] }, guard: { native: 'error' }, files: { 'opened*': { allow: ['native'] } } }`,
        'made/keep.txt': '',
        'app.js': `
import { execFileSync, spawn } from 'node:child_process'
import { createWriteStream, promises, writeFile, writeFileSync } from 'node:fs'
export const target = ${JSON.stringify(outside)} + '/written'
export const writes = {
  sync: () => writeFileSync(target, 'x'),
  promised: () => promises.writeFile(target, 'x'),
  'by callback': () => new Promise((resolve, reject) => writeFile(target, 'x', (error) => (error ? reject(error) : resolve()))),
  streamed: () => new Promise((resolve, reject) => createWriteStream(target).on('error', reject).on('close', resolve).end('x')),
}
export const quiet = () => { try { writeFileSync(target, 'y') } catch {} }
export const program = () => execFileSync(process.execPath, ['-p', '1'])
export const started = () => new Promise((resolve, reject) => spawn(process.execPath, ['-p', '1']).on('error', reject).on('close', resolve))`,
        'walls.test.js': `
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { program, quiet, started, target, writes } from './app.js'
test('works', () => { expect({ a: 1 }).toMatchSnapshot() })
test('writes where it may', () => { writeFileSync('made/a.txt', 'x'); writeFileSync(join(mkdtempSync(join(tmpdir(), 'a-')), 'a'), 'x') })
test('starts a worker', async () => { expect(await new Promise((resolve) => new Worker("require('worker_threads').parentPort.postMessage(1)", { eval: true }).once('message', resolve))).toBe(1) })
for (const [name, write] of Object.entries(writes))
  test('written ' + name, () => tripwire.allow('fs:write', write))
test('swallowed', () => tripwire.allow('fs:write', quiet))
test('a program', () => tripwire.allow('subprocess', program))
test('a started program', () => tripwire.allow('subprocess', started))
test('the guard comes first', () => { writes.sync() })
`,
      },
      { env: { TMPDIR: temporary }, args: ['--update'] },
    )
    rmSync(temporary, { recursive: true, force: true })
  })
  afterAll(() => rmSync(outside, { recursive: true, force: true }))
  const told = (name: string) => run.tests[name]?.messages.join('\n') ?? run.output

  test.each(['works', 'writes where it may', 'starts a worker'])('a test %s', (name) => {
    expect(run.tests[name]?.state, run.output).toBe('passed')
  })

  test.each(['written sync', 'written promised', 'written by callback', 'written streamed', 'swallowed'])(
    'a file that only the test opened is not %s, and the error is ours',
    (name) => {
      expect(run.tests[name]?.state, run.output).toBe('failed')
      expect(told(name)).toContain('TRIPWIRE_GUARDED_CALL')
      expect(told(name)).toMatch(/where {2}app\.js:\d+:\d+/)
      expect(told(name)).toContain('the second wall of tripwire({ harden: true })')
      expect(told(name)).toContain('allow: [')
      expect(existsSync(join(outside, 'written'))).toBe(false)
    },
  )

  test.each(['a program', 'a started program'])('%s that only the test opened is not started', (name) => {
    expect(told(name)).toContain('the second wall of tripwire({ harden: true })')
    expect(told(name)).toMatch(/allow: \['subprocess:node'\]/)
  })

  test('what the guard stops does not come to the wall', () => {
    expect(told('the guard comes first')).not.toContain('second wall')
    expect(told('the guard comes first')).toContain('TRIPWIRE_GUARDED_CALL')
  })

  test('is refused where permissions cannot be', async () => {
    const threads = await runVitest({ ...NOTHING, 'vitest.config.ts': CONFIG("pool: 'threads'") })
    expect(threads.exitCode).toBe(1)
    expect(threads.output).toContain("the pool is 'threads', and permissions belong to processes")
  })
})
