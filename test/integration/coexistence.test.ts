import { expect, test, vi } from 'vitest'
import { CELL } from '../support/cell.ts'
import { expectInDocs, table } from '../support/docs.ts'
import { isInstalled } from '../support/run-vitest.ts'
import { type Order, type Row, type Tried, toolsOf, tryTools } from '../support/tools-suite.ts'

// Each test is a run of Vitest, or several.
vi.setConfig({ testTimeout: 240_000 })

/** Tools that replace something; for the others there is no order. */
const REPLACING = ['interceptors', 'mock-agent', 'vitest']
const WATCHING = ['instrumentations']
const REPORTING = ['tracers']
const ALL = [...REPLACING, ...WATCHING, ...REPORTING, 'servers', 'engines', 'files']

const BARE: Order = { name: 'no guard', config: config(''), start: true, guarded: false, modules: ALL }
const ORDERS: readonly Order[] = [
  { name: 'plugin, tool in a test', config: config('', 'plugins: [tripwire()]'), start: true, modules: ALL },
  {
    name: 'plugin, tool in a setup file',
    config: config(`isolate: false, setupFiles: ['./setup.js']`, 'plugins: [tripwire()]'),
    modules: REPLACING,
  },
  {
    name: 'plugin, instrumentation in a setup file',
    config: config(`setupFiles: ['./setup.js']`, 'plugins: [tripwire()]'),
    modules: [...WATCHING, ...REPORTING],
  },
  {
    name: 'preload of a tracer, then the plugin',
    config: config(`execArgv: ['--import', './preload-tracers.mjs']`, 'plugins: [tripwire()]'),
    modules: REPORTING,
    stop: false,
  },
  {
    name: 'preload of an instrumentation, then the plugin',
    config: config(`execArgv: ['--import', './preload.mjs']`, 'plugins: [tripwire()]'),
    modules: WATCHING,
    stop: false, // as is their wont
  },
  {
    name: 'setup file alone, then the tool',
    config: config(`isolate: false, setupFiles: ['vitest-tripwire/setup', './setup.js']`),
    modules: REPLACING,
  },
]
const TOOL_FIRST: Order = {
  name: 'tool, then the setup file alone',
  config: config(`pool: 'threads', setupFiles: ['./setup.js', 'vitest-tripwire/setup']`),
  modules: REPLACING,
  stop: false,
}

const OUTLIVING: Order = {
  name: 'plugin, taken back while the tool stands above it',
  config: config(`pool: 'threads', setupFiles: ['./setup.js']`, 'plugins: [tripwire()]'),
  modules: ['interceptors', 'mock-agent', ...WATCHING],
  only: /bypass|nock \d+$|MockAgent$|^import-in/,
  remove: true,
}

/** PGlite takes seconds to start. */
function config(test: string, plugins = ''): string {
  return `${plugins}${plugins && ', '}test: { testTimeout: 60_000, ${test} }`
}

const done = new Map<Order, Promise<Tried>>()
/** Each order is played once, whichever tests run. */
function played(order: Order): Promise<Tried> {
  const known = done.get(order) ?? tryTools(order)
  done.set(order, known)
  return known
}

/** What a call trips as, where it is no HTTP request. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  'net.connect below the spy': 'sockets',
  'dns.lookup below the spy': 'dns',
  'execFile below the spy': 'subprocess',
}

/** Ways that make no request of the world. */
const ELSEWHERE = new Set([...Object.keys(PROTOCOLS), 'http.get with a socketPath', "dockerode's ping"])

/** What is wrong with a row: answers stand, what gets out without a guard is a trip or allowed, and afterwards all is as before. */
function faults(row: Row, bare: Row): string[] {
  const expected = (way: string) => {
    const came = bare.through[way] ?? 'from outside'
    return came === 'from outside' ? (PROTOCOLS[way] ?? 'http') : came
  }
  return [
    ...row.answers.filter((answer) => answer !== 'answered').map((answer) => `answer: ${answer}`),
    ...(row.answers.length === bare.answers.length ? [] : [`${row.answers.length} answers`]),
    ...Object.entries(row.through)
      .filter(([way, came]) => came !== expected(way))
      .map(([way, came]) => `${way}: ${came}`),
    ...Object.entries(row.allowed)
      .filter(([way, came]) => came !== bare.through[way])
      .map(([way, came]) => `${way}, allowed: ${came}`),
    ...Object.entries(row.after)
      .filter(([, came]) => came !== 'http')
      .map(([way, came]) => `${way}, afterwards: ${came}`),
    ...row.changed.map((name) => `${name} is another`),
  ]
}

/** The orders bring pools of their own. */
// The matrix has homes with Vitest and little else.
const installed = CELL === undefined && isInstalled('msw') && isInstalled('nock13')

const faulty = (rows: Iterable<Row>, bare: Tried) =>
  [...rows].map((row) => [row.tool, ...faults(row, bare.rows.get(row.tool) as Row)]).filter(({ length }) => length > 1)

