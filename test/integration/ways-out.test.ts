import { expect, test } from 'vitest'
import { runVitest } from '../support/run-vitest.ts'
import { startWorld } from '../support/world.ts'

/** How a module may come by a function; each gives an expression for the module `node:name`. */
const STYLES = {
  'default import': (name: string) => `(await import('node:${name}')).default`,
  namespace: (name: string) => `await import('node:${name}')`,
  require: (name: string) => `createRequire(import.meta.url)('node:${name}')`,
  getBuiltinModule: (name: string) => `process.getBuiltinModule('node:${name}')`,
  'captured by an earlier setup file': (name: string) => `globalThis.captured['${name}']`,
} as const

/** Ways out that start from a built-in module `m`; each gives a promise that settles with what came of it. */
const BUILTIN_WAYS: readonly [name: string, module: string, protocol: string, code: string][] = [
  ['http.get', 'http', 'http', 'event(m.get(HTTP), "response")'],
  ['http.request', 'http', 'http', 'event(m.request(HTTP).end(), "response")'],
  ['http.request options', 'http', 'http', 'event(m.request({ host: "127.0.0.1", port: PORT }).end(), "response")'],
  ['new http.ClientRequest', 'http', 'http', 'event(new m.ClientRequest(HTTP).end(), "response")'],
  [
    'http.get keep-alive agent',
    'http',
    'http',
    'event(m.get(HTTP, { agent: new m.Agent({ keepAlive: true }) }), "response")',
  ],
  ['http.get agent: false', 'http', 'http', 'event(m.get(HTTP, { agent: false }), "response")'],
  [
    'http.get createConnection',
    'http',
    'http',
    'event(m.get(HTTP, { createConnection: o => net.connect(o.port, o.host) }), "response")',
  ],
  ['http socketPath', 'http', 'http', 'event(m.get({ socketPath: UNIX, path: "/" }), "response")'],
  ['https.get', 'https', 'http', 'event(m.get(HTTPS), "response")'],
  ['https.request', 'https', 'http', 'event(m.request(HTTPS).end(), "response")'],
  ['http2.connect', 'http2', 'http', 'event(m.connect(HTTP), "connect")'],
  ['http2.connect tls', 'http2', 'http', 'event(m.connect(HTTPS), "connect")'],
  ['net.connect', 'net', 'sockets', 'event(m.connect(TCP, "127.0.0.1"), "connect")'],
  ['net.connect options', 'net', 'sockets', 'event(m.connect({ port: TCP, host: "localhost" }), "connect")'],
  ['net.createConnection', 'net', 'sockets', 'event(m.createConnection(TCP), "connect")'],
  ['new net.Socket', 'net', 'sockets', 'event(new m.Socket().connect(TCP, "127.0.0.1"), "connect")'],
  ['net subclass', 'net', 'sockets', 'event(new (class extends m.Socket {})().connect(TCP), "connect")'],
  ['net unix path', 'net', 'sockets', 'event(m.connect(UNIX), "connect")'],
  ['net by name', 'net', 'sockets', 'event(m.connect(443, "db.example.com"), "connect")'],
  [
    'tls port, host, options',
    'tls',
    'sockets',
    'event(m.connect(TCP, "127.0.0.1", { rejectUnauthorized: false }), "secureConnect")',
  ],
  ['tls port, options', 'tls', 'sockets', 'event(m.connect(TCP, { rejectUnauthorized: false }), "secureConnect")'],
  ['tls options', 'tls', 'sockets', 'event(m.connect({ port: TCP, host: "127.0.0.1" }), "secureConnect")'],
  ['dgram send', 'dgram', 'sockets', 'packet(m, s => s.send("x", UDP, "127.0.0.1", s.done))'],
  ['dgram sliced', 'dgram', 'sockets', 'packet(m, s => s.send(Buffer.from("xyz"), 0, 2, UDP, "127.0.0.1", s.done))'],
  [
    'dgram connect',
    'dgram',
    'sockets',
    'packet(m, s => s.connect(UDP, "127.0.0.1", e => e ? s.done(e) : s.send("x", s.done)))',
  ],
  ['dns.lookup', 'dns', 'dns', 'callback(done => m.lookup("a.example.com", done))'],
  ['dns.resolve4', 'dns', 'dns', 'callback(done => m.resolve4("a.example.com", done))'],
  ['dns.resolve', 'dns', 'dns', 'callback(done => m.resolve("a.example.com", "MX", done))'],
  ['dns.reverse', 'dns', 'dns', 'callback(done => m.reverse("192.0.2.1", done))'],
  ['dns.lookupService', 'dns', 'dns', 'callback(done => m.lookupService("192.0.2.1", 80, done))'],
  ['dns promisified', 'dns', 'dns', 'promisify(m.lookup)("a.example.com")'],
  ['dns.Resolver', 'dns', 'dns', 'callback(done => new m.Resolver().resolve6("a.example.com", done))'],
  [
    'dns after setServers',
    'dns',
    'dns',
    'callback(done => { m.setServers(["127.0.0.1:1"]); m.resolve4("a.example.com", done) })',
  ],
  ['dns.promises', 'dns', 'dns', 'm.promises.lookup("a.example.com")'],
  ['dns.promises.Resolver', 'dns', 'dns', 'new m.promises.Resolver().resolveTxt("a.example.com")'],
]

