/** A suite whose code keeps one connection to a file, as most do: what its tests see, and what they are told. */
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { isInstalled, NODE, runVitest, type VitestRun } from '../support/run-vitest.ts'

const [major = 0, minor = 0] = execFileSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  .split('.')
  .map(Number)
const HAS_NODES = major > 22 || (major === 22 && minor >= 13)
/** Its addon ends older Nodes. */
const HAS_BETTER = major >= 22 && isInstalled('better-sqlite3')

const IMPORTS = {
  'node:sqlite': "import { DatabaseSync as Database } from 'node:sqlite'",
  'better-sqlite3': "import Database from 'better-sqlite3'",
}
const STOCK = `
let database
const open = () => (database ??= new Database('data/stock.db'))
export function take(item) {
  const found = open().prepare('select count from stock where item = ?').get(item)
  if (!found?.count) return false
  open().prepare('update stock set count = count - 1 where item = ?').run(item)
  return true
}
export const quietly = (item) => {
  try {
    return take(item)
  } catch {
    return false
  }
}
export const remove = () => open().exec("delete from stock; delete from stock where item = 'it''s'")
`
const SCHEMA = `create table stock (item text primary key, count integer);
insert into stock values ('a', 1), ('b', 0);`
const DRIVERS = ['node:sqlite', 'better-sqlite3'] as const
const HEAD = `
import { existsSync, readdirSync } from 'node:fs'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { quietly, remove, take } from './stock.js'
`

const DECLARED = `${HEAD}
let db
beforeAll(async () => {
  db = await tripwire.db.sqlite('data/stock.db', { schema: 'schema.sql' })
})
beforeEach(() => db.restore())
const SELECT = 'select count from stock where item = ?'

test('one of the last', async () => {
  expect(tripwire.sandbox(() => take('a'))).toBe(true)
  tripwire.db.assert(SELECT, { params: ['a'], rows: [{ count: 1 }] })
  tripwire.db.assert('update stock set count = count - 1 where item = ?', { params: ['a'] })
  expect(await db.query('select count from stock where item = ?', ['a'])).toEqual([{ count: 0 }])
})
test('on the same connection, as it was', () => {
  expect(tripwire.sandbox(() => [take('a'), take('b')])).toEqual([true, false])
  tripwire.inAnyOrder(() => {
    tripwire.db.assert(/^update/, { params: ['a'] })
    tripwire.db.assert(SELECT, { params: ['b'], rows: [{ count: 0 }] })
    tripwire.db.assert(SELECT, { params: ['a'], rows: [{ count: 1 }] })
  })
})
test('what nobody asserted', () => {
  tripwire.sandbox(() => {
    take('a')
    remove()
  })
})
test('what it prints holds when it is pasted', () => {
  tripwire.sandbox(() => {
    take('a')
    remove()
  })
  tripwire.db.assert('select count from stock where item = ?', { params: ['a'] })
  tripwire.db.assert('update stock set count = count - 1 where item = ?', { params: ['a'] })
  tripwire.db.assert('delete from stock')
  tripwire.db.assert("delete from stock where item = 'it''s'")
})
test('after the sandbox', () => {
  tripwire.sandbox(() => take('b'))
  tripwire.db.assert(SELECT, { params: ['b'] })
  quietly('b')
})
test('a thousand writes, and nothing on the disk', async () => {
  const before = readdirSync('.')
  tripwire.sandbox(() => {
    for (let at = 0; at < 500; at++) take('a') || remove()
  })
  expect(readdirSync('.')).toEqual(before)
  expect(existsSync('data/stock.db')).toBe(false)
  tripwire.inAnyOrder(() => {
    for (const { facts } of tripwire.calls('db'))
      if (facts.text !== undefined) tripwire.db.assert(facts.text, facts.params.length > 0 ? { params: facts.params } : {})
  })
})
`

const UNDECLARED = `${HEAD.replace('stock.js', 'shop.js')}
test('of a file that nobody spoke of, swallowed', () => {
  expect(tripwire.sandbox(() => quietly('a'))).toBe(false)
})
test('what it says, pasted', async () => {
  await tripwire.db.sqlite('data/stock.db')
  expect(tripwire.sandbox(() => quietly('a'))).toBe(false)
  tripwire.db.assert('select count from stock where item = ?', {
    error: { code: 'SQLITE_ERROR', message: 'no such table: stock' },
  })
})
test('on the connection of another test, with a database of its own', async () => {
  await tripwire.db.sqlite('data/stock.db', { schema: 'schema.sql' })
  expect(tripwire.sandbox(() => take('a'))).toBe(true)
  tripwire.db.assert('select count from stock where item = ?', { params: ['a'], rows: [{ count: 1 }] })
  tripwire.db.assert(/^update/, { params: ['a'] })
})
`

