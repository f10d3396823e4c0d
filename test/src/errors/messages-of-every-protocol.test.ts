import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtins } from '../../../plugins/index.ts'
import { runVitest, TEMPORARY, type VitestRun } from '../../support/run-vitest.ts'

/** Real calls by real clients; none of them leads anywhere, also if it were let through. */
const CALLS = `
import { spawn } from 'node:child_process'
import { promises } from 'node:dns'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import WebSocket from 'ws'

const charge = ['https://api.example.com/v1/charges?token=tk_live_1', { method: 'POST', body: '{}' }] as const
const feed = 'wss://feed.example.com/prices?key=1'
const login = { host: 'db.example.com', user: 'app', password: 'hunter2', database: 'shop' }
const invoice = ['/no/such/folder/1.txt', 'total: 5'] as const
const failed = (made: { on(name: string, fn: (error: Error) => void): void }) =>
  new Promise((resolve, reject) => made.on('error', reject))

export const ours = {
  http: () => fetch(...charge),
  ws: () => failed(new WebSocket(feed)),
  sockets: () => failed(net.connect(6379, '10.0.0.5')),
  dns: () => promises.resolveMx('api.example.com'),
  db: () => new pg.Client(login).connect(),
  subprocess: () => failed(spawn('no-such-program', ['--force'])),
  worker: () => failed(new Worker('./no-such-file.js')),
  native: async () => process.dlopen({ exports: {} }, '/opt/addons/no-such-addon.node'),
  fs: () => writeFile(...invoice),
}
/** Bound functions of others: no line of this file is on their stack. */
export const theirs = {
  http: fetch.bind(undefined, ...charge),
  ws: Reflect.construct.bind(undefined, WebSocket, [feed]),
  sockets: net.connect.bind(undefined, 6379, '10.0.0.5' as never),
  dns: promises.resolveMx.bind(promises, 'api.example.com'),
  db: () => {},
  subprocess: spawn.bind(undefined, 'no-such-program', ['--force']),
  worker: Reflect.construct.bind(undefined, Worker, ['./no-such-file.js']),
  native: process.dlopen.bind(process, { exports: {} }, '/opt/addons/no-such-addon.node'),
  fs: writeFile.bind(undefined, ...invoice),
}
const client = new pg.Client(login)
theirs.db = client.connect.bind(client)
`
const POLLER = `
export const poll = (fn, after = 1) => new Promise((resolve, reject) => setTimeout(() => {
  try {
    const made = fn()
    made.on ? made.on('error', reject) : made.then(resolve, reject)
  } catch (error) {
    reject(error)
  }
}, after))
`
const IMPORTS = `
import { test } from 'vitest'
import { poll } from 'poller'
import { tripwire } from 'vitest-tripwire'
import { ours, theirs } from './calls.ts'
`
/** Every protocol twice: by a line of the user's, and by a library that calls on its own. */
const suite = (body: string, ...without: string[]) => `${IMPORTS}
for (const [sort, calls] of Object.entries({ sited: ours, unsited: theirs }))
  for (const [name, run] of Object.entries(calls))
    if (!${JSON.stringify(without)}.includes(name)) test(name + ' ' + sort, async () => {
      const call = (after = 1) => sort === 'sited' ? new Promise((resolve) => setTimeout(resolve, after)).then(() => run()) : poll(run, after)
      ${body}
    })
`
const FILES = {
  // Worker threads and native code pass but for a rule that denies them.
  TRIPWIRE_GUARDED_CALL: suite('await call()'),
  // Queries are safe: they would really be made.
  TRIPWIRE_UNSAFE_PASSTHROUGH: suite('await call()', 'dns', 'worker', 'native'),
  TRIPWIRE_UNMOCKED_INTERACTION: suite('await tripwire.sandbox(() => call())', 'worker', 'native'),
  TRIPWIRE_POST_SANDBOX_INTERACTION: suite(
    'const work = tripwire.sandbox(() => ({ promise: call(30) })); await work.promise',
  ),
  TRIPWIRE_EXPECTED_TRIP: suite("await tripwire.expectTrip(name === 'http' ? 'db' : 'http', () => call())"),
  TRIPWIRE_POST_TEST_INTERACTION: `${suite('call(200).catch(() => {})')}
test('the next one', () => new Promise((resolve) => setTimeout(resolve, 700)))`,
}
/** How many protocols have no message of a code. */
const WITHOUT: Readonly<Record<string, number>> = { TRIPWIRE_UNSAFE_PASSTHROUGH: 3, TRIPWIRE_UNMOCKED_INTERACTION: 2 }
/** Messages as Vitest has them, without stacks. */
const REPORTER = `
import { writeFileSync } from 'node:fs'
const texts = (error) => {
  if (error.errors?.length > 0) return error.errors.flatMap(texts)
  return error.message.startsWith('[TRIPWIRE') || !error.cause ? [error.message] : texts(error.cause) // fetch wraps
}
const all = (errors = []) => errors.flatMap(texts)
export default class {
  onTestRunEnd(modules) {
    const told = modules.map((module) => [module.relativeModuleId, [
      ...all(module.errors()), ...[...module.children.allTests()].flatMap((test) => all(test.result().errors)),
    ]])
    writeFileSync('told.json', JSON.stringify(Object.fromEntries(told)))
  }
}
`

describe('the message of', () => {
  let run: VitestRun
  let told: Record<string, string[]>
  beforeAll(async () => {
    const tests = Object.entries(FILES).map(([code, text]) => [`${code}.test.ts`, text])
    run = await runVitest(
      {
        ...Object.fromEntries(tests),
        'calls.ts': CALLS,
        'reporter.js': REPORTER,
        'tripwire.config.ts': `export default { deny: ['worker', 'native'], files: { 'TRIPWIRE_UNSAFE*': { guard: 'warn' } } }`,
        'node_modules/poller/index.js': POLLER,
        'node_modules/poller/package.json': '{ "name": "poller", "type": "module", "main": "index.js" }',
      },
      { reporters: ['--reporter=./reporter.js'], read: ['told.json'] },
    )
    told = JSON.parse(run.written['told.json'] ?? '{}')
  })

  test.each(Object.keys(FILES))('%s, of every protocol, with and without a call site', async (code) => {
    const messages = told[`${code}.test.ts`] ?? [run.output]
    expect(messages.filter((message) => !message.startsWith(`[${code}] `))).toEqual([])
    const protocols = builtins.length - (WITHOUT[code] ?? 0)
    expect(messages).toHaveLength(2 * protocols)
    const unsited = messages.filter((message) => message.includes('<unknown call site>'))
    expect(unsited).toHaveLength(code === 'TRIPWIRE_EXPECTED_TRIP' ? 0 : protocols)
    expect(messages.filter((message) => /hunter2|tk_live_1|key=1/.test(message))).toEqual([])
    const text = messages
      .join('\n\n')
      .replace(/#\d+\.(\d+)/g, '#1.$1') // which worker it is, nobody knows
      .replaceAll(realpathSync(TEMPORARY), '<tmp>')
    await expect(`${text}\n`).toMatchFileSnapshot(join('__messages__', `${code}.txt`))
  })
})