const OTHER_WAYS: readonly [name: string, protocol: string, code: string][] = [
  ['fetch', 'http', 'fetch(HTTP)'],
  ['fetch POST', 'http', 'fetch(HTTP, { method: "POST", body: "x" })'],
  ['fetch Request', 'http', 'fetch(new Request(HTTP, { method: "PUT", body: "x" }))'],
  ['fetch captured', 'http', 'globalThis.captured.fetch(HTTP)'],
  ['undici.request', 'http', 'undici.request(HTTP)'],
  ['undici.fetch', 'http', 'undici.fetch(HTTP)'],
  ['undici.stream', 'http', 'undici.stream(HTTP, {}, () => new PassThrough())'],
  ['undici.Client', 'http', 'new undici.Client(HTTP).request({ path: "/", method: "GET" })'],
  ['undici.Pool', 'http', 'new undici.Pool(HTTP).request({ path: "/", method: "GET" })'],
  ['undici.Agent dispatcher', 'http', 'fetch(HTTP, { dispatcher: new undici.Agent() })'],
  ['undici.upgrade', 'http', 'new undici.Client(HTTP).upgrade({ path: "/", protocol: "x" })'],
  ['axios', 'http', 'axios.get(HTTP)'],
  ['ws', 'ws', 'event(new WebSocket(HTTP.replace("http", "ws")), "open")'],
  ['wss', 'ws', 'event(new WebSocket(HTTPS.replace("http", "ws")), "open")'],
  ['pg', 'db', 'new pg.Client({ host: "127.0.0.1", port: TCP, user: "app", password: "secret-word" }).connect()'],
  ['pg pool', 'db', 'new pg.Pool({ host: "127.0.0.1", port: TCP, user: "app" }).query("select 1")'],
]

const EARLIER = `
const captured = { fetch: globalThis.fetch }
for (const name of ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns']) captured[name] = { ...process.getBuiltinModule('node:' + name) }
globalThis.captured = captured
`

