/** What needs no SQLite: Node 20 has none. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import type { Parts } from '../../plugins/db/sqlite/database.ts'
import { codeName, codeNumber, errorFact } from '../../plugins/db/sqlite/failure.ts'
import type { Line } from '../../plugins/db/sqlite/host.ts'
import { createSqlite } from '../../plugins/db/sqlite/index.ts'
import { NativeDatabase } from '../../plugins/db/sqlite/native-connection.ts'
import type { Native } from '../../plugins/db/sqlite/native-engine.ts'
import { copyOfRow, paramsOf, rowsOfIterator } from '../../plugins/db/sqlite/recorder.ts'
import type { Hosted, StandIn } from '../../plugins/db/sqlite/seam.ts'
import { isQuiet, splitStatements } from '../../plugins/db/sqlite/statements.ts'
import { foldStatement } from '../../plugins/db/statements.ts'
import { renamed, withBound } from '../../plugins/fs/sql-files.ts'
import type { StandIn as OfFiles } from '../../plugins/fs/stand-in.ts'
import type { Tap } from '../../src/plugin.ts'
import { failure } from '../support/sqlite-drivers.ts'

// The two sides of the seam import nothing of each other.
const _here = (there: OfFiles): StandIn => there
const _there = (here: StandIn): OfFiles => here

describe('statements', () => {
  const TRIGGER = 'create temp trigger t after insert on a begin select case when 1 then 2 end; delete from b; end'
  const STATEMENTS = [
    "insert into a values ('x;''y')",
    'select "a;b", `c;d`, [e;f] from t',
    'select 1 /* ; */ -- ;\n + 2',
    'select case when 1 then 2 end',
    TRIGGER,
    `explain ${TRIGGER}`,
    "create table begin_ (end text default ';')",
    'commit',
  ]

  test('are split as SQLite ends them, whatever stands between them', () => {
    const between = fc.constantFrom(';', ' ; ', ';;', ';\n-- x;\n;', '; /* ; */ ;')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...STATEMENTS), between)), (parts) => {
        const found = splitStatements(parts.flat().join(''))
        expect(found.map((statement) => foldStatement(statement))).toEqual(
          parts.map(([statement]) => foldStatement(statement)),
        )
      }),
    )
  })

  test('lose nothing but what is empty, however broken they are', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '[',
      ']',
      ';',
      '--',
      '/*',
      '*/',
      '\n',
      ' ',
      'create',
      'trigger',
      'begin',
      'end',
      'a',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const sql = pieces.join(' ')
        const bare = (text: string) => text.replace(/[\s;]/g, '')
        const all = bare(splitStatements(sql).join(''))
        // What is left out are comments and blanks that stand alone.
        expect(bare(sql).length).toBeGreaterThanOrEqual(all.length)
        for (const statement of splitStatements(sql)) expect(sql).toContain(statement)
        if (!/--|\/\*/.test(sql)) expect(all).toBe(bare(sql))
      }),
    )
  })

  test.each([
    ['begin immediate', true],
    ['PRAGMA table_info(orders)', true],
    ['pragma journal_mode = wal', true],
    ['pragma main.user_version', true],
    ['pragma user_version = 3', false],
    ['pragma application_id(5)', false],
    ['attach ? as other', true],
    ["select name from sqlite_master where type = 'table'", true],
    ['select * from "main".sqlite_schema', true],
    ['select * from pragma_table_info(?)', true],
    ["select 'from sqlite_master'", false],
    ['select * from sqlite_master, users', false],
    ["select * from sqlite_master join 'users'", false],
    ['select * from [users] join `sqlite_master`', false],
    ['select name from sqlite_schema where name in (select name from users)', false],
    ['select charge(name) from sqlite_master', false],
    ['select m.name, p.* from sqlite_master m join pragma_table_info(m.name) as p order by m.name, p.cid', true],
    ['select last_insert_rowid() as id', true],
    ['select 1', true],
    ['select 2', false],
    ['delete from sqlite_sequence', false],
    ['vacuum', false],
  ])('%s need not be asserted: %s', (sql, quiet) => {
    expect(isQuiet(foldStatement(sql))).toBe(quiet)
  })
})

describe('files in SQL', () => {
  test('are given other names where they stand, and nowhere else', () => {
    const sql = "select 'a.db'; attach 'a.db' as a; attach ? as b; vacuum main into \"it's\""
    expect(renamed(sql, ['x', 'y', "z'z"])).toBe(
      "select 'a.db'; attach 'x' as a; attach ? as b; vacuum main into 'z''z'",
    )
    expect(renamed(sql, [undefined, undefined, undefined])).toBe(sql)
    expect(renamed("attach 'a' || 'b' as c", ['x'])).toBe("attach 'a' || 'b' as c")
  })

  test('are given other names as parameters', () => {
    expect(withBound(1, ['a', 'b'], 'x')).toEqual(['a', 'x'])
    expect(withBound(0, [['a', 'b']], 'x')).toEqual([['x', 'b']])
    expect(withBound(0, [{ other: 1 }, 'a'], 'x')).toEqual([{ other: 1 }, 'x'])
    expect(withBound('$path', [{ path: 'a', other: 1 }], 'x')).toEqual([{ path: 'x', other: 1 }])
    expect(withBound(':path', [{ ':path': 'a' }], 'x')).toEqual([{ ':path': 'x' }])
  })
})

