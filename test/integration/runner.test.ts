import { describe, expect, test } from 'vitest'
import { perPool } from '../support/cell.ts'
import { isInstalled, runVitest } from '../support/run-vitest.ts'

const FILES = {
  'app.ts': `export const add = (a: number, b: number): number => a + b\nexport const unused = (): number => 1\n`,
  'work.test.ts': `
import { expect, test, vi } from 'vitest'
import { add } from './app.ts'
test('inline snapshot', () => { expect(add(1, 2)).toMatchInlineSnapshot() })
test('snapshot', () => { expect({ sum: add(1, 2) }).toMatchSnapshot() })
test('file snapshot', async () => { await expect(String(add(1, 2))).toMatchFileSnapshot('./sum.txt') })
test('dynamic import', async () => { vi.resetModules(); expect((await import('./app.ts')).add(2, 2)).toBe(4) })
test('actual import', async () => { expect(await vi.importActual('./app.ts')).toHaveProperty('add') })
test('fake timers', async () => {
  vi.useFakeTimers()
  const stopped = fetch('http://api.example.com').catch((error) => error.cause)
  vi.useRealTimers()
  expect(await stopped).toMatchObject({ code: 'TRIPWIRE_GUARDED_CALL' })
})
test('console', () => { console.log('hello'); console.error('world') })
`,
}

const PROVIDERS = ['v8', 'istanbul'].filter((provider) => isInstalled(`@vitest/coverage-${provider}`))

describe.each(PROVIDERS)("the runner's own work under %s coverage", (provider) => {
  test.each(perPool<[string, string[]]>(['forks', []], ['threads', []], ['forks', ['--no-isolate']]))(
    'is never stopped (%s %j)',
    async (pool, more) => {
      const args = [
        `--pool=${pool}`,
        '--coverage.enabled',
        `--coverage.provider=${provider}`,
        '--coverage.reporter=text',
        '--update',
        ...more,
      ]
      const run = await runVitest(FILES, { args })
      const failed = Object.entries(run.tests).filter(([, { state }]) => state !== 'passed')
      expect(failed.map(([name]) => name)).toEqual(['fake timers'])
      expect(run.output).toContain('Tripwire: 1 call stopped')
      expect(run.output).toContain(`Coverage enabled with ${provider}`)
    },
  )
})

test('globals work as imports do', async () => {
  const run = await runVitest(
    {
      'globals.test.ts': `test('swallows', async () => { await fetch('http://api.example.com').catch(() => {}) })\ntest('fine', () => { expect(1).toBe(1) })`,
    },
    { args: ['--globals'] },
  )
  expect([run.tests.swallows?.state, run.tests.fine?.state]).toEqual(['failed', 'passed'])
})

test('an old suite has a way in: observed calls are listed with the rules to paste', async () => {
  const run = await runVitest({
    'tripwire.config.ts': `import { defineConfig } from 'vitest-tripwire/config'\nexport default defineConfig({ guard: 'observe' })`,
    'old.test.ts': `import { test } from 'vitest'
      test('calls', async () => { await fetch('http://127.0.0.1:4009/a').catch(() => {}) })
      test('calls again', async () => { await fetch('http://127.0.0.1:4009/a', { method: 'POST' }).catch(() => {}) })`,
  })
  expect(run.exitCode).toBe(0)
  expect(run.output).toContain(
    `  allow: [\n    'GET http://127.0.0.1:4009/a',\n    'POST http://127.0.0.1:4009/a',\n  ],`,
  )
  expect(run.output).toContain('Tripwire: 2 calls observed')
})
