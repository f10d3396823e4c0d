/** Small projects with a call that is stopped, and a place for each fix that its message may offer. */
import type { World } from '../../support/world.ts'

/** What is pasted; all are left out at first. */
export interface Paste {
  /** The whole config, or keys of it. */
  readonly config?: string
  /** Before the call, in the test, or in whatever the place is about. */
  readonly code?: string
  /** As the options of the test or sandbox. */
  readonly options?: string
  /** Where the test begins, for a place inside it. */
  readonly body?: string
}

export interface Place {
  /** Keys of the config that are there already; without them there is no config file. */
  readonly config?: string
  /** Code that is there already, and makes way for a fix that replaces it. */
  readonly code?: string
  /** Folder of the test file, below that of the config. */
  readonly folder?: string
  readonly file?: string
  /** The calls that are tried there; a rule's text is the same everywhere, so most places make do with two. */
  readonly ways: readonly Way[]
  source(call: string, paste: Paste): string
}

const ALL = ['http', 'ws', 'tcp', 'udp', 'unix', 'dns', 'db'] as const
export type Way = (typeof ALL)[number]

/** Calls that say whether they reached the other side; every other end of them is thrown. */
export function callsTo({ http, tcp, udp, unix }: World): string {
  return `
import { createSocket } from 'node:dgram'
import { promises } from 'node:dns'
import net from 'node:net'
import pg from 'pg'
import WebSocket from 'ws'

const opened = (made, event) => new Promise((resolve, reject) => made.once(event, resolve).once('error', reject))
const resolver = new promises.Resolver({ timeout: 100, tries: 1 })
resolver.setServers(['127.0.0.1:${udp}'])

const ways = {
  http: async () => { await (await fetch('http://127.0.0.1:${http}/prices?key=1', { method: 'POST' })).text() },
  ws: async () => { const socket = new WebSocket('ws://127.0.0.1:${http}/open'); await opened(socket, 'open'); socket.terminate() },
  tcp: async () => { const socket = net.connect(${tcp}, '127.0.0.1'); await opened(socket, 'connect'); socket.destroy() },
  udp: async () => {
    const socket = createSocket('udp4')
    await new Promise((resolve, reject) => socket.send('x', ${udp}, '127.0.0.1', (error) => error ? reject(error) : resolve()))
    socket.close()
  },
  unix: async () => { const socket = net.connect('${unix}'); await opened(socket, 'connect'); socket.destroy() },
  dns: () => resolver.resolve4('api.example.com'),
  db: () => new pg.Client({ host: '127.0.0.1', port: ${tcp}, user: 'app', database: 'shop', connectionTimeoutMillis: 200 }).connect(),
}

/** Nobody at the other side speaks DNS or Postgres: that it never answers shows that it was asked. */
export async function outcome(way) {
  try {
    await ways[way]()
    return 'reached'
  } catch (error) {
    const { code = '', message } = error.cause ?? error
    if (code === 'ETIMEOUT' || /timeout/.test(message)) return 'reached'
    if (/^(?:EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ENOENT|ECONNREFUSED)$/.test(code)) return 'unreachable'
    throw error
  }
}

export async function call(way, wanted) {
  const got = await outcome(way)
  if (got !== wanted) throw new Error('the call was ' + got + ' and not ' + wanted)
}
`
}

const HEAD = (up: string) => `
import { afterAll, beforeAll, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { call } from '${up}calls.js'
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time))
`
const inTest = (call: string, { options, body = '', code = '' }: Paste) =>
  `test('calls', ${options ? `${options}, ` : ''}async () => {\n${body}\n${code}\n${call}\n})`
/** Work that is left behind, and ends badly where nobody looks. */
const left = (call: string) => `
let timer
const work = new Promise((resolve, reject) => { timer = setTimeout(() => (async () => { ${call} })().then(resolve, reject), 50) })
work.catch(() => {})`

export const PLACES: Readonly<Record<string, Place>> = {
  'a test without a config': { ways: ALL, source: inTest },
  'a test under warn': { config: "guard: 'warn'", ways: ['http', 'udp'], source: inTest },
  'a hook': {
    ways: ['tcp', 'dns'],
    config: "guard: 'error'",
    source: (call, { code = '' }) => `beforeAll(async () => {\n${code}\n${call}\n})\ntest('passes', () => {})`,
  },
  'an import': {
    ways: ['http', 'db'],
    config: "guard: 'error'",
    source: (call) => `${call}\ntest('passes', () => {})`,
  },
  'an import in a folder below the config': {
    ways: ['http', 'unix'],
    config: "guard: 'error'",
    folder: 'packages/{app}',
    file: '[id] (new).test.ts',
    source: (call) => `${call}\ntest('passes', () => {})`,
  },
  'a sandbox': {
    ways: ['http', 'ws', 'udp'],
    config: "guard: 'error'",
    source: (call, { options, body = '' }) =>
      `test('calls', async () => {\n${body}\nawait tripwire.sandbox(${options ? `${options}, ` : ''}async () => { ${call} })\n})`,
  },
  'a ceiling of the config': {
    ways: ['ws', 'unix'],
    config: "restrict: ['http:elsewhere.example', 'db:redis://elsewhere']",
    source: inTest,
  },
  'a ceiling of a test': {
    ways: ['tcp', 'db'],
    code: "tripwire.restrict('http:elsewhere.example')",
    source: inTest,
  },
  'a deny of the config': {
    ways: ['http', 'dns', 'unix'],
    config: "deny: ['http', 'ws', 'sockets', 'dns', 'db']",
    source: inTest,
  },
  'the only deny of the config': { config: "deny: ['sockets']", ways: ['http', 'udp'], source: inTest },
  'a deny of a test': { ways: ['ws', 'dns'], code: "tripwire.deny(['sockets', 'dns'])", source: inTest },
  'a sandbox that ended': {
    ways: ['ws', 'db'],
    config: "guard: 'error'",
    source: (call, { body = '', code = '' }) => `
test('calls', async () => {
  ${body}
  let done
  await tripwire.sandbox(async () => {
    ${left(call)}
    done = work
    ${code}
  })
  await Promise.race([done, sleep(600)])
})`,
  },
  'a test that ended': {
    ways: ['tcp', 'db', 'dns'],
    config: "guard: 'error'",
    source: (call, { code = '' }) => `
test('calls', async () => {
  ${left(call)}
  ${code}
})
test('the next one', () => sleep(600))`,
  },
}

/** The files of the project at a place, with a fix or without. */
export function filesAt(name: string, way: string, paste: Paste = {}, wanted = 'reached'): Record<string, string> {
  const { config, code, folder, file = 'a.test.ts', source } = PLACES[name] as Place
  const keys = [paste.config ?? '', paste.config && replaces(paste.config) ? '' : (config ?? '')].filter(Boolean)
  const whole = keys.find((text) => text.startsWith('export default')) ?? `export default { ${keys.join(',\n')}\n}`
  const up = folder === undefined ? '../' : `../${folder.replaceAll(/[^/]+/g, '..')}/`
  const replaced = paste.code !== undefined && replaces(paste.code)
  const lines = replaced ? paste.code : [code, paste.code].filter(Boolean).join('\n')
  const text = source(`await call('${way}', '${wanted}')`, { ...paste, ...(lines && { code: lines }) })
  return {
    [folder === undefined ? file : `${folder}/${file}`]: `${HEAD(up)}${text}`,
    ...(keys.length > 0 && { 'tripwire.config.ts': whole }),
  }
}

/** Whether a fix holds what stands there already, changed. */
function replaces(code: string): boolean {
  return /restrict|deny/.test(code)
}
