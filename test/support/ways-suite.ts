import { CELL } from './cell.ts'
import { runVitest } from './run-vitest.ts'
import { STYLES, TAKEN, WAYS, type Way } from './ways.ts'
import { startWorld, type World } from './world.ts'

/** What became of one way out in one style. */
export interface Row {
  readonly name: string
  readonly style: string
  readonly protocol: string
  /** `held`, `hung`, or what came instead. */
  readonly end: string
  readonly milliseconds: number
  /** Connects, packets and lookups that were handed to the operating system, counted below everything that tripwire patches. */
  readonly native: number
  readonly named: string | undefined
  /** `file:line` where it was made, and where the trip says so. */
  readonly place: string
  readonly site: string | undefined
}

export interface Tried {
  readonly rows: readonly Row[]
  /** What reached the world. */
  readonly arrived: readonly string[]
  readonly output: string
  /** Tests that a way out was tried in and that did not fail. */
  readonly green: readonly string[]
}

export interface TryOptions {
  readonly pool: string
  /** Another Node than this one. */
  readonly node?: string | undefined
  /** Without tripwire, to see that the ways lead out at all; leaves away what asks for names. */
  readonly unguarded?: boolean
}

/** Tries every way in every style, in real Vitest, against the world outside. */
export async function tryWaysOut({ pool, node, unguarded = false }: TryOptions): Promise<Tried> {
  await using world = await startWorld()
  const files = {
    'vitest.config.ts': `import { defineConfig } from 'vitest/config'
      import { tripwire } from 'vitest-tripwire/vite'
      export default defineConfig({ plugins: [${unguarded ? '' : 'tripwire()'}], test: { pool: '${pool}', setupFiles: ['./earlier.js'] } })`,
    'earlier.js': EARLIER,
    'node_modules/named/package.json': '{ "name": "named", "type": "module", "exports": "./index.js" }',
    'node_modules/named/index.js': namedImports(),
    'ways.test.js': suite(world, unguarded),
  }
  const run = await runVitest(files, { ...(node !== undefined && { node }) })
  await world.quiet()
  return {
    rows: JSON.parse(/ROWS(.*)END/.exec(run.output)?.[1] ?? '[]'),
    arrived: world.log,
    output: run.output,
    green: Object.entries(run.tests).flatMap(([name, { state }]) =>
      state === 'failed' || BLIND.has(name) ? [] : [name],
    ),
  }
}

/** Their trips are expected, so their tests pass. */
const BLIND: ReadonlySet<string> = new Set(tried().flatMap(({ blind, name }) => (blind ? [`${name} (-)`] : [])))

/** The ways that this cell of the matrix can go. */
function tried(): Way[] {
  const without = CELL?.without ?? []
  const can = without.includes('axios') ? WAYS.filter(({ code }) => !code.startsWith('axios')) : WAYS
  return can.map((way) => (without.includes(`cause of ${way.name}`) ? { ...way, blind: true } : way))
}

/** Every way in each of its styles. */
export function waysByStyle(): (Way & { readonly style: string })[] {
  return tried().flatMap((way) =>
    (way.module === undefined ? ['-'] : Object.keys(STYLES)).map((style) => ({ ...way, style })),
  )
}

export function figures({ rows, arrived }: Tried) {
  return {
    tried: rows.length,
    gotOut: rows.filter(({ native }) => native > 0).length + arrived.length,
    held: rows.filter(({ end }) => end === 'held').length,
    settledInASecond: rows.filter(({ end, milliseconds }) => end !== 'hung' && milliseconds < 1000).length,
    namedRight: rows.filter(({ named, protocol }) => named === protocol).length,
    siteRight: rows.filter(({ place, site }) => place === site).length,
  }
}

export function isWrong({ end, native, named, protocol, place, site }: Row): boolean {
  return end !== 'held' || native > 0 || named !== protocol || site !== place
}

/** Ways that lead nowhere although nothing guards them: they would prove nothing. Packets are seen in the world alone. */
export function leadNowhere({ rows, arrived }: Tried): string[] {
  const silent = rows.filter(({ native, name }) => native === 0 && !name.includes('dgram'))
  const packets = rows.filter(({ name }) => name.includes('dgram')).length
  const seen = arrived.filter((event) => event.startsWith('udp')).length
  return [
    ...silent.map(({ name, style }) => `${name} (${style})`),
    ...(seen < packets ? [`${packets - seen} packets`] : []),
  ]
}