test.runIf(installed)('unguarded, every tool answers, and lets out what it does not know', async () => {
  const { rows } = await played(BARE)
  expect(rows.size).toBeGreaterThan(25)
  for (const { answers, after, tool } of rows.values()) {
    expect({ tool, answers: [...new Set(answers)] }).toEqual({ tool, answers: answers.length > 0 ? ['answered'] : [] })
    expect(after).toEqual({ fetch: 'from outside', 'http.get': 'from outside' })
  }
})

test.runIf(installed).each(ORDERS.map((order) => [order.name, order] as const))(
  '%s: what tools answer is no trip, what they let through is one, and all is left as it was',
  async (_, order) => {
    const bare = await played(BARE)
    const { rows, refused, requests } = await played(order)
    expect([...refused]).toEqual([])
    expect(rows.size).toBe((await Promise.all(order.modules.map(toolsOf))).flat().length)
    expect(faulty(rows.values(), bare)).toEqual([])
    const allowed = [...rows.values()].flatMap((row) => Object.entries(row.allowed))
    const out = allowed.filter(([way, came]) => came === 'from outside' && !ELSEWHERE.has(way))
    expect(requests).toHaveLength(out.length)
  },
)

test.runIf(installed)('a tool that answers, then the setup file alone: refused, with the lines to change', async () => {
  const { rows, refused } = await played(TOOL_FIRST)
  expect(faulty(rows.values(), await played(BARE))).toEqual([])
  const all = (await Promise.all(TOOL_FIRST.modules.map(toolsOf))).flat()
  expect([...rows.keys(), ...refused.keys()].sort()).toEqual([...all].sort())
  expect([...new Set(refused.values())].sort()).toMatchInlineSnapshot(`
    [
      "[TRIPWIRE_INSTALL] The setup file comes too late, so nothing is guarded: a spy on dns.lookup was there first, and what answers calls has to stand above the guard.

      fix  use the plugin, which is there before everything (plugins: [tripwire()] from 'vitest-tripwire/vite'), or
           list 'vitest-tripwire/setup' first among setupFiles",
      "[TRIPWIRE_INSTALL] The setup file comes too late, so nothing is guarded: a spy on net.Socket.prototype.connect was there first, and what answers calls has to stand above the guard.

      fix  use the plugin, which is there before everything (plugins: [tripwire()] from 'vitest-tripwire/vite'), or
           list 'vitest-tripwire/setup' first among setupFiles",
      "[TRIPWIRE_INSTALL] The setup file comes too late, so nothing is guarded: an interceptor of net.Socket.prototype.connect (msw, nock) was there first, and what answers calls has to stand above the guard.

      fix  use the plugin, which is there before everything (plugins: [tripwire()] from 'vitest-tripwire/vite'), or
           list 'vitest-tripwire/setup' first among setupFiles",
      "[TRIPWIRE_INSTALL] The setup file comes too late, so nothing is guarded: fake timers (vi.useFakeTimers) was there first, and what answers calls has to stand above the guard.

      fix  use the plugin, which is there before everything (plugins: [tripwire()] from 'vitest-tripwire/vite'), or
           list 'vitest-tripwire/setup' first among setupFiles",
      "[TRIPWIRE_INSTALL] The setup file comes too late, so nothing is guarded: http.OverriddenClientRequest (nock) was there first, and what answers calls has to stand above the guard.

      fix  use the plugin, which is there before everything (plugins: [tripwire()] from 'vitest-tripwire/vite'), or
           list 'vitest-tripwire/setup' first among setupFiles",
    ]
  `)
})

test.runIf(installed)('a guard that is taken back leaves what stands above it, and lets everything out', async () => {
  const bare = await played(BARE)
  const { rows, refused } = await played(OUTLIVING)
  expect([...refused]).toEqual([])
  expect(rows.size).toBe(6)
  for (const { tool, answers, through, after } of rows.values()) {
    expect([...new Set(answers)]).toEqual(['answered'])
    expect({ tool, through }).toEqual({ tool, through: bare.rows.get(tool)?.through })
    expect(after).toEqual({ fetch: 'from outside', 'http.get': 'from outside' })
  }
})

test.runIf(installed)('docs/coexistence.md tells what was measured (UPDATE_DOCS=1 rewrites it)', async () => {
  const [bare, guarded, late] = (await Promise.all([BARE, ORDERS[0] as Order, TOOL_FIRST].map(played))) as [
    Tried,
    Tried,
    Tried,
  ]
  const names = (await Promise.all(ALL.map(toolsOf))).flat()
  const rows = names.map((name) => {
    const { tool, answers, through } = guarded.rows.get(name) as Row
    const trips = Object.entries(through).filter(
      ([way]) => (bare.rows.get(tool)?.through[way] ?? 'from outside') === 'from outside',
    )
    const kept = Object.keys(through).filter((way) => !trips.some(([other]) => other === way))
    return [
      tool,
      answers.length > 0 ? `${answers.length} of ${answers.length}` : '',
      trips.map(([way, protocol]) => `${way} (${protocol})`).join(', '),
      kept.join(', '),
      late.refused.has(tool) ? 'refused' : late.rows.has(tool) ? 'the same' : '',
    ]
  })
  const head = [
    'beside',
    'its answers, no trip',
    'what it lets through trips',
    'what it refuses itself',
    'before the setup file alone',
  ]
  expectInDocs('docs/coexistence.md', 'tools', table(head, rows))
})
