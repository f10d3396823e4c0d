import { describe, expect, test } from 'vitest'
import { runVitest } from '../support/run-vitest.ts'

const CALLS = `
import { test } from 'vitest'
test('calls out', async () => { await fetch('http://api.example.com/ping').catch(() => {}) })
`
const withSetup = (...files: readonly string[]) => `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire()], test: { setupFiles: ${JSON.stringify(files)} } })
`

describe('two copies of the package', () => {
  test('of one major version are one installation: rules of either hold, errors of either are known', async () => {
    const run = await runVitest(
      {
        'vitest.config.ts': withSetup('./vendor/tripwire/dist/worker/setup.js'),
        'calls.test.ts': `${CALLS}
import { tripwire as own, GuardedCallError as Own } from 'vitest-tripwire'
import { tripwire as other, GuardedCallError as Other } from './vendor/tripwire/dist/worker/index.js'
import { expect } from 'vitest'
test('either', async () => {
  expect(other).not.toBe(own)
  for (const { allow, expectTrip } of [own, other]) {
    const trips = await expectTrip('http', () => fetch('http://api.example.com/x').catch((error) => {
      expect(error.cause).toBeInstanceOf(Own)
      expect(error.cause).toBeInstanceOf(Other)
    }))
    expect(trips).toHaveLength(1)
    using _ = allow('http://127.0.0.1:9')
  }
})`,
      },
      { copies: { 'vendor/tripwire': '0.1.7' } },
    )
    expect(run.tests['calls out']?.messages).toHaveLength(1)
    expect(run.tests.either).toEqual({ state: 'passed', messages: [] })
    expect(run.output.match(/^Tripwire: .*$/gm)).toEqual(['Tripwire: 1 call stopped'])
  })

  test('of two major versions are refused, with both versions and folders', async () => {
    const run = await runVitest(
      { 'vitest.config.ts': withSetup('./vendor/tripwire/dist/worker/setup.js'), 'calls.test.ts': CALLS },
      { copies: { 'vendor/tripwire': '7.2.1' } },
    )
    expect(run.exitCode).toBe(1)
    const said = run.output.slice(run.output.indexOf('[TRIPWIRE_INSTALL]')).split('\n').slice(0, 7)
    expect(said.map((line) => line.trimEnd()).join('\n')).toMatchInlineSnapshot(`
      "[TRIPWIRE_INSTALL] Two versions of vitest-tripwire meet in one process, and only one can guard it.

        installed  0.1.0, from <root>/node_modules/vitest-tripwire/
        this one   7.2.1, from <root>/vendor/tripwire/
        fix        keep one of them: see \`npm ls vitest-tripwire\`, then \`npm dedupe\` or align the versions
      ⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/1]⎯
      "
    `)
  })

  test('the api of another major version than the installed one says so', async () => {
    const run = await runVitest(
      {
        'calls.test.ts': `
import { expect, test } from 'vitest'
import { tripwire } from './vendor/tripwire/dist/worker/index.js'
test('asks', () => { tripwire.allow('dns') })`,
      },
      { copies: { 'vendor/tripwire': '7.2.1' } },
    )
    expect(
      run.tests.asks?.messages
        .join('')
        .replaceAll(/\/\S*project-\w+/g, '<root>')
        .split('\n    at')[0],
    ).toMatchInlineSnapshot(`
      "InstallError: [TRIPWIRE_INSTALL] Two versions of vitest-tripwire meet in one process, and only one can guard it.

        installed  0.1.0, from <root>/node_modules/vitest-tripwire/
        this one   7.2.1, from <root>/vendor/tripwire/
        fix        keep one of them: see \`npm ls vitest-tripwire\`, then \`npm dedupe\` or align the versions"
    `)
  })
})

describe('a built-in that somebody locked', () => {
  const LOCK = `
const net = require('node:net')
const before = net.Socket.prototype.connect
globalThis.unpatched = () => {
  const { http, https, dns, dgram } = Object.fromEntries(['http', 'https', 'dns', 'dgram'].map((name) => [name, require('node:' + name)]))
  return { connect: net.Socket.prototype.connect === before, lookup: dns.lookup === lookup, send: dgram.Socket.prototype.send === send, get: http.get === get }
}
const lookup = require('node:dns').lookup
const { send } = require('node:dgram').Socket.prototype
const { get } = require('node:http')
const { ChildProcess } = require('node:child_process')
const { spawn } = ChildProcess.prototype
function auditedSpawn(...args) { return spawn.apply(this, args) }
Object.defineProperty(ChildProcess.prototype, 'spawn', { value: auditedSpawn, writable: false, configurable: false })
`
  test('stops the set-up, is named, and leaves nothing patched', async () => {
    const run = await runVitest({
      'vitest.config.ts': `
import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { setupFiles: ['./lock.cjs', './setup.ts'] } })`,
      'lock.cjs': LOCK,
      'setup.ts': `
try { await import('vitest-tripwire/setup') } catch (error) { globalThis.failure = error }`,
      'calls.test.ts': `
import { expect, test } from 'vitest'
test('nothing is patched', () => { expect(globalThis.unpatched()).toEqual({ connect: true, lookup: true, send: true, get: true }) })
test('the failure', () => { throw globalThis.failure })`,
    })
    expect(run.tests['nothing is patched']).toEqual({ state: 'passed', messages: [] })
    expect(run.tests['the failure']?.messages.join('').split('\n    at')[0]).toMatchInlineSnapshot(`
      "InstallError: [TRIPWIRE_INSTALL] The subprocess guard cannot be installed, so nothing is guarded: ChildProcess.prototype.spawn cannot be replaced: it is neither writable nor configurable, and held by a function named "auditedSpawn".

        fix  load tripwire first: the Vite plugin does (plugins: [tripwire()] in vitest.config.ts), or
             execArgv: ["--import", "vitest-tripwire/register"]"
    `)
  })
})
