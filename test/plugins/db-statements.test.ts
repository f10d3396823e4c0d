import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reader, say } from '../../plugins/db/postgres/wire.ts'
import { foldStatement, isQuiet, piecesOf, splitStatements } from '../../plugins/db/statements.ts'

/** Pieces of which the quotes, comments and ends of SQL are made. */
const sql = fc
  .array(
    fc.constantFrom(
      ...[
        'select',
        'a',
        '1',
        ' ',
        '\n',
        ';',
        ',',
        '(',
        ')',
        "'",
        "''",
        '"',
        '--',
        '/*',
        '*/',
        '$$',
        '$x$',
        '\\',
        "E'",
        '$1',
        'é',
        '☃',
      ],
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

describe('SQL', () => {
  test('in pieces is that SQL', () => {
    fc.assert(fc.property(sql, (text) => [...piecesOf(text)].map((piece) => piece.text).join('') === text))
  })

  test('folded once is folded', () => {
    fc.assert(fc.property(sql, (text) => foldStatement(foldStatement(text)) === foldStatement(text)))
  })

  test('keeps what is quoted, and loses comments', () => {
    expect(foldStatement('select  \'a  b\'\n, "c  d" /* x /* y */ z */ , $q$e  ;f$q$ -- end\n ;;')).toBe(
      'select \'a  b\' , "c  d" , $q$e  ;f$q$',
    )
  })

  test('is split at the semicolons that nobody quoted', () => {
    expect(splitStatements("a 'x;y'; b $$ ; $$ /* ; */ ;; -- ;\n c")).toEqual([
      "a 'x;y'",
      'b $$ ; $$ /* ; */',
      '-- ;\n c',
    ])
    expect(splitStatements(' ; -- nothing\n')).toEqual([])
  })

  test.each([
    ['begin', true],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', true],
    ['set statement_timeout = 0', true],
    ['select version()', true],
    ['select 1', true],
    ['select t.oid from pg_catalog.pg_type t', true],
    ['select * from "information_schema"."tables" where table_name = $1', true],
    ['select 1, name from users', false],
    ["select 'from pg_type'", false],
    ['insert into log select * from pg_catalog.pg_type', false],
    ['update settings set a = 1', false],
    ['select * from users join pg_class on true', false],
    ['select * from pg_class, users', false],
    ['select * from pg_class c, pg_namespace n where n.oid = c.relnamespace', true],
    ['select * from pg_class left join pg_catalog.pg_type t(a, b) on true, app.users', false],
    ['select * from app.pg_class', false],
    ['select * from "pg_class" where oid in (select id from users)', false],
    ['select * from pg_class where exists(select from "Users")', false],
    ['select (select count(*) from users) from pg_class', false],
    ['select * from (pg_class join users on true)', false],
    ['select * from (pg_class join pg_index on true)', true],
    ['select * from (with a as (select * from users) select * from a) b, pg_class', false],
    ['select oid from pg_class union table users', false],
    ['select oid from pg_class union all select id from users', false],
    ['select * into copied from pg_class', false],
    ["select nextval('ids') from pg_class", false],
    ["select pg_notify('news', relname) from pg_class", false],
    ['select app.do_it(oid) from pg_class', false],
    ['select * from pg_class, charge_cards(5)', false],
    ["select query_to_xml('select * from users', true, true, '') from pg_class", false],
    ['select "charge"(oid) from pg_class', false],
    ['select extract(epoch from (select max(at) from visits)) from pg_class', false],
    ['select distinct from users, pg_class', false],
    ['select * from pg_index i, unnest(i.indkey) with ordinality, users', false],
    ['select * from pg_class where relname is distinct from $1', true],
    ["select substring(relname from 2 for 3), 'a, from users' from pg_class", true],
    ['select format_type(a.atttypid, a.atttypmod), relname::varchar(10) from pg_attribute a, pg_class', true],
    ['select * from pg_index i, unnest(i.indkey) with ordinality as k(attnum, ord), lateral (select 1) l(b)', true],
    ['select * from pg_index i cross join lateral unnest(i.indkey) k(attnum)', true],
    ['select a.b, (select c.d from information_schema.columns c where c.e in ($1, $2)) from pg_tables a', true],
    ['select count(*) filter (where a) over (partition by b) from pg_class group by x, y order by z, w', true],
    ['select case when (a or b) then (c) else array(select oid from pg_type) end from pg_class', true],
  ])('%s is asked by drivers themselves: %s', (text, quiet) => {
    expect(isQuiet(text)).toBe(quiet)
  })
})

describe('the wire', () => {
  const text = (value: string) => Buffer.from(`${value}\0`)
  const framed = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts)
    const head = Buffer.alloc(5)
    head.write(type)
    head.writeInt32BE(4 + body.length, 1)
    return Buffer.concat([head, body])
  }

  test('is read alike however the bytes come in pieces', () => {
    const queries = fc.array(
      fc.string({ unit: 'grapheme' }).map((each) => each.replaceAll('\0', '')),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(queries, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (texts, sizes) => {
        const bytes = Buffer.concat(texts.map((each) => framed('Q', text(each))))
        const reader = new Reader()
        const heard: unknown[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] as number
          reader.push(bytes.subarray(at, at + size))
          at += size
          for (let next = reader.next(); next; next = reader.next()) heard.push(next)
        }
        let end = 0
        const expected = texts.map((each) => {
          end += 6 + Buffer.byteLength(each)
          return { said: { kind: 'query', sql: each }, end }
        })
        expect(heard).toEqual(expected)
      }),
    )
  })

  test.each([0, 3, -1])('a message that says it has %i bytes is none, and no reason to wait', (length) => {
    const bytes = Buffer.alloc(9)
    bytes.writeInt32BE(length, 1)
    const reader = new Reader()
    reader.push(bytes)
    expect(() => reader.next()).toThrow(RangeError)
    const opening = new Reader()
    opening.push(bytes.subarray(1))
    expect(opening.opening()).toEqual({ kind: 'unknown', version: 0 })
    expect(opening.opening()).toBeUndefined()
  })

  test('counts bytes, not characters', () => {
    const row = say.row([Buffer.from('Zoë ☃'), null])
    expect(row.readInt32BE(1)).toBe(row.length - 1)
    expect(row.toString('hex')).toBe('44000000160002000000085a6fc3ab20e29883ffffffff')
  })
})