test('errors have the names of SQLite', () => {
  for (const [number, name] of [
    [1, 'SQLITE_ERROR'],
    [5, 'SQLITE_BUSY'],
    [14, 'SQLITE_CANTOPEN'],
    [2067, 'SQLITE_CONSTRAINT_UNIQUE'],
    [787, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    [3091, 'SQLITE_CONSTRAINT_DATATYPE'],
  ] as const) {
    expect(codeName(number)).toBe(name)
    expect(codeNumber(name)).toBe(number)
  }
  expect(codeName(101)).toBe('SQLITE_101')
  expect(codeNumber('what')).toBe(0)
  expect(errorFact(Object.assign(new Error('no'), { code: 'ERR_SQLITE_ERROR', errcode: 8 }))).toEqual({
    code: 'SQLITE_READONLY',
    message: 'no',
  })
})

test('parameters and rows are kept as they were when they were given', () => {
  const bytes = Buffer.from([1])
  const named = { id: 1 }
  const params = [paramsOf([1, 'a', bytes]), paramsOf([named]), paramsOf([[1, 2]]), paramsOf([named, 3])]
  bytes[0] = 2
  named.id = 2
  expect(params).toEqual([[1, 'a', new Uint8Array([1])], { id: 1 }, [1, 2], [{ id: 1 }, 3]])
  const row = { n: 1 }
  const kept = copyOfRow(row)
  row.n = 2
  expect(kept).toEqual({ n: 1 })
  const failed: unknown[] = []
  const iterator = (function* () {
    yield row
    throw new Error('locked')
  })()
  const rows = rowsOfIterator(iterator, (error) => failed.push(error))
  expect(() => [...iterator]).toThrow('locked')
  expect(rows).toEqual([{ n: 2 }])
  expect(failed).toHaveLength(1)
})

describe('a connection of better-sqlite3', () => {
  /** As much of the addon as a connection asks. */
  function connect(readonly = false) {
    const said: string[] = []
    const hosts = new Map<object, Hosted>()
    const native = {
      inTransaction: true,
      prepare: (sql: string) => ({
        reader: true,
        readonly: /^select/.test(sql),
        safeIntegers: () => said.push('bigints'),
      }),
      exec: (sql: string) => void said.push(sql),
    } as unknown as Native
    const tap = { answerTo: () => undefined, judge: () => ({ kind: 'pass' }) } as unknown as Tap
    const line = { tap, embedded: {}, driver: 'better-sqlite3', path: '/a.db', inTransaction: false } as unknown as Line
    const others = { open: false }
    const database = new NativeDatabase({
      native,
      name: 'a.db',
      readonly,
      hosts,
      line,
      others: () => others.open,
      closed: (connection) => void said.push(connection === database ? 'closed' : 'another closed'),
    })
    const run = (sql: string, method = 'run') => {
      const statement = database.prepare(sql, {}, false, false)
      const original = () => void said.push(`ran ${sql}`)
      return hosts.get(statement)?.call(statement, method, original, [], [], hosts)
    }
    return { database, said, others, run }
  }

  test('is closed for itself, and takes back what nobody committed with the last', () => {
    const { database, said, others, run } = connect()
    others.open = true
    database.close()
    database.close()
    expect(said).toEqual(['closed'])
    expect(database).toMatchObject({ open: false, inTransaction: false, memory: false, name: 'a.db' })
    expect(failure(() => run('select 1'))).toEqual(new TypeError('The database connection is not open'))
    const last = connect()
    last.database.close()
    expect(last.said).toEqual(['closed', 'rollback'])
  })

  test('asks SQLite itself to refuse what it may not write', () => {
    const { database, said, run } = connect(true)
    run('select 1')
    run('delete from a')
    database.exec('delete from b; delete from c')
    expect(said).toEqual([
      'ran select 1',
      ...['pragma query_only = on', 'ran delete from a', 'pragma query_only = off'],
      ...['pragma query_only = on', 'delete from b', 'pragma query_only = off'],
      ...['pragma query_only = on', 'delete from c', 'pragma query_only = off'],
    ])
  })

  test('gives whole numbers as bigints where it was told to', () => {
    const { database, said } = connect()
    database.prepare('select 1', {}, false, false)
    database.defaultSafeIntegers()
    database.prepare('select 1', {}, false, false)
    database.defaultSafeIntegers(false)
    database.prepare('select 1', {}, false, false)
    expect(said).toEqual(['bigints'])
  })
})

describe('what is refused with a word of what was meant', () => {
  test.each<[string, () => unknown]>([
    ['no path', () => tripwire.db.sqlite('')],
    ['memory', () => tripwire.db.sqlite(':memory:')],
    ['a URI that only SQLite reads', () => tripwire.db.sqlite('file:app.db?mode=ro')],
    ['an option', () => tripwire.db.sqlite('app.db', { form: 'a.db' } as never)],
    ['no file', () => tripwire.db.sqlite('app.db', { from: 5 } as never)],
    ['no schema', () => tripwire.db.sqlite('app.db', { schema: 5 } as never)],
    ['an engine', () => tripwire.db.sqlite('app.db', { engine: 'better-sqlite' } as never)],
  ])('%s', (_, fn) => {
    expect(failure(fn).message).toMatchSnapshot()
  })

  test('where there is no driver at all', () => {
    const missing = new Error('missing')
    const parts = {
      path: '/a.db',
      builtIn: () => undefined,
      peer: (name: string) => {
        throw Object.assign(missing, { peer: name })
      },
    } as unknown as Parts
    expect(failure(() => createSqlite({}, parts))).toMatchObject({ message: 'missing', peer: 'better-sqlite3' })
  })
})
