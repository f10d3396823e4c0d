import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const VITEST = (test: string) => `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire()], test: { ${test} } })`

describe('the policy in force', () => {
  const CONFIG = `
import { M } from 'vitest-tripwire/config'
import { expect } from './matchers.ts'
export const parts = { host: /^first\\./, hosts: ['second.example.com'], matcher: expect, data: { list: ['x'] } }
const config = {
  refuse: [M({ protocol: 'http', host: parts.host }), M({ protocol: 'http', host: parts.hosts }), M({ protocol: 'http', host: parts.matcher })],
  restrict: ['http:*.example.com', 'http:*.invalid'],
  guard: { default: 'error' },
  loopback: 'none',
  fs: { write: ['tripwire.config.ts'] },
  data: parts.data,
  redact: [/secret-\\w+/],
  plugins: [{ name: 'toy', operations: { call: { safety: 'unsafe', summary: 'calls' } }, facts: { to: 'word' }, parseRule: (to) => ({ to }), describe: () => 'a toy', remedy: () => ({ rule: 'toy' }), install(tap) {
    globalThis.toy = { call: () => 'called' }
    tap.patch(globalThis.toy, 'call', (original) => () => {
      const outcome = tap.judge({ protocol: 'toy', operation: 'toy:call', facts: { to: 'x' } })
      return outcome.kind === 'pass' ? original() : outcome.error?.code ?? outcome.kind
    })
  } }],
  onTrip() {},
}
export default config`
  const TESTS = `
import { writeFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import config, { parts } from './tripwire.config.ts'
const call = (host) => fetch('http://' + host).catch((error) => error.cause.code)
const holds = async () => {
  for (const host of ['first.example.com', 'second.example.com', 'third.example.com']) expect(await call(host)).toBe('EHOSTUNREACH')
  const trips = await tripwire.expectTrip(async () => { await call('fourth.example.com'); await call('away.example.org'); toy.call() })
  expect(trips.map(({ description, why }) => description + ': ' + why.by)).toEqual(['GET http://fourth.example.com/: level', 'GET http://away.example.org/: ceiling', 'a toy: ceiling'])
}
test('holds to begin with', holds)
test('holds whatever becomes of the config', async () => {
  parts.host.compile('never')
  parts.hosts.length = 0
  parts.matcher.text = 'never'
  config.refuse.length = 0
  config.allow = ['http']
  config.restrict.push('http', 'toy')
  config.guard.default = 'off'
  config.plugins[0].passes = () => true
  config.onTrip = () => 'allow'
  config.redact[0].compile('never')
  await holds()
})
test('holds whatever is installed another time', async () => {
  const { attach } = await import('./node_modules/vitest-tripwire/dist/worker/setup.js?again').catch((error) => error)
  vi.resetModules()
  await import('vitest-tripwire/setup')
  await import('vitest-tripwire/register')
  await holds()
})
test('holds whatever the environment says', async () => {
  for (const name of ['TRIPWIRE', 'TRIPWIRE_GUARD', 'TRIPWIRE_LEVEL', 'TRIPWIRE_CONFIG', 'TRIPWIRE_ALLOW']) vi.stubEnv(name, 'off')
  await holds()
})
test('holds whatever is written into the file', async () => {
  writeFileSync('tripwire.config.ts', "export default { guard: 'off' }")
  vi.resetModules()
  await import('./tripwire.config.ts')
  await holds()
})
test('holds whatever a test lets through', { meta: { tripwire: { guard: 'off', allow: ['http', 'toy'], loopback: 'any' } } }, async () => {
  using _ = tripwire.allow(['http', 'toy'])
  using again = tripwire.restrict(['http', 'toy'])
  expect(await call('away.example.org')).toBe('TRIPWIRE_GUARDED_CALL')
  await tripwire.sandbox({ allow: 'http', guard: 'off' }, async () => expect(await call('away.example.org')).toBe('TRIPWIRE_GUARDED_CALL'))
})
test('tells no secret', async () => { await call('fourth.example.com/secret-word') })`

  test('is what the config was when the file began, and a ceiling of it is lifted by nothing', async () => {
    const matchers = `export const expect = { text: 'third', asymmetricMatch(host) { return host.startsWith(this.text) } }`
    const run = await runVitest({ 'a.test.ts': TESTS, 'tripwire.config.ts': CONFIG, 'matchers.ts': matchers })
    const states = Object.fromEntries(
      Object.entries(run.tests).map(([name, { state, messages }]) => [
        name,
        state === 'passed' ? state : messages.join('\n').split('\n')[0],
      ]),
    )
    expect(states, run.output).toEqual({
      'holds to begin with': 'passed',
      'holds whatever becomes of the config': 'passed',
      'holds whatever is installed another time': 'passed',
      'holds whatever the environment says': 'passed',
      'holds whatever is written into the file': 'passed',
      'holds whatever a test lets through': expect.stringContaining(
        'TRIPWIRE_GUARDED_CALL] GET http://away.example.org/ was blocked',
      ),
      'tells no secret': expect.stringContaining('GET http://fourth.example.com/…'),
    })
  })
})

