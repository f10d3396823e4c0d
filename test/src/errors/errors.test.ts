import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { printFile } from '../../../src/errors/call-site.ts'
import { tripsCarriedBy } from '../../../src/errors/carries.ts'
import { CODES, type TripwireCode, TripwireError } from '../../../src/errors/classes.ts'
import { direct } from '../../fixtures/errors/orders.ts'
import { CALLS, type Situation, stopped } from './stopped.ts'

const ALL = Object.entries(CODES) as [TripwireCode, (typeof CODES)[TripwireCode]][]
const OURS = /[/\\](?:main[/\\]src|main[/\\]plugins)[/\\]/

describe.each(ALL)('%s', (code, Class) => {
  const make = () =>
    direct(Reflect.construct.bind(undefined, Class, ['It broke.', { facts: { a: 1 } }])) as TripwireError

  test('has its name, code and data', () => {
    const error = make() as TripwireError & { facts: unknown; callSite: { file: string; line: number } }
    const camel = code
      .slice('TRIPWIRE_'.length)
      .toLowerCase()
      .replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase())
    expect(Class.name).toBe(`${camel}Error`)
    expect(error).toMatchObject({ name: Class.name, code, message: `[${code}] It broke.`, facts: { a: 1 } })
    expect(Object.keys(error).sort()).toEqual(['callSite', 'code', 'facts'])
    expect(printFile(error.callSite.file)).toBe('test/fixtures/errors/orders.ts')
    expect(error.callSite.line).toBe(11)
  })

  test('is plain data that can be cloned', () => {
    const { code: own, ...data } = { ...make() }
    expect(structuredClone({ own, ...data })).toEqual({ own, ...data })
  })

  test('is known across copies and realms, and only as what it is', async () => {
    vi.resetModules()
    const copy = await import('../../../src/errors/classes.ts')
    expect(copy.TripwireError).not.toBe(TripwireError)
    const error = make()
    expect(error).toBeInstanceOf(Error)
    expect(error instanceof copy.TripwireError).toBe(true)
    expect(ALL.filter(([other]) => error instanceof copy.CODES[other])).toHaveLength(1)
    expect(error instanceof copy.CODES[code]).toBe(true)
    const context = createContext({})
    const foreign = runInContext(
      `const e = new Error('x'); Object.defineProperty(e, Symbol.for('vitest-tripwire.error'), { value: '${code}' }); e`,
      context,
    )
    expect(foreign instanceof Class).toBe(true)
  })

  test('has none of our frames, and its name and message first', () => {
    const { stack = '', message } = make()
    expect(stack.startsWith(`${Class.name}: ${message}\n    at `)).toBe(true)
    expect(stack).not.toMatch(OURS)
    expect(Object.getOwnPropertyDescriptor(make(), 'stack')).toMatchObject({ writable: true, enumerable: false })
  })

  test('has a page', () => {
    expect(readFileSync(`docs/errors/${code}.md`, 'utf8')).toContain(code)
  })
})

test.each([undefined, null, 0, 'text', {}, new Error('other')])('%s is no error of ours', (value) => {
  expect(value instanceof TripwireError).toBe(false)
})

describe('errors of calls', () => {
  test.each<[TripwireCode, Situation]>([
    ['TRIPWIRE_GUARDED_CALL', {}],
    ['TRIPWIRE_UNSAFE_PASSTHROUGH', { level: 'warn' }],
    ['TRIPWIRE_UNMOCKED_INTERACTION', { sandbox: true }],
    ['TRIPWIRE_POST_SANDBOX_INTERACTION', { ended: 'sandbox' }],
    ['TRIPWIRE_POST_TEST_INTERACTION', { ended: 'test' }],
  ])('%s carries the call', async (code, situation) => {
    const error = await stopped(situation, CALLS.http)
    expect(error).toBeInstanceOf(CODES[code])
    expect(structuredClone({ ...error })).toMatchObject({
      code,
      protocol: 'http',
      operation: 'http:request',
      facts: { method: 'POST', url: 'https://api.example.com/v1/charges?token=…' },
      callSite: { line: 11, column: 48 },
      startedBy: { kind: 'test', name: 'test "charges the card"' },
      tripId: expect.any(Number),
    })
    expect([...tripsCarriedBy(new Error('x', { cause: new AggregateError([error]) }))]).toEqual([error.tripId])
  })

  test.each([0, 1, Number.POSITIVE_INFINITY])('no frame of ours with stackTraceLimit %s', async (limit) => {
    const before = Error.stackTraceLimit
    Error.stackTraceLimit = limit
    try {
      const { stack } = await stopped({}, CALLS.http)
      expect(stack).not.toMatch(OURS)
      expect(stack).toMatch(/orders\.ts:11:48/)
    } finally {
      Error.stackTraceLimit = before
    }
  })

  test('no frame of ours under a formatter that throws', async () => {
    const before = Error.prepareStackTrace
    Error.prepareStackTrace = () => {
      throw new Error('foreign')
    }
    try {
      const error = await stopped({}, CALLS.http)
      expect(error.stack).not.toMatch(OURS)
    } finally {
      Error.prepareStackTrace = before
    }
  })
})
