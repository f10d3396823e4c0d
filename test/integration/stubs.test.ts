import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

/** What tests replace, as an expression; none of it may open a way out. */
const STUBBED = [
  ...['resolve', 'join', 'relative', 'isAbsolute', 'basename', 'dirname', 'normalize'].map((name) => `path, '${name}'`),
  ...['get', 'set', 'has', 'delete', 'keys', 'values', 'entries', 'forEach'].map((name) => `Map.prototype, '${name}'`),
  ...['has', 'add', 'delete', 'values'].map((name) => `Set.prototype, '${name}'`),
  ...['get', 'set', 'has'].map((name) => `WeakMap.prototype, '${name}'`),
  ...['has', 'add'].map((name) => `WeakSet.prototype, '${name}'`),
  ...'some every find filter includes map flatMap push slice splice indexOf at join unshift pop shift findIndex concat'
    .split(' ')
    .map((name) => `Array.prototype, '${name}'`),
  ...'startsWith endsWith includes slice split replace toLowerCase indexOf trim match replaceAll'
    .split(' ')
    .map((name) => `String.prototype, '${name}'`),
  ...['test', 'exec'].map((name) => `RegExp.prototype, '${name}'`),
  ...['keys', 'entries', 'values', 'fromEntries', 'assign', 'hasOwn', 'freeze'].map((name) => `Object, '${name}'`),
  ...['apply', 'construct', 'get', 'ownKeys', 'getOwnPropertyDescriptor', 'defineProperty'].map(
    (name) => `Reflect, '${name}'`,
  ),
  "Object.prototype, 'hasOwnProperty'",
  "Array, 'isArray'",
  "Number, 'isInteger'",
  "JSON, 'stringify'",
  "Date, 'now'",
  "process, 'cwd'",
  "Function.prototype, 'call'",
  "Function.prototype, 'apply'",
  "Function.prototype, 'bind'",
  "AsyncLocalStorage.prototype, 'getStore'",
  "AsyncLocalStorage.prototype, 'run'",
  "net, 'isIP'",
  "url, 'fileURLToPath'",
  "globalThis, 'URL'",
]

let server: Server
let folder: string
/** What the connections that came through had to say. */
const arrived: string[] = []
let run: VitestRun
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tripwire-stubs-'))
  server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (data) => {
        arrived.push(decodeURIComponent(String(data).split('\r\n')[0] ?? ''))
        socket.destroy()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const touch = join(folder, 'ran')
  run = await runVitest(
    {
      'a.test.js': `
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, promises, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import url from 'node:url'
import { Worker } from 'node:worker_threads'
import { test } from 'vitest'
const ways = {
  connect: (name) => net.connect({ port: ${port}, host: '127.0.0.1' }, function () { this.write(name) }).on('error', () => {}),
  request: (name) => http.get('http://127.0.0.1:${port}/' + name).on('error', () => {}),
  fetch: (name) => { fetch('http://127.0.0.1:${port}/' + name).catch(() => {}) },
  spawn: () => spawn('touch', ['${touch}']).on('error', () => {}),
  spawnSync: () => spawnSync('touch', ['${touch}']),
  write: (name) => writeFileSync('written', name + ' ', { flag: 'a' }),
  'write, promised': (name) => { promises.writeFile('written', name + ' ', { flag: 'a' }).catch(() => {}) },
  'write, streamed': (name) => { createWriteStream('written', { flags: 'a' }).on('error', () => {}).end(name + ' ') },
}
const pause = (after) => new Promise((resolve) => setTimeout(resolve, after))
// By hand: a spy uses much of what is stubbed here itself.
const without = (owner, name, how, fn) => {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  const { defineProperty } = Reflect
  owner[name] = how
  try { fn() } catch {} finally { defineProperty(owner, name, before) }
}
for (const [owner, name_] of [${STUBBED.map((what) => `[${what}]`).join(', ')}])
  for (const [kind, how] of [['nothing', function () {}], ['true', () => true], ['an error', () => { throw new Error('stubbed') }]])
    for (const way in ways) {
      const name = [way, 'while', owner.constructor.name + '.' + name_, 'gives', kind].join(' ')
      const inUrl = encodeURIComponent(name)
      test(name, () => without(owner, name_, how, () => ways[way](inUrl)))
    }
test('is over by then', () => pause(1000))
`,
    },
    { read: ['written'], env: { TMPDIR: folder } },
  )
}, 120_000)
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a built-in that a test stubs opens no way out', () => {
  expect(arrived).toEqual([])
  expect(existsSync(join(folder, 'ran'))).toBe(false)
  expect(
    (run.written.written ?? '')
      .split(' ')
      .map(decodeURIComponent)
      .filter((name) => name !== ''),
  ).toEqual([])
  expect(Object.keys(run.tests).length).toBe(STUBBED.length * 3 * 8 + 1)
  expect(run.tests['is over by then']?.state).toBe('passed')
})

// Undici stands on these itself, and comes to no connection without them; without Reflect.apply we make no call at all.
test('what the guard itself stands on works all the same: what is stopped is told', () => {
  const silent = Object.entries(run.tests)
    .filter(
      ([name, { state }]) =>
        /^(?!fetch).*(?:Map|Set|Object)\.(?!keys|entries|values|assign|hasOwn|freeze|from|apply|isIP)/.test(name) &&
        state === 'passed',
    )
    .map(([name]) => name)
  expect(silent).toEqual([])
})
