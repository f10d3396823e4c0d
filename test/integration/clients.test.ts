import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figures } from '../support/client-figures.ts'
import {
  type Held,
  holdClients,
  letClientsWork,
  naming,
  startStandIns,
  usable,
  type Worked,
} from '../support/clients-suite.ts'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const SECRET = 'secret-word'
const each = usable.map((client) => [client.name, client] as const)
const measured: { held: Held[]; worked: Worked[] } = { held: [], worked: [] }
afterAll(() => {
  if (process.env.TRIPWIRE_FIGURES) console.log(figures(usable, measured.held, measured.worked))
})

describe('without a rule', () => {
  let rows: Held[]
  let native: number
  let run: VitestRun
  let ports: Readonly<Record<string, number>>
  let arrived: Readonly<Record<string, readonly string[]>>
  const rowOf = (name: string, target: string) => rows.find((row) => row.name === name && row.target === target) as Held

  beforeAll(async () => {
    await using standIns = await startStandIns()
    ports = standIns.ports
    ;({ rows, native, run } = await holdClients(standIns))
    measured.held = rows
    await standIns.quiet()
    arrived = standIns.log
  }, 120_000)

  test('nothing reaches the other side, and no name is asked for', () => {
    expect(arrived).toEqual({})
    expect(native).toBe(0)
    expect(rows.filter(({ end }) => end === 'got out')).toEqual([])
    expect(rows.length).toBe(usable.length * 2)
  })

  test('no password is told', () => {
    expect(run.output).not.toContain(SECRET)
  })

  test.each(each)('%s is named as people write it, with the rule that would let it pass', (name, client) => {
    const [here] = rowOf(name, 'here').trips
    expect(here).toMatchObject(naming(client, ports[name]))
    const [away] = rowOf(name, 'away').trips
    if (client.looksUp) expect(away).toMatchObject({ protocol: 'dns', rule: 'dns:api.example.com' })
    else expect(away).toMatchObject(naming(client))
  })

  test.each(each)("%s is found at the user's own line, and said to be what it went through", (name, client) => {
    const { siteless, pkg, via = [] } = client
    const endings = (via.length > 0 ? via : pkg ? [pkg] : ['undici8']).map((name) =>
      siteless ? `<unknown call site> (only ${name} is on the stack)` : `, through ${name}`,
    )
    // Node's fetch goes through the dispatcher of an undici that was imported (Node 22).
    if (pkg === undefined) endings.push('')
    for (const target of ['here', 'away']) {
      const { place, trips } = rowOf(name, target)
      expect(trips[0]?.site).toBe(siteless ? undefined : place)
      expect(endings).toContain(trips[0]?.where.replace(/^held\.test\.js:\d+:\d+/, ''))
    }
  })

  test.each(each)('%s settles within a second, unless it goes on by itself', (name, { retries }) => {
    for (const target of ['here', 'away']) {
      const { end, milliseconds } = rowOf(name, target)
      if (retries) expect(milliseconds).toBeGreaterThan(500)
      else expect(end).toMatch(/^failed: /)
    }
  })

  test.each(each)('%s reddens a test that swallows its error', (name, client) => {
    const { state, messages } = run.tests[name] ?? {}
    expect(state).toBe('failed')
    expect(messages?.[0]).toContain(`[TRIPWIRE_GUARDED_CALL] ${naming(client, ports[name]).description}`)
  })
})

describe('with the rules of its errors pasted', () => {
  let rows: Worked[]
  let arrived: Readonly<Record<string, readonly string[]>>
  const rowOf = (name: string) => rows.find((row) => row.name === name) as Worked

  beforeAll(async () => {
    await using standIns = await startStandIns()
    rows = await letClientsWork(standIns)
    measured.worked = rows
    await standIns.quiet()
    arrived = standIns.log
  }, 120_000)

  test.each(each)('%s works', (name) => {
    expect(arrived[name]).toContain('connection')
    expect(rowOf(name).end).toBe('works')
  })

  const pooling = each.filter(([, { oneShot }]) => !oneShot)

  test.each(pooling)('%s works on its open connection', (name, { neverWarm }) => {
    const { connects, allowed } = rowOf(name)
    expect(connects > 0).toBe(neverWarm === true)
    expect(allowed).toBe('works')
  })

  test.each(pooling)('%s on its open connection is judged as the design says', (name, { protocol, neverWarm }) => {
    const { warm, boxed } = rowOf(name)
    expect(warm).toBe(protocol === 'http' || neverWarm ? `${protocol} trip` : 'works')
    expect(boxed).toBe(`${protocol} trip`)
  })
})

/** What never settles by itself, or not in time, as most would write it. */
const AWAITED = `
import { MongoClient } from 'mongodb'
import { createClient } from 'redis'
import { test } from 'vitest'
test('redis', async () => { await createClient({ url: 'redis://cache.example.com' }).on('error', () => {}).connect() }, 400)
test('mongodb', async () => { await new MongoClient('mongodb://db.example.com').connect() }, 400)
`

test('a test that awaits a client which retries for longer than it may take is told why', async () => {
  const run = await runVitest({ 'awaited.test.js': AWAITED })
  for (const [name, description] of [
    ['redis', 'redis to cache.example.com:6379'],
    ['mongodb', 'mongodb to db.example.com:27017'],
  ] as const) {
    const told = run.output.slice(run.output.indexOf(`FAIL  awaited.test.js > ${name}`)).split('FAIL ')[1]
    expect(told).toContain('Test timed out in 400ms')
    expect(told).toContain(`[TRIPWIRE_GUARDED_CALL] ${description} was blocked`)
  }
})
