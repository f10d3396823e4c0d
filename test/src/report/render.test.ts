import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { group } from '../../../src/report/group.ts'
import { paintFor } from '../../../src/report/paint.ts'
import { renderReport } from '../../../src/report/render.ts'
import type { ReportEntry } from '../../../src/vitest/report.ts'

const site = (line: number, file = 'src/api.ts') => ({ file: join(process.cwd(), file), line, column: 9 })
const entry = (changes: Partial<ReportEntry> = {}): ReportEntry => ({
  kind: 'blocked',
  late: false,
  protocol: 'http',
  description: 'GET http://api.example.com/ping',
  rule: 'GET http://api.example.com/ping',
  fingerprint: 'x',
  callSite: site(4),
  count: 1,
  startedBy: ['test "pings"'],
  ...changes,
})
const render = (files: Record<string, ReportEntry[]>) =>
  renderReport(group(Object.entries(files).map(([file, entries]) => ({ file, entries }))))

test('a run without anything to tell prints nothing', () => {
  expect(render({ 'a.test.ts': [], 'b.test.ts': [] })).toBe('')
})

test('calls are grouped by protocol and target, with counts, tests and the first call site', () => {
  const dns = { protocol: 'dns', description: 'a lookup of db.example.com', rule: 'dns:db.example.com' }
  const text = render({
    'a.test.ts': [
      entry({ count: 2 }),
      entry({ count: 5, callSite: site(9), startedBy: ['test "a"', 'test "b"', 'test "c"', 'test "d"'] }),
      entry({ ...dns, callSite: undefined, startedBy: ['the import of a.test.ts'] }),
    ],
    'b.test.ts': [entry({ startedBy: ['beforeAll of "orders"'] }), entry({ callSite: site(20) })],
    'c.test.ts': [entry({ description: 'GET http://api.example.com/once', rule: 'GET http://api.example.com/once' })],
  })
  expect(text).toMatchInlineSnapshot(`
    "Stopped calls
      dns
        a lookup of db.example.com
          at <unknown call site>
          in the import of a.test.ts
      http
        GET http://api.example.com/ping × 9
          at src/api.ts:4:9
          in test "pings" (a.test.ts)
          in beforeAll of "orders" (b.test.ts)
          and at 2 other places
        GET http://api.example.com/once
          at src/api.ts:4:9
          in test "pings" (c.test.ts)

    Tripwire: 11 calls stopped"
  `)
})

test('a hook of 3,000 tests is one entry, and names no number that nobody counted', () => {
  const startedBy = Array.from({ length: 20 }, (_, n) => `test "t${n}"`)
  expect(render({ 'big.test.ts': [entry({ count: 3000, startedBy })] })).toMatchInlineSnapshot(`
    "Stopped calls
      http
        GET http://api.example.com/ping × 3000
          at src/api.ts:4:9
          in test "t0", test "t1", test "t2" and more (big.test.ts)

    Tripwire: 3000 calls stopped"
  `)
})

test('a mistake in many files names some of them', () => {
  const files = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`f${n}.test.ts`, [entry()]]))
  expect(render(files)).toMatchInlineSnapshot(`
    "Stopped calls
      http
        GET http://api.example.com/ping × 6
          at src/api.ts:4:9
          in test "pings" (f0.test.ts)
          in test "pings" (f1.test.ts)
          in test "pings" (f2.test.ts)
          in 3 more files

    Tripwire: 6 calls stopped"
  `)
})

test('late calls name who started them', () => {
  expect(render({ 'a.test.ts': [entry({ late: true })] })).toMatchInlineSnapshot(`
    "Calls that came after their test or sandbox had ended
      http
        GET http://api.example.com/ping
          at src/api.ts:4:9
          started by test "pings" (a.test.ts)

    Tripwire: 1 call late"
  `)
})

test('warnings are told once per call site', () => {
  const warned = { kind: 'warned' } as const
  expect(
    render({ 'a.test.ts': [entry(warned), entry({ ...warned, callSite: site(8) })], 'b.test.ts': [entry(warned)] }),
  ).toMatchInlineSnapshot(`
    "Calls that 'warn' let through
      http
        GET http://api.example.com/ping × 3
          at src/api.ts:4:9
          in test "pings" (a.test.ts)
          in test "pings" (b.test.ts)
          at src/api.ts:8:9
          in test "pings" (a.test.ts)

    Tripwire: 3 calls warned about"
  `)
})

test('observed calls come with the block that allows them', () => {
  const observed = { kind: 'observed' } as const
  expect(
    render({
      'a.test.ts': [
        entry(observed),
        entry({ ...observed, callSite: site(8), count: 4 }),
        entry({
          ...observed,
          protocol: 'db',
          description: "pg to localhost:5432/o'neil",
          rule: "db:pg://localhost/o'neil",
        }),
      ],
    }),
  ).toMatchInlineSnapshot(`
    "Calls that 'error' would stop (observed)
      db
        pg to localhost:5432/o'neil
          at src/api.ts:4:9
          in test "pings" (a.test.ts)
      http
        GET http://api.example.com/ping × 5
          at src/api.ts:4:9
          in test "pings" (a.test.ts)
          and at 1 other place

    To let these through, paste into tripwire.config.ts:
      allow: [
        'GET http://api.example.com/ping',
        "db:pg://localhost/o'neil",
      ],

    Tripwire: 6 calls observed"
  `)
})

test('refused calls are counted only', () => {
  expect(render({ 'a.test.ts': [entry({ kind: 'refused', count: 3 })] })).toMatchInlineSnapshot(
    `"Tripwire: 3 calls refused"`,
  )
})

describe('colours', () => {
  test.each([
    ['a file', {}, {}],
    ['a terminal with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }],
    ['FORCE_COLOR=0', { isTTY: true }, { FORCE_COLOR: '0' }],
  ])('are not for %s', (_, stream, env) => {
    expect(paintFor(stream, env)).toBeUndefined()
  })

  test.each([
    ['a terminal', { isTTY: true }, {}],
    ['FORCE_COLOR', {}, { FORCE_COLOR: '1' }],
  ])('are for %s', (_, stream, env) => {
    expect(paintFor(stream, env)?.dim('x')).toBe('\u001b[2mx\u001b[0m')
  })

  test('change nothing but the colour', () => {
    const grouped = group([{ file: 'a.test.ts', entries: [entry(), entry({ kind: 'warned' })] }])
    const painted = renderReport(grouped, paintFor({ isTTY: true }, {}))
    expect(painted).not.toBe(renderReport(grouped))
    expect(stripVTControlCharacters(painted)).toBe(renderReport(grouped))
  })
})
