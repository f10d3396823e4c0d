import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, tripwire } from 'vitest-tripwire'
import { expectInDocs, table } from '../support/docs.ts'
import { CHECKS } from '../support/postgres-checks.ts'
import { DRIVERS, drizzled, mapped, SCHEMA } from '../support/postgres-drivers.ts'

const ENGINES = ['pg-mem', 'pglite'] as const
type Engine = (typeof ENGINES)[number]

/** What an engine gives otherwise than Postgres, whichever driver asks. */
const DIFFERS: Readonly<Record<Engine, Readonly<Record<string, unknown>>>> = {
  'pg-mem': {
    'a bigint beyond 2^53': [{ big: '9007199254740992' }],
    'a schema change rolls back': 'no error',
  },
  // One session by turns: the second waits, and gives up.
  pglite: { 'others do not see what is not committed': '55P03' },
}

/** What it says that it cannot do: TRIPWIRE_ENGINE, which a driver gets as this code. */
const REFUSED: Readonly<Record<Engine, readonly string[]>> = {
  'pg-mem': ['window functions', 'generate_series'],
  pglite: [],
}
const CODE_OF_REFUSED = '58000'

function outcomeOf(engine: Engine, what: string, ofPostgres: unknown): unknown {
  if (REFUSED[engine].includes(what)) return CODE_OF_REFUSED
  return Object.hasOwn(DIFFERS[engine], what) ? DIFFERS[engine][what] : ofPostgres
}

const drivers = Object.entries(DRIVERS)
/** Drivers that speak the protocol themselves. */
const OF_THEIR_OWN = ['pg, Pool', 'postgres.js']
const checks = Object.entries(CHECKS)

/** Every statement was written down with what an assertion has to name. */
function assertAll() {
  tripwire.inAnyOrder(() => {
    for (const { operation, facts, outcome } of tripwire.db.calls()) {
      if (operation === 'db:query' && outcome === 'replied')
        tripwire.db.assert({ text: facts.text as string, params: facts.params })
    }
  })
}

describe.each(ENGINES)('over %s', (engine) => {
  let shared: Database | undefined
  const make = () => tripwire.db.postgres('postgres://localhost/app', { schema: SCHEMA, engine })
  beforeAll(async () => {
    // It takes seconds to start.
    if (engine === 'pglite') shared = await make()
    return () => shared?.close()
  }, 60_000)
  beforeEach(() => (shared === undefined ? make() : shared.restore()))

  // The others stand on pg, and PGlite takes its time.
  const some = engine === 'pglite' ? drivers.filter(([name]) => OF_THEIR_OWN.includes(name)) : drivers
  describe.each(some)('%s', (name, connect) => {
    // postgres.js asks something of its own there, and leaves its failure to nobody.
    const answered =
      engine === 'pglite' && name === 'postgres.js'
        ? checks.filter(([what]) => !Object.hasOwn(DIFFERS[engine], what))
        : checks
    test.each(answered)('%s', async (what, [check, expected]) => {
      const driver = connect()
      const run = () => tripwire.sandbox(() => check(driver).catch((error) => error.code))
      let outcome: unknown
      const keep = async () => {
        outcome = await run()
      }
      if (REFUSED[engine].includes(what)) await tripwire.expectTrip(keep)
      else await keep()
      await driver.end()
      assertAll()
      expect(outcome).toEqual(outcomeOf(engine, what, expected))
    })
  })

  test('drizzle', async () => {
    expect(await tripwire.sandbox(drizzled)).toEqual({
      made: [{ id: 2, name: 'drizzled', count: 5 }],
      found: [{ id: 2, name: 'drizzled', count: 5 }],
      failed: 'no',
      after: [{ count: 5 }],
    })
    assertAll()
  })

  test('the mapper of TypeORM', async () => {
    expect(await tripwire.sandbox(mapped)).toEqual({
      found: { id: 2, name: 'mapped', count: 5, tags: ['a', 'b c'] },
      failed: 'no',
      after: [{ count: 7 }],
      number: 1,
    })
    assertAll()
  })
})

function answerOf(engine: Engine, what: string): string {
  if (REFUSED[engine].includes(what)) return 'no: `TRIPWIRE_ENGINE`'
  return Object.hasOwn(DIFFERS[engine], what) ? '**differs**' : 'yes'
}

test('the table in the docs says so', () => {
  const rows = checks.map(([what]) => [what, ...ENGINES.map((engine) => answerOf(engine, what))])
  expectInDocs('docs/plugins/db.md', 'engines', table(['', ...ENGINES], rows))
  expectInDocs('docs/plugins/db.md', 'drivers', [[...drivers.map(([name]) => name), 'drizzle'].join(', ')])
})
