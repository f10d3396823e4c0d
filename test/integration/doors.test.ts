import { describe, expect, test } from 'vitest'
import { CELL } from '../support/cell.ts'
import { runVitest } from '../support/run-vitest.ts'

const CALLS = `
import { test } from 'vitest'
test('calls out', async () => { await fetch('http://api.example.com/ping').catch(() => {}) })
`
const BARE = `
import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { setupFiles: ['vitest-tripwire/setup'] } })
`
const BOTH = `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire(), tripwire()], test: { setupFiles: ['vitest-tripwire/setup'] } })
`

describe('a plugin that cannot be meant', () => {
  const start = (plugin: string, config = '{}') =>
    runVitest({
      'vitest.config.ts': `
        import { defineConfig } from 'vitest/config'
        import { tripwire } from 'vitest-tripwire/vite'
        export default defineConfig({ plugins: [${plugin}] })`,
      'tripwire.config.ts': `export default ${config}`,
      'calls.test.ts': CALLS,
    })

  test('is no plugin at all, as the function that makes it is', async () => {
    const { output, tests } = await start('tripwire')
    expect(tests).toEqual({})
    expect(output).toContain('ConfigError: [TRIPWIRE_CONFIG] `plugins: [tripwire]` guards nothing.')
    expect(output).toContain('plugins: [tripwire()]')
  })

  test('has options that there are not', async () => {
    const { output, tests } = await start('tripwire({ hardn: true })')
    expect(tests).toEqual({})
    expect(output).toContain(
      'hardn: the key is unknown (got true): expected one of config, harden (did you mean: harden?)',
    )
  })

  test('has a config that cannot be meant: it is said once, without the way that Vitest took to it', async () => {
    const { output, tests } = await start('tripwire()', `{ guard: 'eror' }`)
    expect(tests).toEqual({})
    expect(output.split("it is no level (got 'eror')")).toHaveLength(2)
    expect(output).not.toMatch(/^ +at /m)
  })
})

describe('the setup file alone', () => {
  test('guards, reads the same config, and says what was loaded before it', async () => {
    const run = await runVitest({
      'vitest.config.ts': `
        import { defineConfig } from 'vitest/config'
        export default defineConfig({ test: { setupFiles: ['./first.js', 'vitest-tripwire/setup'] } })`,
      'first.js': `import { createRequire } from 'node:module'; createRequire(import.meta.url)('./early.cjs')`,
      'early.cjs': `module.exports = require('node:http').get`,
      'tripwire.config.ts': `import { defineConfig } from 'vitest-tripwire/config'
        const level: string = 'error'
        export default defineConfig({ guard: level, redact: [/ping/] })`,
      'calls.test.ts': CALLS,
    })
    expect(run.tests['calls out']?.state).toBe('failed')
    expect(run.output).toContain('GET http://api.example.com/… was blocked')
    expect(run.output).toContain('These CommonJS modules were loaded before the setup file')
    expect(run.output).toContain('early.cjs')
    expect(run.output).not.toContain('expect-type')
  })

  // In a vm pool named imports keep what they found when a module was first imported: what Vitest itself imports is told, and nothing else is so.
  test.skipIf(CELL).each(['forks', 'vmForks', 'vmThreads'])(
    'is seen by named imports, or says that it is not, in %s',
    async (pool) => {
      const names = [
        'child_process',
        'dgram',
        'dns',
        'fs',
        'fs/promises',
        'http',
        'module',
        'net',
        'tls',
        'worker_threads',
      ]
      const run = await runVitest(
        {
          'vitest.config.ts': BARE,
          'named.test.js': `
          import { createRequire } from 'node:module'
          import { expect, test } from 'vitest'
          ${names.map((name, at) => `import * as named${at} from 'node:${name}'`).join('\n')}
          const load = createRequire(import.meta.url)
          const all = { ${names.map((name, at) => `'${name}': named${at}`).join(', ')} }
          test('named', () => {
            const stale = Object.entries(all).flatMap(([name, named]) => {
              const exported = load('node:' + name)
              return Object.keys(exported).filter((key) => key in named && named[key] !== exported[key]).map((key) => name + '.' + key)
            })
            expect(stale.filter((name) => !name.startsWith('fs.'))).toEqual([])
            expect(stale.length > 0).toBe(${pool.startsWith('vm')})
          })
          test('stopped', () => {
            expect(() => named3.writeFileSync('/var/tmp/tripwire-nowhere/out.txt', '')).toThrow('TRIPWIRE_GUARDED_CALL')
          })`,
        },
        { args: [`--pool=${pool}`] },
      )
      expect(run.tests.named).toEqual({ state: 'passed', messages: [] })
      expect(run.output.includes('[tripwire] In this pool named imports of node:fs are what')).toBe(
        pool.startsWith('vm'),
      )
      if (pool.startsWith('vm')) return
      expect(run.tests.stopped?.messages.join()).toContain(
        'writing /var/tmp/tripwire-nowhere/out.txt with fs.writeFileSync was blocked',
      )
    },
  )

  test('without a config the defaults hold', async () => {
    const run = await runVitest({ 'vitest.config.ts': BARE, 'calls.test.ts': CALLS })
    expect(run.tests['calls out']?.messages).toHaveLength(1)
  })
})

