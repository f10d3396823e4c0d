import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CELL, perPool } from '../support/cell.ts'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

/** The projects stand beside it: a checkout may itself be below the temporary folder. */
const TEMPORARY = realpathSync(mkdtempSync(join(tmpdir(), 'tripwire-files-')))
const env = { TMPDIR: TEMPORARY }
afterAll(() => rmSync(TEMPORARY, { recursive: true, force: true }))

const IMPORTS = `
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
`
const messageOf = (run: VitestRun, name: string) => run.tests[name]?.messages[0] ?? run.output

/** A thread has no folder of its own to go to. */
const MOVES = !CELL?.pool.endsWith('hreads')

describe('the roots of a config', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(
      {
        'tripwire.config.ts': `export default {
          fs: { read: ['fixtures'], write: ['.cache', 'out/report.txt'] },
          files: { 'none.test.ts': { fs: { write: [] } }, 'here.test.ts': { fs: { write: ['.'] } } },
        }`,
        'fixtures/a.txt': 'a',
        'a.test.ts': `${IMPORTS}
test('reads the project, its packages, the temporary folder and what libraries ask of the machine', () => {
  readFileSync('fixtures/a.txt')
  readFileSync('tripwire.config.ts')
  statSync(join('node_modules', 'vitest-tripwire'))
  existsSync(join(tmpdir(), 'none'))
  existsSync('/usr/bin/ldd')
})
test('reads nothing else', () => { readFileSync('/etc/hosts') })
test('asks for nothing else', () => { expect(existsSync('/etc/hosts')).toBe(false) })
test('writes below a root, and what need not be there yet', () => {
  mkdirSync('.cache/deep', { recursive: true })
  writeFileSync('.cache/deep/a', 'x')
})
test('writes a file that is a root', () => {
  tripwire.allow('fs', () => mkdirSync('out'))
  writeFileSync('out/report.txt', 'x')
})
test('writes nothing beside a file that is a root', () => { writeFileSync('out/report.txt.bak', 'x') })
test('writes no neighbour of a root', () => { writeFileSync('.cache-old', 'x') })
test('writes nothing through a link of a root', () => {
  tripwire.allow('fs', () => { mkdirSync('.cache', { recursive: true }); symlinkSync('../fixtures', '.cache/link') })
  writeFileSync('.cache/link/b', 'x')
})
test('a test has its own', { meta: { tripwire: { fs: { write: ['mine'] } } } }, () => mkdirSync('mine'))
test('a test with its own has no other', { meta: { tripwire: { fs: { write: ['mine'] } } } }, () => writeFileSync('.cache/b', 'x'))
test('a rule is relative to the config', () => tripwire.allow('fs:write:rules/**', () => { mkdirSync('rules'); writeFileSync('rules/a', 'x') }))
`,
        'none.test.ts': `${IMPORTS}test('writes to the temporary folder only', () => {
  writeFileSync(join(tmpdir(), 'x'), 'x')
  writeFileSync('.cache-none', 'x')
})`,
        ...(MOVES && {
          'here.test.ts': `${IMPORTS}
const home = process.cwd()
afterEach(() => process.chdir(home))
test('writes where it is, and goes further in', () => {
  tripwire.allow('fs', () => mkdirSync('in/deep', { recursive: true }))
  process.chdir('in')
  writeFileSync('a', 'x')
  process.chdir('deep')
  writeFileSync('b', 'x')
})
test('does not go out to write there', () => { process.chdir('/') })
`,
        }),
      },
      { env, args: ['--pool=forks'] },
    )
  })

  test('say what may be read and written', () => {
    const states = Object.fromEntries(Object.entries(run.tests).map(([name, { state }]) => [name, state]))
    expect(states).toEqual({
      'reads the project, its packages, the temporary folder and what libraries ask of the machine': 'passed',
      'reads nothing else': 'failed',
      'asks for nothing else': 'failed',
      'writes below a root, and what need not be there yet': 'passed',
      'writes a file that is a root': 'passed',
      'writes nothing beside a file that is a root': 'failed',
      'writes no neighbour of a root': 'failed',
      'writes nothing through a link of a root': 'failed',
      'a test has its own': 'passed',
      'a test with its own has no other': 'failed',
      'a rule is relative to the config': 'passed',
      'writes to the temporary folder only': 'failed',
      ...(MOVES && {
        'writes where it is, and goes further in': 'passed',
        'does not go out to write there': 'failed',
      }),
    })
  })

  test('are told with an error, and the one that came nearest', () => {
    const text = messageOf(run, 'writes no neighbour of a root').replaceAll(TEMPORARY, '<tmp>')
    expect(text).toContain('writing .cache-old with fs.writeFileSync was blocked')
    expect(/hint.*/.exec(text)?.[0]).toBe(
      "hint   writing passes below <tmp> (the temporary folder), .cache (fs.write), out/report.txt (fs.write); the nearest is .cache (fs.write); fs: { write: ['…'] } in the config adds a folder",
    )
    expect(messageOf(run, 'writes nothing through a link of a root')).toContain(
      'writing fixtures/b (given as .cache/link/b) with fs.writeFileSync',
    )
    if (MOVES) expect(messageOf(run, 'does not go out to write there')).toContain('writing / with chdir')
  })
})

describe.each(perPool('forks', 'threads', 'vmForks', 'vmThreads'))('with no roots at all, in %s', (pool) => {
  test('the runner, the loader, snapshots and source maps work, and are nobody’s calls', async () => {
    const run = await runVitest(
      {
        'tripwire.config.ts':
          "export default { guard: 'error', fs: { read: [], write: [] }, deny: ['fs:write', 'fs:read'] }",
        'lib.ts': 'export const value: number = 5',
        'lib.cjs': 'module.exports = require("./data.json")',
        'data.json': '{ "a": 1 }',
        'a.test.ts': `${IMPORTS}
import { createRequire } from 'node:module'
test('works', async () => {
  const box = await tripwire.sandbox(async (box) => {
    expect({ a: 1 }).toMatchSnapshot()
    expect(2).toMatchInlineSnapshot('2')
    await expect('text').toMatchFileSnapshot('snapshots/text.txt')
    expect((await import('./lib.ts')).value).toBe(5)
    expect(createRequire(import.meta.url)('./lib.cjs')).toEqual({ a: 1 })
    await import('undici')
    return box
  })
  expect(box.interactions).toEqual([])
})
test('fails where it fails', () => { throw new Error('mine') })
`,
      },
      { env, args: [`--pool=${pool}`], read: ['__snapshots__/a.test.ts.snap', 'snapshots/text.txt'] },
    )
    expect(run.tests.works, run.output).toMatchObject({ state: 'passed' })
    expect(run.output).toMatch(/❯ a\.test\.ts:\d+:\d+/)
    expect(run.written['snapshots/text.txt']).toBe('text')
    expect(run.written['__snapshots__/a.test.ts.snap']).toContain('"a": 1')
    expect(run.output).not.toContain('Tripwire:')
  })
})