describe('what stands in the place of a patched function', () => {
  const FILES = {
    'early.cjs': `
const cp = require('node:child_process')
const net = require('node:net')
globalThis.early = { connect: net.Socket.prototype.connect, spawnSync: cp.spawnSync }`,
    'vitest.config.ts': VITEST("execArgv: ['--require', './early.cjs']"),
    'a.test.ts': `
import cp from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
const { prototype } = net.Socket
const guarded = () => new Promise((resolve) => net.connect(1, 'away.example.com').once('error', ({ code }) => resolve(code)))
const stays = (name, fn) => test(name, async () => { const ours = prototype.connect; try { await fn() } finally { prototype.connect = ours } })

describe('is fine', () => {
  afterEach(() => vi.restoreAllMocks())
  test('a spy', () => { vi.spyOn(cp, 'spawnSync'); vi.spyOn(prototype, 'connect') })
  test('a spy that answers', () => { vi.spyOn(prototype, 'connect').mockImplementation(function () { return this }); net.connect(1) })
  test('a spy that stays until the next test', () => { vi.spyOn(net, 'connect').mockReturnValue(1) })
  test('graceful-fs', () => { createRequire(import.meta.url)('graceful-fs').gracefulify(fs) })
  test('a function of a module by hand', () => { const ours = cp.spawnSync; cp.spawnSync = () => 1; try { expect(cp.spawnSync('x')).toBe(1) } finally { cp.spawnSync = ours } })
  test('a method that calls ours', () => { const ours = prototype.connect; prototype.connect = function (...args) { return ours.apply(this, args) } })
  test('a method that is used to it', async () => { expect(typeof prototype.connect).toBe('function') })
})
describe('fails', () => {
  test('the original of a function', () => { cp.spawnSync = early.spawnSync })
  test('is armed again', () => { expect(cp.spawnSync).not.toBe(early.spawnSync) })
  test('the original of a method', () => { prototype.connect = early.connect })
  test('is armed once more', () => { expect(prototype.connect).not.toBe(early.connect) })
  test('a method that was removed', () => { delete prototype.connect })
  test('a method that calls nothing', () => { prototype.connect = function () { return this } })
  test('is armed at last', () => { net.Socket.prototype.connect.name; expect(prototype.connect).not.toBe(early.connect) })
  test.fails('a test that is meant to fail', () => { prototype.connect = early.connect; throw new Error('meant') })
})`,
    'b.test.ts': `
import net from 'node:net'
import { test } from 'vitest'
net.Socket.prototype.connect = globalThis.early.connect
test('is innocent', () => {})`,
  }
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(FILES)
  })
  const failed = (name: string) => run.tests[name]?.messages.join('\n') ?? run.output

  test('is fine where it is a mock, or comes to us', () => {
    const states = Object.entries(run.tests)
      .filter(([name]) => /^is fine|armed/.test(name))
      .map(([name, { state, messages }]) => [name, state, ...messages])
    expect(
      states.filter(([, state]) => state !== 'passed'),
      run.output,
    ).toEqual([])
    expect(states).toHaveLength(10)
  })

  test.each([
    ['fails the original of a function', "spawnSync: Node's own function was put back"],
    ['fails the original of a method', "connect: Node's own function was put back"],
    ['fails a method that was removed', 'connect: the property was removed'],
    [
      'fails a method that calls nothing',
      'connect: it was replaced by a function that never calls the one it replaced',
    ],
    ['fails a test that is meant to fail', "connect: Node's own function was put back"],
  ])('%s fails the test', (name, why) => {
    expect(run.tests[name]?.state, run.output).toBe('failed')
    expect(failed(name)).toContain('TRIPWIRE_INSTALL')
    expect(failed(name)).toContain(why)
  })

  test('at the top of a file fails the file', () => {
    expect(run.files['b.test.ts']?.state, run.output).toBe('failed')
    expect(run.output).toContain('when the import of b.test.ts ended')
    expect(run.tests['is innocent']?.state).toBe('passed')
  })
})
