import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { CLIENTS, type Client } from './clients.ts'
import { NODE, runVitest, type VitestRun } from './run-vitest.ts'

/** Where a client is pointed at: a stand-in on loopback, or a name that must not even be looked up. */
export type Target = 'here' | 'away'

interface Told {
  readonly protocol: string
  readonly description: string
  readonly rule: string
  /** `file:line`, if the trip knows one. */
  readonly site?: string
  /** What the message says of where it was made. */
  readonly where: string
}

/** What became of one client without any rule. */
export interface Held {
  readonly name: string
  readonly target: Target
  /** `failed: …`, `hung` after a second, or `got out`. */
  readonly end: string
  readonly milliseconds: number
  readonly trips: readonly Told[]
  /** `file:line` where it was called. */
  readonly place: string
}

/** What became of one client once the rules of its trips were pasted, and of its open connection after that. */
export interface Worked {
  readonly name: string
  readonly rules: readonly string[]
  /** `works`, or what came instead. */
  readonly end: string
  /** Connections that its next operation made, or that after it if there were any. */
  readonly connects: number
  /** What the use of the warm connection gave without a rule: `works`, or the trip. */
  readonly warm: string
  /** The same in a sandbox. */
  readonly boxed: string
  /** The same in a sandbox, with the rules in force. */
  readonly allowed: string
}

/** The stand-ins: one server in another process for each client. */
export interface StandIns extends AsyncDisposable {
  readonly ports: Readonly<Record<string, number>>
  /** What reached each. */
  readonly log: Readonly<Record<string, readonly string[]>>
  quiet(): Promise<void>
}

/** What the first trip of a client has to say, pointed at a port here or at a name. */
export function naming(
  { protocol, named, rule }: Client,
  port?: number,
): Pick<Told, 'protocol' | 'description' | 'rule'> {
  const [host, secure, place] = port === undefined ? ['api.example.com', 's', ''] : ['127.0.0.1', '', `:${port}`]
  const filled = (text: string) =>
    text
      .replace('<origin>', `http${secure}://${host}${place}`)
      .replace('<ws>', `ws${secure}://${host}${place}`)
      .replace('<place>', `${host}${place}`)
      .replace(/<(\d+)>/, (_, usual) => `${host}${place || `:${usual}`}`)
  return { protocol, description: filled(named), rule: filled(rule) }
}

