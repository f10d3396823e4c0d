/** What every driver does over both engines, by the words of the docs. */
import type { Driver } from './postgres-drivers.ts'

type Check = (driver: Driver) => Promise<unknown>

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error) => (error.code ?? error.cause?.code) as string,
  )

/** By the words of the docs. What a check gives has to equal what stands beside it. */
export const CHECKS: Readonly<Record<string, readonly [Check, unknown]>> = {
  'several rows': [
    async ({ query }) => {
      await query("insert into items (name, count) values ('a', 2), ('b', 3)")
      return (await query('select name, count from items order by count')).map(({ name, count }) => [name, count])
    },
    [
      ['first', 1],
      ['a', 2],
      ['b', 3],
    ],
  ],
  parameters: [
    ({ query }) => query('select name from items where id = $1 and count > $2', [1, 0]),
    [{ name: 'first' }],
  ],
  'a parameter on each side of an operator': [
    async ({ query }) => {
      await query('update items set count = count - $1 where id = $2', [4, 1])
      return query(
        'select count, $1 - count as rest, (count + 1) * 10 / $2 as part from items where id = $3',
        [5, 2, 1],
      )
    },
    [{ count: -3, rest: 8, part: -10 }],
  ],
  'text beyond ASCII': [
    async ({ query }) => {
      await query('insert into items (name) values ($1)', ["Zoë's ☃ 𝄞"])
      return query("select name from items where name = 'Zoë''s ☃ 𝄞'")
    },
    [{ name: "Zoë's ☃ 𝄞" }],
  ],
  'a number with decimals keeps them': [
    ({ query }) => query("insert into items (name, price) values ('n', $1) returning price", ['12.50']),
    [{ price: '12.50' }],
  ],
  'a bigint within 2^53': [
    ({ query }) => query("insert into items (name, big) values ('n', $1) returning big", ['9007199254740991']),
    [{ big: '9007199254740991' }],
  ],
  'a bigint beyond 2^53': [
    ({ query }) => query("insert into items (name, big) values ('n', $1) returning big", ['9007199254740993']),
    [{ big: '9007199254740993' }],
  ],
  'float, boolean, null': [
    ({ query }) =>
      query("insert into items (name, ratio, ok) values ('n', $1, $2) returning ratio, ok, count", [0.25, true]),
    [{ ratio: 0.25, ok: true, count: null }],
  ],
  json: [
    async ({ query }) => {
      await query('insert into items (name, data) values (\'n\', \'{"a":[1,"ü"]}\')')
      return query("select data, data->>'a' is not null as has from items where name = 'n'")
    },
    [{ data: { a: [1, 'ü'] }, has: true }],
  ],
  'dates and times': [
    async ({ query }) => {
      await query("insert into items (name, at, day, local) values ('n', $1, $2, $3)", [
        '2024-02-03T10:00:00.120+02:00',
        '2024-02-03',
        '2024-02-03 10:00:00',
      ])
      const [row] = await query("select at, day, local from items where name = 'n'")
      const { at, day, local } = row as Record<string, Date>
      return [at?.toISOString(), day?.toDateString(), local?.toTimeString().slice(0, 8)]
    },
    ['2024-02-03T08:00:00.120Z', 'Sat Feb 03 2024', '10:00:00'],
  ],
  bytes: [
    async ({ query }) => {
      const [row] = await query("insert into items (name, raw) values ('n', $1) returning raw", [
        Buffer.from([0, 1, 255]),
      ])
      return [...(row as { raw: Buffer }).raw]
    },
    [0, 1, 255],
  ],
  arrays: [
    async ({ query }) => {
      await query("insert into items (name, tags, numbers) values ('n', '{a,\"b c\"}', '{1,2}')")
      return query("select tags, numbers from items where name = 'n'")
    },
    [{ tags: ['a', 'b c'], numbers: [1, 2] }],
  ],
  'a unique value again is 23505': [({ query }) => codeOf(query("insert into items (name) values ('first')")), '23505'],
  'null where it may not be is 23502': [({ query }) => codeOf(query('insert into items (count) values (1)')), '23502'],
  'a missing row of another table is 23503': [
    ({ query }) => codeOf(query('insert into parts (item) values (99)')),
    '23503',
  ],
  'an unknown table is 42P01': [({ query }) => codeOf(query('select * from nowhere')), '42P01'],
  'an unknown column is 42703': [({ query }) => codeOf(query('select nothing from items')), '42703'],
  'a wrong number is 22P02': [
    ({ query }) => codeOf(query("insert into items (name, count) values ('n', 'many')")),
    '22P02',
  ],
  'goes on after an error': [
    async ({ query }) => {
      await codeOf(query('select nothing from items where id = $1', [1]))
      return query('select name from items where id = $1', [1])
    },
    [{ name: 'first' }],
  ],
  'a transaction commits': [
    async ({ query, transaction }) => {
      await transaction((inner) => inner("insert into items (name) values ('kept')"))
      return query("select name from items where name = 'kept'")
    },
    [{ name: 'kept' }],
  ],
  'a transaction rolls back': [
    async ({ query, transaction }) => {
      const undone = transaction(async (inner) => {
        await inner("insert into items (name) values ('lost')")
        throw new Error('no')
      })
      await undone.catch(() => {})
      return query("select name from items where name = 'lost'")
    },
    [],
  ],
  'a failed transaction refuses statements (25P02)': [
    async ({ transaction }) => {
      let second: string | undefined
      const failing = transaction(async (inner) => {
        await codeOf(inner('select nothing from items'))
        second = await codeOf(inner('select 1 as one'))
        throw new Error('no')
      })
      await failing.catch(() => {})
      return second
    },
    '25P02',
  ],
  savepoints: [
    async ({ query, transaction }) => {
      await transaction(async (inner) => {
        await inner("insert into items (name) values ('outer')")
        await inner('savepoint here')
        await inner("insert into items (name) values ('inner')")
        await inner('rollback to savepoint here')
      })
      return query("select name from items where name in ('outer', 'inner')")
    },
    [{ name: 'outer' }],
  ],
  'others do not see what is not committed': [
    async ({ query, transaction }) =>
      transaction(async (inner) => {
        await inner("insert into items (name) values ('mine')")
        return query("select name from items where name = 'mine'")
      }),
    [],
  ],
  'two transactions at once': [
    async ({ query, transaction }) => {
      await Promise.all(
        ['a', 'b'].map((name) => transaction((inner) => inner('insert into items (name) values ($1)', [name]))),
      )
      return query("select name from items where name in ('a', 'b') order by name")
    },
    [{ name: 'a' }, { name: 'b' }],
  ],
  'many statements at once': [
    async ({ query }) => {
      const rows = await Promise.all(Array.from({ length: 30 }, (_, at) => query('select $1::int as at', [at])))
      return rows.every(([row], at) => row?.at === at)
    },
    true,
  ],
  'a join': [
    async ({ query }) => {
      await query("insert into parts (item, label) values (1, 'wheel')")
      return query('select i.name, p.label from items i join parts p on p.item = i.id where i.id = $1', [1])
    },
    [{ name: 'first', label: 'wheel' }],
  ],
  'insert … on conflict': [
    ({ query }) =>
      query(
        "insert into items (name, count) values ('first', 9) on conflict (name) do update set count = excluded.count returning count",
      ),
    [{ count: 9 }],
  ],
  'window functions': [
    ({ query }) => query('select name, row_number() over (order by id)::int as n from items'),
    [{ name: 'first', n: 1 }],
  ],
  generate_series: [({ query }) => query('select generate_series(1, 2)::int as n'), [{ n: 1 }, { n: 2 }]],
  'a schema change rolls back': [
    async ({ query, transaction }) => {
      const undone = transaction(async (inner) => {
        await inner('create table gone (id integer)')
        throw new Error('no')
      })
      await undone.catch(() => {})
      return codeOf(query('select * from gone'))
    },
    '42P01',
  ],
}