describe.skipIf(!HAS_NODES).each(HAS_BETTER ? DRIVERS : DRIVERS.slice(0, 1))('%s in a project', (driver) => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({
      'stock.js': IMPORTS[driver] + STOCK,
      'shop.js': IMPORTS[driver] + STOCK,
      'schema.sql': SCHEMA,
      'declared.test.js': DECLARED,
      'undeclared.test.js': UNDECLARED,
      'data/.gitkeep': '',
    })
  })
  const message = (name: string) =>
    run.tests[name]?.messages
      .join('\n')
      .replace(/\n +at [\s\S]*$/, '')
      .replace(/:\d+:\d+/g, '')
      .replace(/#[\d.]+/g, '#1')
      .replaceAll(driver, '<driver>')
      .replaceAll(', through <driver>', '')
      .replace(/\/\S*\/project-\w+/g, '<root>')

  test('is answered in memory, asserted, and put back', () => {
    const failed = Object.entries(run.tests).filter(([, { state }]) => state !== 'passed')
    expect(failed.map(([name]) => name).sort()).toEqual([
      'after the sandbox',
      'of a file that nobody spoke of, swallowed',
      'what nobody asserted',
    ])
    expect(Object.keys(run.tests)).toHaveLength(9)
  })

  test('says which statements nobody asserted', () => {
    expect(message('what nobody asserted')).toMatchInlineSnapshot(`
      "UnassertedInteractionsError: [TRIPWIRE_UNASSERTED_INTERACTIONS] 4 calls were answered in the sandboxes of test "what nobody asserted", and never asserted.

        call   the statement select count from stock where item = ? on <root>/data/stock.db, at stock.js
        call   the statement update stock set count = count - 1 where item = ? on <root>/data/stock.db, at stock.js
        call   the statement delete from stock on <root>/data/stock.db, at stock.js
        call   the statement delete from stock where item = 'it''s' on <root>/data/stock.db, at stock.js
        fix    assert them after the sandbox:
                 tripwire.db.assert('select count from stock where item = ?', { params: ['a'] })
                 tripwire.db.assert('update stock set count = count - 1 where item = ?', { params: ['a'] })
                 tripwire.db.assert('delete from stock')
                 tripwire.db.assert("delete from stock where item = 'it''s'")"
    `)
  })

  test('stops a statement after the sandbox', () => {
    expect(message('after the sandbox')).toMatchInlineSnapshot(`
      "GuardedCallError: [TRIPWIRE_GUARDED_CALL] the statement select count from stock where item = ? on <root>/data/stock.db was blocked, outside any sandbox.

        where  stock.js
               in test "after the sandbox" (declared.test.js)
        why    the level is 'error' (the default)
        hint   the connection leads to an embedded database, which answers in sandboxes: send it in one, or end the client with the sandbox that it was opened in
        fix    let it through in this test (with import { tripwire } from 'vitest-tripwire'):
                 tripwire.allow('db:sqlite:data/stock.db')
               or by the test's options, the second argument of test():
                 { meta: { tripwire: { allow: ['db:sqlite:data/stock.db'] } } }
               or let it through everywhere (a new tripwire.config.ts):
                 export default { allow: ['db:sqlite:data/stock.db'] }
        near   tripwire.db.sqlite('data/stock.db') (declared.test.js) fits, but mocks answer in sandboxes only: tripwire.sandbox(() => …)
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_GUARDED_CALL.md"
    `)
  })

  test('says how a file is answered that nobody spoke of', () => {
    expect(message('of a file that nobody spoke of, swallowed')).toMatchInlineSnapshot(`
      "UnmockedInteractionError: [TRIPWIRE_UNMOCKED_INTERACTION] opening the sqlite database <root>/data/stock.db with <driver> was made in sandbox #1, and nothing there answers it.

        where  shop.js
               in test "of a file that nobody spoke of, swallowed" (undeclared.test.js)
        why    in a sandbox a call is answered by a mock, allowed by a rule, or stopped
        hint   a database file is judged by the folders of fs.write, and of fs.read where it is opened for reading only
        fix    answer it by a mock, registered before the sandbox (with import { tripwire } from 'vitest-tripwire'):
                 await tripwire.db.sqlite('data/stock.db')
               or let it through in this sandbox, by the first argument of tripwire.sandbox():
                 { allow: ['db:sqlite:data/stock.db'] }
        more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_UNMOCKED_INTERACTION.md"
    `)
  })
})