const major = Number.parseInt(execFileSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' }), 10)
/** Those that run on the Node that is used. */
export const usable = CLIENTS.filter(({ node = 0 }) => node <= major)

export async function startStandIns(): Promise<StandIns> {
  const wanted = Object.fromEntries(CLIENTS.map(({ name, speaks }) => [name, speaks]))
  const child = fork(join(import.meta.dirname, 'stand-ins.mjs'), [JSON.stringify(wanted)], { execArgv: [] })
  const log: Record<string, string[]> = {}
  const ports = await new Promise<Record<string, number>>((resolve, reject) => {
    child.on('message', (message: { ports?: Record<string, number>; name?: string; text?: string }) => {
      const { name, text } = message
      if (message.ports) resolve(message.ports)
      else if (name && text) log[name] = [...(log[name] ?? []), text]
    })
    child.on('exit', () => reject(new Error('the stand-ins ended early')))
  })
  return {
    ports,
    log,
    quiet: () => new Promise((resolve) => setTimeout(resolve, 100)),
    async [Symbol.asyncDispose]() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Several at once, as most wait; few enough to settle as if they were alone. */
const ARGS = ['--testTimeout=20000', '--sequence.concurrent', '--maxConcurrency=4']

/**
 * Every client without a rule: what it was told, and whether a test that swallows that is red. `native` counts the connects, packets and
 * lookups that were handed to the operating system.
 */
export async function holdClients({ ports }: StandIns): Promise<{ rows: Held[]; native: number; run: VitestRun }> {
  const files = { 'held.test.js': heldSuite(ports), 'swallowed.test.js': swallowedSuite(ports) }
  const run = await runVitest(files, { args: ARGS, limit: 110 })
  return { ...toldBy<Held>(run), run }
}

/** Every client with the rules of its own trips pasted, then its open connection without them. */
export async function letClientsWork({ ports }: StandIns): Promise<Worked[]> {
  const { rows } = toldBy<Worked>(await runVitest({ 'works.test.js': worksSuite(ports) }, { args: ARGS, limit: 110 }))
  return rows
}

function toldBy<T>({ output }: VitestRun): { rows: T[]; native: number } {
  const told = /ROWS(.*)END/.exec(output)?.[1]
  if (told === undefined) throw new Error(output.slice(0, 4000))
  return JSON.parse(told)
}

function prologue(ports: Readonly<Record<string, number>>): string[] {
  const imports = usable.flatMap(({ imports, module, pkg }) =>
    imports ? `import ${imports} from '${module ?? pkg}'` : [],
  )
  return [
    `import { AsyncLocalStorage, createHook } from 'node:async_hooks'`,
    `import { afterAll, test } from 'vitest'`,
    `import { tripwire } from 'vitest-tripwire'`,
    ...new Set(imports),
    `const ignore = () => {}, same = x => x`,
    `const quiet = emitter => (emitter.on('error', ignore), emitter)`,
    `const event = (target, name, failure = 'error') => new Promise((ok, no) => { const on = target.on ?? target.addEventListener; on.call(target, name, ok); on.call(target, failure, no) })`,
    `const callback = fn => new Promise((ok, no) => fn((error, result) => error ? no(error) : ok(result)))`,
    `const later = (time, text) => new Promise(resolve => setTimeout(resolve, time, text))`,
    // A second of this process: a machine that is too busy to run it does not make a client slow.
    `const second = async text => { for (let tick = 0; tick < 50; tick++) await later(20); return text }`,
    `const PORTS = ${JSON.stringify(ports)}`,
    `const here = name => ({ host: '127.0.0.1', port: PORTS[name], place: '127.0.0.1:' + PORTS[name], origin: 'http://127.0.0.1:' + PORTS[name] })`,
    `const away = () => ({ host: 'api.example.com', place: 'api.example.com', origin: 'https://api.example.com' })`,
    `const NATIVE = ['TCPCONNECTWRAP', 'PIPECONNECTWRAP', 'GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP', 'QUERYWRAP', 'UDPSENDWRAP']`,
    `const counts = new AsyncLocalStorage()`,
    `const rows = []`,
    `let native = 0`,
    `createHook({ init(id, type) { if (!NATIVE.includes(type)) return; native++; const count = counts.getStore(); if (count) count.native++ } }).enable()`,
    `afterAll(() => console.log('ROWS' + JSON.stringify({ rows, native }) + 'END'))`,
  ]
}

/** A client as a test would use it, all of it on one line. */
function lineOf({ make, connect, use, end }: Client): string {
  return `const c = ${make}; ends.push(async () => ${end ?? 'c'}); ${connect ? `await ${connect}; ` : ''}await ${use}`
}

function heldSuite(ports: Readonly<Record<string, number>>): string {
  const lines = [
    ...prologue(ports),
    `const nameOf = ({ file, line }) => file.split('/').at(-1) + ':' + line`,
    `function client(name, target, line, fn) {`,
    `  test(name + ' ' + target, async () => {`,
    `    const start = performance.now(), ends = []`,
    `    let end, milliseconds`,
    `    const trips = await tripwire.expectTrip(async () => {`,
    `      end = await Promise.race([fn(target === 'here' ? here(name) : away(), ends).then(() => 'got out', error => 'failed: ' + error?.message), second('hung')])`,
    `      milliseconds = Math.round(performance.now() - start)`,
    `      for (const end of ends) await Promise.race([end().catch(ignore), later(100)])`,
    `    })`,
    `    const told = trips.map(trip => ({ protocol: trip.protocol, description: trip.description.replace(/&t=.*/, ''), rule: trip.rule, site: trip.callSite && nameOf(trip.callSite), where: /where +(.*)/.exec(trip.message)?.[1] }))`,
    `    rows.push({ name, target, end, milliseconds, place: 'held.test.js:' + line, trips: told })`,
    `  })`,
    `}`,
  ]
  for (const client of usable)
    for (const target of ['here', 'away'])
      lines.push(
        `client(${JSON.stringify(client.name)}, '${target}', ${lines.length + 1}, async (at, ends) => { ${lineOf(client)} })`,
      )
  return lines.join('\n')
}

/** Applications that catch whatever comes. */
function swallowedSuite(ports: Readonly<Record<string, number>>): string {
  const tests = usable.map(
    (client) => `test(${JSON.stringify(client.name)}, async () => {
      const at = here(${JSON.stringify(client.name)}), ends = []
      await Promise.race([(async () => { ${lineOf(client)} })().catch(ignore), second()])
      for (const end of ends) await Promise.race([end().catch(ignore), later(100)])
    })`,
  )
  return [...prologue(ports).filter((line) => !line.startsWith('afterAll')), ...tests].join('\n')
}

function worksSuite(ports: Readonly<Record<string, number>>): string {
  const lines = [
    ...prologue(ports),
    `const error = e => 'failed: ' + e?.message`,
    `const soon = promise => Promise.race([promise, second('hung')])`,
    `async function tripOf(fn) {`,
    `  let end`,
    `  const trips = await tripwire.expectTrip(async () => { end = await soon((async () => fn())().then(() => 'works', error)) }).catch(() => [])`,
    `  return trips.length > 0 ? trips : end`,
    `}`,
    `const shown = trips => typeof trips === 'string' ? trips : trips[0].protocol + ' trip'`,
    `function client(name, warm, open, use) {`,
    `  test(name, async () => {`,
    `    const ends = [], rules = []`,
    `    let opened, trips`,
    `    do {`,
    `      opened = undefined`,
    `      const attempt = () => tripOf(async () => { opened = await open(here(name), ends) })`,
    `      trips = await (rules.length > 0 ? tripwire.allow(rules, attempt) : attempt())`,
    `      if (typeof trips !== 'string') rules.push(trips[0].rule)`,
    `    } while (typeof trips !== 'string' && rules.length < 4)`,
    `    const row = { name, rules, end: shown(trips), connects: 0, warm: '-', boxed: '-', allowed: '-' }`,
    `    const go = () => use(opened[0], here(name))`,
    `    const reopen = async () => { opened = await tripwire.allow(rules, () => soon(open(here(name), ends))) }`,
    `    if (opened && warm) {`,
    // On a busy machine a connection comes back to its pool late.
    `      for (let tries = 0; tries < 3 && (tries === 0 || row.connects > 0); tries++) {`,
    `        await later(20)`,
    `        const count = { native: 0 }`,
    `        await counts.run(count, () => tripwire.allow(rules, () => soon(go())))`,
    `        row.connects = count.native`,
    `      }`,
    `      row.warm = shown(await tripOf(go))`,
    `      await reopen()`,
    `      row.allowed = shown(await tripOf(() => tripwire.sandbox(() => tripwire.allow(rules, go))))`,
    `      row.boxed = shown(await tripOf(() => tripwire.sandbox(go)))`,
    `    }`,
    `    rows.push(row)`,
    `    for (const end of ends) await Promise.race([end().catch(ignore), later(100)])`,
    `  })`,
    `}`,
  ]
  for (const client of usable) {
    const { name, make, connect, use, end } = client
    const open = `async (at, ends) => { const c = ${make}; ends.push(async () => ${end ?? 'c'}); ${connect ? `await ${connect}; ` : ''}await ${use}; return [c] }`
    lines.push(`client(${JSON.stringify(name)}, ${!client.oneShot}, ${open}, async (c, at) => { await ${use} })`)
  }
  return lines.join('\n')
}