const EARLIER = `
const captured = { fetch: globalThis.fetch }
for (const name of ${JSON.stringify(Object.keys(TAKEN))}) captured[name] = { ...process.getBuiltinModule('node:' + name) }
globalThis.captured = captured
`

/** A dependency that Node itself loads, whose named imports are bindings of the built-in modules. */
function namedImports(): string {
  return Object.entries(TAKEN)
    .flatMap(([module, names]) => [
      `import { ${names.map((name) => `${name} as ${module}_${name}`).join(', ')} } from 'node:${module}'`,
      `export const ${module} = { ${names.map((name) => `get ${name}() { return ${module}_${name} }`).join(', ')} }`,
    ])
    .join('\n')
}

function suite(world: World, unguarded: boolean): string {
  const lines = [
    `import { createHook } from 'node:async_hooks'`,
    `import { createRequire } from 'node:module'`,
    `import { PassThrough } from 'node:stream'`,
    `import { promisify } from 'node:util'`,
    `import dns from 'node:dns'`,
    `import http from 'node:http'`,
    `import net from 'node:net'`,
    ...(CELL?.without.includes('axios') ? [] : [`import axios from 'axios'`]),
    `import * as named from 'named'`,
    `import pg from 'pg'`,
    `import * as undici from 'undici'`,
    `import { afterAll, test } from 'vitest'`,
    `import { tripwire } from 'vitest-tripwire'`,
    `import WebSocket from 'ws'`,
    `const PORT = ${world.http}, HTTP = 'http://127.0.0.1:${world.http}', WS = 'ws://127.0.0.1:${world.http}'`,
    `const HTTPS = 'https://127.0.0.1:${world.tcp}', TCP = ${world.tcp}, UDP = ${world.udp}, UNIX = '${world.unix}'`,
    `const LOOKUP = (host, options, done) => options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)`,
    `const ignore = () => {}`,
    `const event = (emitter, name) => new Promise((ok, no) => { emitter.once(name, () => { emitter.destroy?.(); ok() }); emitter.on('error', no) })`,
    `const callback = fn => new Promise((ok, no) => fn(e => e ? no(e) : ok()))`,
    `const packet = (m, fn) => new Promise((ok, no) => { const s = m.createSocket('udp4'); s.done = e => { s.close(); e ? no(e) : ok() }; fn(s) })`,
    `const shut = target => new Promise(ok => { target.onopen = target.onerror = () => { target.close(); ok() } })`,
    `let native = 0, reached = ignore`,
    `const NATIVE = ['TCPCONNECTWRAP', 'PIPECONNECTWRAP', 'GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP', 'QUERYWRAP', 'UDPSENDWRAP']`,
    `createHook({ init(id, type) { if (NATIVE.includes(type)) { native++; reached() } } }).enable()`,
    `const soon = promise => Promise.race([promise, new Promise(r => setTimeout(r, 1000, 'hung')), ${unguarded ? `new Promise(r => { reached = () => r('reached') })` : 'new Promise(ignore)'}])`,
    `const trip = error => error?.tripId !== undefined ? error : error?.cause ? trip(error.cause) : undefined`,
    `const rows = []`,
    `afterAll(() => console.log('ROWS' + JSON.stringify(rows) + 'END'))`,
    `function way(name, style, protocol, line, blind, fn) {`,
    `  test(name + ' (' + style + ')', async () => {`,
    `    const before = native, start = performance.now()`,
    `    let found, end`,
    `    if (blind) end = await soon((${unguarded} ? fn() : tripwire.expectTrip(fn)).then(trips => { found = trips?.[0]; return found ? 'held' : 'got out' }, String))`,
    `    else end = await soon(Promise.resolve().then(fn).then(() => 'got out', error => { found = trip(error); return found ? 'held' : String(error) }))`,
    `    const site = found?.callSite && found.callSite.file.split('/').at(-1) + ':' + found.callSite.line`,
    `    rows.push({ name, style, protocol, end, milliseconds: Math.round(performance.now() - start), native: native - before, named: found?.protocol, place: 'ways.test.js:' + line, site })`,
    `  })`,
    `}`,
  ]
  for (const { name, style, protocol, module, code, byName, blind } of waysByStyle()) {
    if (unguarded && byName) continue
    const give = module === undefined ? '' : `const m = ${STYLES[style]?.(module)}; `
    lines.push(
      `way(${JSON.stringify(name)}, '${style}', '${protocol}', ${lines.length + 1}, ${blind === true}, async () => { ${give}await ${code} })`,
    )
  }
  return lines.join('\n')
}
