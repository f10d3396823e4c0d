import { beforeAll, describe, expect, test } from 'vitest'
import { CELL, perPool, SHARED } from '../support/cell.ts'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const states = ({ tests }: VitestRun) =>
  Object.fromEntries(Object.entries(tests).map(([name, { state }]) => [name, state]))
const config = (test: string) => `
  import { defineConfig } from 'vitest/config'
  import { tripwire } from 'vitest-tripwire/vite'
  export default defineConfig({ plugins: [tripwire()], test: { ${test} } })`

const ENVIRONMENT = `
import { createServer } from 'node:http'
import { builtinEnvironments } from 'vitest/runtime'
async function begin(global) {
  const server = createServer((_, response) => response.end('served'))
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  // Nobody listens there: it fails by itself, unless something stops it first.
  const call = () => fetch('http://127.0.0.1:4009').catch(({ cause }) => cause.code)
  Object.assign(global, { port: server.address().port, before: await call() })
  return async () => { server.close(); console.log('AFTER ' + await call()) }
}
export default {
  name: 'own',
  viteEnvironment: 'ssr',
  async setup(global) {
    return { teardown: await begin(global) }
  },
  async setupVM(options) {
    const { getVmContext, teardown } = await builtinEnvironments.node.setupVM(options)
    const end = await begin(getVmContext())
    return { getVmContext, teardown: async () => { await end(); await teardown() } }
  },
}`
const IN_ENVIRONMENT = `
import { expect, test } from 'vitest'
test('served', async () => { expect(await (await fetch('http://127.0.0.1:' + port)).text()).toBe('served') })
test('not judged', () => { expect(before).toBe('ECONNREFUSED') })
test('guarded', async () => { await fetch('http://api.example.com/').catch(() => {}) })`

describe.each(
  perPool(['forks', []], ['threads', ['--no-isolate', '--maxWorkers=1']], ['vmThreads', ['--maxWorkers=1']]),
)('a custom environment (%s %j)', (pool, more) => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(
      {
        'vitest.config.ts': config(`environment: './environment.js'`),
        'environment.js': ENVIRONMENT,
        'a.test.js': IN_ENVIRONMENT,
        'b.test.js': IN_ENVIRONMENT.replaceAll("test('", "test('again "),
      },
      { args: [`--pool=${pool}`, ...more] },
    )
  })

  test('is set up before the guard, and its servers belong to every file that it serves', () => {
    expect(states(run)).toEqual({
      served: 'passed',
      'not judged': 'passed',
      guarded: 'failed',
      'again served': 'passed',
      'again not judged': 'passed',
      'again guarded': 'failed',
    })
  })

  test('is taken down after the guard', () => {
    expect(new Set(run.output.match(/AFTER \w+/g))).toEqual(new Set(['AFTER ECONNREFUSED']))
    expect(run.output).toMatch(/^Tripwire: 2 calls stopped$/m)
    expect(run.output).not.toContain('Unhandled')
  })
})

const RUNNER = `
import { TestRunner } from 'vitest'
export default class Runner extends TestRunner {
  async onBeforeRunFiles(files) {
    await super.onBeforeRunFiles?.(files)
    await fetch('http://api.example.com/runner').catch(() => {})
  }
  async onBeforeRunTask(task) {
    await super.onBeforeRunTask(task)
    task.meta.seen = true
  }
  importFile(path, source) { IMPORT }
}`
const GET = `fetch('http://api.example.com/test').catch(() => {})`
const UNDER_RUNNER = `
import { expect, test } from 'vitest'
test('seen', ({ task }) => { expect(task.meta.seen).toBe(true) })
test('guarded', () => ${GET})`

test.each(perPool(['forks', []], ['threads', ['--no-isolate', '--maxWorkers=1']]))(
  'a custom runner is guarded, and its own calls too (%s %j)',
  async (pool, more) => {
    const run = await runVitest(
      {
        'vitest.config.ts': config(`runner: './runner.js'`),
        'runner.js': RUNNER.replace('IMPORT', 'return super.importFile(path, source)'),
        'a.test.js': UNDER_RUNNER,
        'b.test.js': UNDER_RUNNER.replaceAll("test('", "test('again "),
      },
      { args: [`--pool=${pool}`, ...more] },
    )
    expect(states(run)).toEqual({
      seen: 'passed',
      guarded: 'failed',
      'again seen': 'passed',
      'again guarded': 'failed',
    })
    expect(run.output).toMatch(/^Tripwire: 4 calls stopped$/m)
    expect(run.output).toMatch(/runner × 2\n +at runner\.js:6:11\n/)
  },
)

// Node runs our setup file once, and without Vitest's importer nobody asks for it again; see docs/compatibility.md.
test.skipIf(CELL && (!SHARED || CELL.native))(
  "a runner that does without Vitest's importer lets nothing out either, but in a shared worker later files have no test to blame",
  async () => {
    const run = await runVitest(
      {
        'vitest.config.ts': config(`runner: './runner.js'`),
        'runner.js': RUNNER.replace('IMPORT', 'return this.moduleRunner.import(path)'),
        'a.test.js': `import { test } from 'vitest'\ntest('caught', () => GET)`.replace('GET', GET),
        'b.test.js': `import { test } from 'vitest'\ntest('caught too', () => GET)`.replace('GET', GET),
      },
      { args: ['--no-isolate', '--maxWorkers=1'] },
    )
    expect(Object.values(states(run)).sort()).toEqual(['failed', 'passed'])
    expect(run.exitCode).toBe(1)
    expect(run.output.match(/^Error: \[TRIPWIRE_GUARDED_CALL\] GET \S+ was blocked/gm)).toEqual([
      'Error: [TRIPWIRE_GUARDED_CALL] GET http://api.example.com/runner was blocked',
      'Error: [TRIPWIRE_GUARDED_CALL] GET http://api.example.com/test was blocked',
    ])
  },
)

// Vitest ends its processes by that signal, and its threads by force.
describe.skipIf(CELL && !CELL.pool.endsWith('orks'))('what a file leaves for the end of its worker', () => {
  const leave = (plugins: string) =>
    runVitest(
      {
        'vitest.config.ts': config('').replace('tripwire()', plugins),
        'a.test.js': `
          import { spawnSync } from 'node:child_process'
          import { test } from 'vitest'
          test('leaves', () => {
            process.once('SIGTERM', () => { spawnSync(process.execPath, ['-e', "fs.writeFileSync('left.txt', '')"]) })
          })`,
      },
      { args: ['--pool=forks'], read: ['left.txt'] },
    )

  test('is stopped', async () => {
    expect((await leave('tripwire()')).written['left.txt']).toBe(undefined)
  })

  test('and would be done without the guard', async () => {
    expect((await leave('')).written['left.txt']).toBe('')
  })
})
