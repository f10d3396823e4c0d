import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isInstalled, makeProject, runIn, runVitest, type VitestRun } from '../support/run-vitest.ts'

const roots: string[] = []
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

function project(files: Readonly<Record<string, string>>): string {
  const root = makeProject(files)
  roots.push(root)
  return root
}

const states = ({ tests }: VitestRun) =>
  Object.fromEntries(Object.entries(tests).map(([name, { state }]) => [name, state]))
const summary = ({ output }: VitestRun) => output.match(/^Tripwire: .*$/gm)
const config = (test: string, plugins = 'tripwire()') => `
  import { defineConfig } from 'vitest/config'
  import { tripwire } from 'vitest-tripwire/vite'
  export default defineConfig({ plugins: [${plugins}], test: { ${test} } })`
const calls = (name: string, path = name) => `
  import { test } from 'vitest'
  test('${name}', async () => { await fetch('http://api.example.com/${path}').catch(() => {}) })`

describe('projects with different options', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({
      'vitest.config.ts': config(`
        projects: [
          { extends: true, test: { name: 'inherits', include: ['inherits/*.test.js'], pool: 'forks' } },
          { extends: true, test: { name: 'shares', include: ['shares/*.test.js'], pool: 'threads', isolate: false } },
          { extends: false, plugins: [tripwire({ config: 'relaxed.config.js' })], test: { name: 'relaxed', include: ['relaxed/*.test.js'] } },
          { extends: false, test: { name: 'bare', include: ['bare/*.test.js'] } },
        ],`),
      'tripwire.config.js': `export default { files: { 'shares/second.test.js': { refuse: 'http' } } }`,
      'relaxed.config.js': `export default { refuse: 'http' }`,
      'inherits/a.test.js': calls('inherits'),
      'shares/first.test.js': calls('shares'),
      'shares/second.test.js': calls('shares, refused by its file'),
      'relaxed/a.test.js': calls('relaxed'),
      'bare/a.test.js': `
        import { expect, test } from 'vitest'
        test('bare', () => expect(fetch('http://127.0.0.1:4009')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } }))`,
    })
  })

  test('are each judged by their own', () => {
    expect(states(run)).toEqual({
      inherits: 'failed',
      shares: 'failed',
      'shares, refused by its file': 'passed',
      relaxed: 'passed',
      bare: 'passed',
    })
  })

  test('are reported together, once', () => {
    expect(summary(run)).toEqual(['Tripwire: 2 calls stopped, 2 calls refused'])
  })

  test('and one that has no guard is named', () => {
    expect(run.output.match(/The project "\w+" does not have the plugin/g)).toEqual([
      'The project "bare" does not have the plugin',
    ])
  })
})

describe('a workspace', () => {
  let run: VitestRun
  beforeAll(async () => {
    const root = project({
      'package.json': '{ "type": "module", "workspaces": ["packages/*"] }',
      'vitest.config.ts': `export default { test: { projects: ['packages/*'] } }`,
      'tripwire.config.js': `export default { refuse: 'http://shared.example.com' }`,
      'packages/app/package.json': '{ "name": "app", "type": "module" }',
      'packages/app/vitest.config.js': config(`name: 'app'`),
      'packages/app/a.test.js': `
        import { test } from 'vitest'
        import { send } from '@acme/lib'
        test('app', async () => { await send('app') })
        test('app refused', async () => { await fetch('http://shared.example.com').catch(() => {}) })`,
      'packages/lib/package.json': '{ "name": "@acme/lib", "type": "module", "exports": "./index.js" }',
      'packages/lib/index.js': `export const send = (path) => fetch('http://api.example.com/' + path).catch(() => {})`,
      'packages/lib/vitest.config.js': config(`name: 'lib'`),
      'packages/lib/tripwire.config.js': `export default { refuse: 'http://api.example.com' }`,
      'packages/lib/a.test.js': `
        import { test } from 'vitest'
        import { send } from './index.js'
        test('lib', async () => { await send('lib') })`,
    })
    const link = join(root, 'packages/app/node_modules/@acme/lib')
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'packages/lib'), link)
    run = await runIn(root)
  })

  test('has a config at its root and others below it, the nearest wins', () => {
    expect(states(run)).toEqual({ app: 'failed', 'app refused': 'passed', lib: 'passed' })
    expect(summary(run)).toEqual(['Tripwire: 1 call stopped, 2 calls refused'])
  })

  test('has its call sites in the sources of the linked package', () => {
    expect(run.tests.app?.messages[0]).toContain('where  packages/lib/index.js:1:31')
    expect(run.tests.app?.messages[0]).toContain('in test "app" (packages/app/a.test.js)')
  })
})

describe('a run in shards', () => {
  let shards: VitestRun[]
  let merged: VitestRun
  beforeAll(async () => {
    const root = project({
      'a.test.js': calls('a', 'same'),
      'b.test.js': calls('b', 'same'),
      'c.test.js': `${calls('c')}\ntest('quiet', () => {})`,
      'd.test.js': `import { test } from 'vitest'\ntest('innocent', () => {})`,
    })
    shards = []
    for (const shard of ['1/2', '2/2'])
      shards.push(await runIn(root, { args: [`--shard=${shard}`], reporters: ['--reporter=blob'] }))
    merged = await runIn(root, { args: ['--merge-reports'] })
  })

  test('is guarded in each', () => {
    expect(shards.map(({ exitCode }) => exitCode)).toEqual([1, 1])
    const told = shards.flatMap(({ output }) => [...output.matchAll(/Tripwire: (\d) calls? stopped/g)])
    expect(told.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(3)
  })

  test('and told as one when its reports are merged', () => {
    expect(merged.exitCode).toBe(1)
    expect(states(merged)).toEqual({ a: 'failed', b: 'failed', c: 'failed', quiet: 'passed', innocent: 'passed' })
    expect(summary(merged)).toEqual(['Tripwire: 3 calls stopped'])
    expect(merged.output).toMatch(/http:\/\/api\.example\.com\/same × 2\n/)
  })
})

test('files one after the other are guarded each', async () => {
  const run = await runVitest(
    {
      'a.test.js': calls('a'),
      'b.test.js': calls('b'),
      'c.test.js': `import { test } from 'vitest'\ntest('c', () => {})`,
    },
    { args: ['--no-file-parallelism'] },
  )
  expect(states(run)).toEqual({ a: 'failed', b: 'failed', c: 'passed' })
  expect(summary(run)).toEqual(['Tripwire: 2 calls stopped'])
})

// The matrix has homes without a compiler.
test.runIf(isInstalled('typescript'))(
  'types are tested beside the guard, which leaves the compiler alone',
  async () => {
    const run = await runVitest(
      {
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            strict: true,
            module: 'nodenext',
            target: 'es2023',
            skipLibCheck: true,
            types: [],
            noEmit: true,
          },
          include: ['*.test-d.ts'],
        }),
        'types.test-d.ts': `
        import { expectTypeOf, test } from 'vitest'
        import { tripwire } from 'vitest-tripwire'
        test('right', { meta: { tripwire: { guard: 'observe' } } }, () => { expectTypeOf(tripwire.allow).toBeFunction() })
        test('wrong', () => { expectTypeOf<string>().toEqualTypeOf<number>() })`,
        'calls.test.js': calls('calls'),
      },
      { args: ['--typecheck'] },
    )
    expect(states(run)).toEqual({
      'types.test-d.ts right': 'passed',
      'types.test-d.ts wrong': 'failed',
      calls: 'failed',
    })
    expect(summary(run)).toEqual(['Tripwire: 1 call stopped'])
  },
)
