import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { cleanEnv, NODE } from '../support/run-vitest.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TABLE = join(ROOT, 'test/fixtures/transparency/table.mjs')

interface Row {
  readonly slot: string
  /** In which way the function there is not like the one that it stands for. */
  readonly wrong: readonly string[]
}

interface Survey {
  /** The major version of Node that it was made with. */
  readonly node: number
  /** Libraries that could not be loaded, each with the reason. */
  readonly unloaded: Readonly<Record<string, string>>
  readonly patched: readonly Row[]
  readonly left: readonly Row[]
  /** The same of the named exports of built-in modules. */
  readonly boundPatched: readonly Row[]
  readonly boundLeft: readonly Row[]
}

let survey: Survey
beforeAll(async () => {
  using _ = tripwire.allow(['subprocess:node *table.mjs *', 'subprocess:**/bin/node *table.mjs *'])
  const args = [TABLE, join(ROOT, 'dist/worker/register.js')]
  const { stdout } = await promisify(execFile)(NODE, args, { env: cleanEnv(), maxBuffer: 64 * 1024 * 1024 })
  survey = JSON.parse(stdout.trim().split('\n').at(-1) as string)
})

test('every library is there to be looked at, except undici 8 before the Node that it begins with', () => {
  expect(survey.unloaded).toEqual(survey.node < 22 ? { undici8: expect.stringContaining("'bind'") } : {})
})

test('every function that is replaced has the name, length, properties, symbols, flags and prototype of the one it stands for', () => {
  const wrong = [...survey.patched, ...survey.boundPatched].filter((row) => row.wrong.length > 0)
  expect(wrong.filter(({ slot }) => !/diagnostics\.js\.channels\./.test(slot))).toEqual([
    // What is loaded is noticed there; as a list it is what it was.
    { slot: 'process.moduleLoadList', wrong: ['another prototype'] },
    // What was inherited is an own property now, and is taken away again.
    { slot: 'mysql2/lib/pool.js.prototype.getConnection', wrong: ['is new'] },
    { slot: 'net.Server.prototype.emit', wrong: ['is new'] },
  ])
  // Node makes another object of a channel that somebody listens to.
  for (const { slot, wrong: found } of wrong) if (/channels\./.test(slot)) expect(found).toEqual(['another prototype'])
})

test('the survey sees what the guard replaces, in every module and for named imports too', () => {
  const slots = survey.patched.map(({ slot }) => slot)
  expect(slots.length).toBeGreaterThan(100)
  expect(slots).toEqual(
    expect.arrayContaining([
      'net.Socket.prototype.connect',
      'net.Socket.prototype._writeGeneric',
      'net.Server.prototype._listen2',
      'http.Agent.prototype.addRequest',
      'https.request',
      'http2.connect',
      'Http2Session.prototype.request',
      'dgram.Socket.prototype.send',
      'dns.lookup',
      'dns/promises.resolve4',
      'dns.Resolver.prototype.resolve4',
      'child_process.spawnSync',
      'child_process.ChildProcess.prototype.spawn',
      'process.kill',
      'worker_threads.Worker',
      'pg/lib/client.js.prototype.connect',
    ]),
  )
  expect(survey.boundPatched.map(({ slot }) => slot)).toEqual(
    expect.arrayContaining(['http.get', 'dns.lookup', 'child_process.spawnSync', 'worker_threads.Worker']),
  )
})

test('taken back, everything is what it was, exactly', () => {
  expect(survey.left).toEqual([])
  expect(survey.boundLeft).toEqual([])
})