function suite(world: { http: number; tcp: number; udp: number; unix: string }): string {
  const lines = [
    `import { afterAll, test } from 'vitest'`,
    `import { createRequire } from 'node:module'`,
    `import { promisify } from 'node:util'`,
    `import { PassThrough } from 'node:stream'`,
    `import net from 'node:net'`,
    `import * as undici from 'undici'`,
    `import axios from 'axios'`,
    `import WebSocket from 'ws'`,
    `import pg from 'pg'`,
    `const PORT = ${world.http}, HTTP = 'http://127.0.0.1:${world.http}', HTTPS = 'https://127.0.0.1:${world.tcp}', TCP = ${world.tcp}, UDP = ${world.udp}, UNIX = '${world.unix}'`,
    `const event = (emitter, name) => new Promise((ok, no) => { emitter.once(name, () => { emitter.destroy?.(); ok() }); emitter.on('error', no) })`,
    `const callback = fn => new Promise((ok, no) => fn(e => e ? no(e) : ok()))`,
    `const packet = (m, fn) => new Promise((ok, no) => { const s = m.createSocket('udp4'); s.done = e => { s.close(); e ? no(e) : ok() }; fn(s) })`,
    `const hung = Symbol()`,
    `const soon = promise => Promise.race([promise.then(() => 'got out', error => error), new Promise(r => setTimeout(r, 1000, hung))])`,
    `const trip = error => error?.tripId !== undefined ? error : error?.cause ? trip(error.cause) : undefined`,
    `const rows = []`,
    `afterAll(() => console.log('ROWS' + JSON.stringify(rows) + 'END'))`,
    `const way = (name, protocol, line, fn) => test(name, async () => { const end = await soon(Promise.resolve().then(fn)); const t = trip(end); rows.push({ name, protocol, end: end === hung ? 'hung' : t ? 'held' : String(end), named: t?.protocol, line, site: t?.callSite?.line }) })`,
  ]
  const add = (name: string, protocol: string, code: string) => {
    lines.push(`way(${JSON.stringify(name)}, '${protocol}', ${lines.length + 1}, async () => { ${code} })`)
  }
  for (const [name, module, protocol, code] of BUILTIN_WAYS) {
    for (const [style, give] of Object.entries(STYLES))
      add(`${name} (${style})`, protocol, `const m = ${give(module)}; await ${code}`)
  }
  for (const [name, protocol, code] of OTHER_WAYS) add(name, protocol, `await ${code}`)
  return lines.join('\n')
}

interface Row {
  readonly name: string
  readonly protocol: string
  readonly end: string
  readonly named: string | undefined
  readonly line: number
  readonly site: number | undefined
}

const node = process.env.TRIPWIRE_NODE

/** undici's WebSocket tells its error event nothing of the cause: the test is red for it all the same. */
const BLIND = `
import { test } from 'vitest'
import * as undici from 'undici'
test('undici.WebSocket', () => new Promise(done => { new undici.WebSocket('ws://feed.example.com/prices').onerror = done }))
`

test('an error event without a cause hides nothing', async () => {
  const run = await runVitest({ 'blind.test.js': BLIND })
  expect(run.tests['undici.WebSocket']?.messages[0]).toContain(
    '[TRIPWIRE_GUARDED_CALL] a WebSocket to ws://feed.example.com/prices was blocked, outside any sandbox.',
  )
})

test.each(['forks', 'threads'])('no way out of the network is open (%s)', async (pool) => {
  await using world = await startWorld()
  const config = `
    import { defineConfig } from 'vitest/config'
    import { tripwire } from 'vitest-tripwire/vite'
    export default defineConfig({ plugins: [tripwire()], test: { pool: '${pool}', setupFiles: ['./earlier.js'] } })`
  const run = await runVitest(
    { 'vitest.config.ts': config, 'earlier.js': EARLIER, 'ways.test.js': suite(world) },
    { ...(node && { node }) },
  )
  await world.quiet()
  const rows: Row[] = JSON.parse(/ROWS(.*)END/.exec(run.output)?.[1] ?? '[]')
  const figures = {
    tried: rows.length,
    held: rows.filter(({ end }) => end === 'held').length,
    namedRight: rows.filter(({ named, protocol }) => named === protocol).length,
    siteRight: rows.filter(({ line, site }) => line === site).length,
  }
  if (process.env.TRIPWIRE_FIGURES) console.log(pool, process.version, node ?? '', figures)
  expect(world.log).toEqual([])
  expect(rows.filter(({ end }) => end !== 'held')).toEqual([])
  expect(
    rows.filter(({ named, protocol }) => named !== protocol).map(({ name, named }) => `${name}: ${named}`),
  ).toEqual([])
  expect(rows.filter(({ line, site }) => line !== site).map(({ name }) => name)).toEqual([])
  expect(rows.length).toBe(BUILTIN_WAYS.length * Object.keys(STYLES).length + OTHER_WAYS.length)
  expect(Object.values(run.tests).every(({ state }) => state === 'failed')).toBe(true)
  expect(run.output).not.toContain('secret-word')
})