test('all doors at once give one installation', async () => {
  const run = await runVitest({ 'vitest.config.ts': BOTH, 'calls.test.ts': CALLS })
  expect(run.tests['calls out']?.messages).toHaveLength(1)
  expect(run.output.match(/^Tripwire: .*$/gm)).toEqual(['Tripwire: 1 call stopped'])
})

test('importing the package patches nothing', async () => {
  const run = await runVitest({
    'vitest.config.ts': `export default {}`,
    'plain.test.ts': `
      import { expect, test } from 'vitest'
      import net from 'node:net'
      test('plain', async () => {
        const { connect } = net.Socket.prototype
        const { tripwire, InstallError } = await import('vitest-tripwire')
        expect(net.Socket.prototype.connect).toBe(connect)
        expect(() => tripwire.allow('http')).toThrow(InstallError)
      })`,
  })
  expect(run.tests.plain).toEqual({ state: 'passed', messages: [] })
})

const TOY = `
import { definePlugin } from 'vitest-tripwire/plugin'
import { sent, transport } from './mailer.js'
export const mail = (options) => definePlugin({
  name: 'mail',
  operations: { send: { safety: 'unsafe', summary: 'sends a mail' } },
  facts: { to: 'word' },
  synonyms: ['smtp'],
  settings: { postage: { type: 'enum', values: ['paid', 'free'], default: 'paid' } },
  parseRule: (text) => ({ to: text }),
  describe: ({ facts }) => 'a mail to ' + facts.to,
  remedy: ({ facts }) => ({ rule: 'mail:' + facts.to, hint: 'mails cost ' + options.price }),
  passes: (layer, { setting }) => setting('postage') === 'free',
  install(tap) {
    tap.patch(transport, 'send', (original) => function send(to) {
      const outcome = tap.judge({ protocol: 'mail', operation: 'mail:send', facts: { to } })
      if (outcome.kind === 'block') throw outcome.error
      if (outcome.kind === 'refuse') throw new Error('no such mailbox')
      return outcome.kind === 'reply' ? outcome.answer : original(to)
    })
  },
})
`

test("a third party's plugin works in levels, rules, options, hints and sandboxes", async () => {
  const run = await runVitest({
    'mailer.js': `export const transport = { send: (to) => 'sent to ' + to }`,
    'mail-plugin.js': TOY.replace(
      "import { sent, transport } from './mailer.js'",
      "import { transport } from './mailer.js'",
    ),
    'tripwire.config.js': `
      import { defineConfig } from 'vitest-tripwire/config'
      import { mail } from './mail-plugin.js'
      export default defineConfig({
        guard: { default: 'error', mail: 'error' },
        plugins: [mail({ price: 5 })],
        refuse: 'mail:spam@example.com',
        files: { 'free.test.js': { postage: 'free' } },
      })`,
    'mail.test.ts': `
      import { expect, test } from 'vitest'
      import { tripwire, M } from 'vitest-tripwire'
      import { transport } from './mailer.js'
      test('blocked', () => { transport.send('a@example.com') })
      test('allowed', () => {
        using _ = tripwire.allow('mail:*@example.com')
        expect(transport.send('a@example.com')).toBe('sent to a@example.com')
      })
      test('matched', () => {
        using _ = tripwire.allow(M({ protocol: 'mail', to: (to) => to.length < 20 }))
        expect(transport.send('a@example.com')).toBe('sent to a@example.com')
      })
      test('refused', () => { expect(() => transport.send('spam@example.com')).toThrow('no such mailbox') })
      test('off', { meta: { tripwire: { guard: { mail: 'off' } } } }, () => { transport.send('a@example.com') })
      test('sandboxed', () => tripwire.sandbox((box) => { transport.send('b@example.com') }))
      test('expected', () => tripwire.expectTrip('mail:b@example.com', () => transport.send('b@example.com')))
      test('misspelt', () => { tripwire.allow('smtp:x') })
      test('matcher in meta', { meta: { tripwire: { allow: M({ protocol: 'mail', to: () => true }) } } }, () => { transport.send('c@example.com') })
    `,
    'free.test.js': `
      import { test } from 'vitest'
      import { transport } from './mailer.js'
      test('free', () => { transport.send('a@example.com') })`,
  })
  const states = Object.fromEntries(Object.entries(run.tests).map(([name, { state }]) => [name, state]))
  expect(states).toEqual({
    blocked: 'failed',
    allowed: 'passed',
    matched: 'passed',
    refused: 'passed',
    off: 'passed',
    sandboxed: 'failed',
    expected: 'passed',
    misspelt: 'failed',
    'matcher in meta': 'passed',
    free: 'passed',
  })
  expect(run.output).toContain('hint   mails cost 5')
  expect(run.tests.misspelt?.messages[0]).toContain('did you mean: mail')
  expect(run.tests.sandboxed?.messages[0]).toContain(
    '[TRIPWIRE_UNMOCKED_INTERACTION] a mail to b@example.com was made in sandbox #',
  )
})
