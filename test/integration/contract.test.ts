import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const HEAD = `
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { M, tripwire } from 'vitest-tripwire'
const get = (path, init) => fetch('https://api.example.com' + path, init).then((response) => response.json())
const post = (path, body) => get(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
`

/** The first message of a test, without its stack. */
const told = (run: VitestRun, name: string) =>
  (run.tests[name]?.messages.join('\n---\n') ?? 'no such test').replaceAll(/\n {4}at .*/g, '').trim()

describe('a sandbox accounts for every call', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({
      'a.test.ts': `${HEAD}
test('answered and asserted', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  expect(await tripwire.sandbox(() => get('/a'))).toBe(1)
  tripwire.http.assert('GET https://api.example.com/a')
})
test('a mock answers once, in turn', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  tripwire.http.mock('GET https://api.example.com/a', { json: 2 })
  expect(await tripwire.sandbox(async () => [await get('/a'), await get('/a')])).toEqual([1, 2])
  tripwire.inAnyOrder(() => {
    tripwire.http.assert('GET https://api.example.com/a')
    tripwire.http.assert('GET https://api.example.com/a')
  })
})
test('as a block', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  {
    await using box = tripwire.sandbox()
    await get('/a')
    expect(box.interactions.map(({ outcome }) => outcome)).toEqual(['replied'])
  }
  tripwire.http.assert('GET https://api.example.com/a')
})
test('once more than it answers', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  await tripwire.sandbox(async () => { await get('/a'); await get('/a').catch(() => {}) })
  tripwire.http.assert('GET https://api.example.com/a')
})
test('times', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 }).times(3)
  await tripwire.sandbox(async () => { await get('/a'); await get('/a') })
  tripwire.http.assert('GET https://api.example.com/a')
  tripwire.http.assert('GET https://api.example.com/a')
})
test('always and optional', async () => {
  tripwire.http.mock('GET https://api.example.com/never').optional()
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 }).always()
  await tripwire.sandbox(() => Promise.all([get('/a'), get('/a'), get('/a')]))
  for (const _ of [1, 2, 3]) tripwire.http.assert('GET https://api.example.com/a')
})
test('not asserted', async () => {
  tripwire.http.mock('POST https://api.example.com/orders', { json: {} })
  await tripwire.sandbox(() => post('/orders?dry=1', { amount: 5000, at: ['x'] }))
})
test('a sandbox that nobody waits for', () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  tripwire.sandbox(() => new Promise((done) => setTimeout(done, 50)))
})
test('a sandbox that its test has no time for', async () => {
  await tripwire.sandbox(() => new Promise((done) => setTimeout(done, 100)))
}, 50)
test('never used', () => {
  tripwire.http.mock('GET https://api.example.com/a')
  tripwire.http.mock({ method: 'POST', url: 'https://api.example.com/b', body: { n: 1 } }, { json: 1 }).times(2)
})
test('both', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  tripwire.http.mock('GET https://api.example.com/b', { json: 1 })
  await tripwire.sandbox(() => get('/a'))
})
test('failed anyway', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  await tripwire.sandbox(() => get('/a'))
  throw new Error('the test’s own failure')
})
test('skipped', (context) => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  context.skip()
})
test.fails('a test that is to fail is not satisfied by it', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
})
test('a sandbox that throws verifies', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  await expect(tripwire.sandbox(async () => { await get('/a'); throw new Error('boom') })).rejects.toThrow('boom')
})
test('a rule lets through, and nothing is asked for', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  await tripwire.sandbox(async (box) => {
    await get('/a')
    expect(tripwire.calls('http')).toHaveLength(1)
    expect(tripwire.calls(M({ protocol: 'http', path: '/b' }))).toHaveLength(0)
  })
  expect(tripwire.calls()).toMatchObject([{ protocol: 'http', outcome: 'replied', facts: { method: 'GET' } }])
  tripwire.http.assert(M({ protocol: 'http', method: 'GET', host: 'api.example.com' }))
})`,
    })
  }, 60_000)

  test.each([
    'answered and asserted',
    'a mock answers once, in turn',
    'as a block',
    'always and optional',
    'a rule lets through, and nothing is asked for',
  ])('%s', (name) => {
    expect(run.tests[name]).toEqual({ state: 'passed', messages: [] })
  })
  test('a skipped test has nothing to account for', () => expect(run.tests.skipped?.state).toBe('skipped'))
  test.each([
    'once more than it answers',
    'times',
    'not asserted',
    'a sandbox that nobody waits for',
    'a sandbox that its test has no time for',
    'never used',
    'both',
    'failed anyway',
    'a test that is to fail is not satisfied by it',
    'a sandbox that throws verifies',
  ])('%s', (name) => {
    expect(run.tests[name]?.state).toBe('failed')
    expect(told(run, name)).toMatchSnapshot()
  })
})

describe('an assertion', () => {
  let run: VitestRun
  const body = (lines: string) => `
  tripwire.http.mock('POST https://api.example.com/orders', { json: {} })
  tripwire.http.mock('GET https://api.example.com/prices', { json: [] })
  await tripwire.sandbox(async () => { await post('/orders', { amount: 5000, token: 'tok_123456' }); await get('/prices?of=a&of=b') })
  const orders = () => tripwire.http.assert('POST https://api.example.com/orders', { body: expect.objectContaining({ amount: 5000 }) })
  const prices = () => tripwire.http.assert('GET https://api.example.com/prices?of=a&of=b')
  ${lines}`
  beforeAll(async () => {
    run = await runVitest({
      'a.test.ts': `${HEAD}
test('in order', async () => {${body('orders(); prices()')}})
test('out of order', async () => {${body('prices(); orders()')}})
test('in any order', async () => {${body('tripwire.inAnyOrder(() => { prices(); orders() })')}})
test('in any order, async', async () => {${body("await tripwire.inAnyOrder('http', async () => { prices(); await 0; orders() })")}})
test('a fact differs', async () => {${body("tripwire.http.assert('POST https://api.example.com/orders', { body: { amount: 50, token: 'tok_123456' } })")}})
test('a fact is missing', async () => {${body("tripwire.http.assert('POST https://api.example.com/orders')")}})
test('the method is missing', async () => {${body("tripwire.http.assert('https://api.example.com/orders', { body: expect.anything() })")}})
test('a fact is unknown', async () => {${body("tripwire.http.assert('POST https://api.example.com/orders', { boby: {} })")}})
test('wildcards only', async () => {${body('tripwire.http.assert({ method: expect.any(String), url: expect.anything(), body: expect.anything() })')}})
test('one too many', async () => {${body('orders(); prices(); prices()')}})
test('none fits in any order', async () => {${body("tripwire.inAnyOrder(() => tripwire.http.assert('DELETE https://api.example.com/orders'))")}})
test('inside', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 }).optional()
  tripwire.sandbox(() => tripwire.http.assert('GET https://api.example.com/a'))
})
test('a pattern that is none', () => { tripwire.http.mock('ftp://api.example.com/a') })
test('an unknown part of a pattern', () => { tripwire.http.mock({ uri: 'https://api.example.com/a' }) })
test('an unknown part of a reply', () => { tripwire.http.mock('GET https://api.example.com/a', { jsn: 1 }) })
test('two bodies', () => { tripwire.http.mock('GET https://api.example.com/a', { json: 1, text: 'x' }) })
test('an unknown failure', () => { tripwire.http.mock('GET https://api.example.com/a', { error: 'refuse' }) })
test('a count that is none', () => { tripwire.http.mock('GET https://api.example.com/a').optional().times(0) })
test('matchers of expect', async () => {${body(`orders(); prices()
  expect(tripwire.http).toHaveCalled()
  expect(tripwire.http).toHaveCalled('POST https://api.example.com/*')
  expect(tripwire.http).not.toHaveCalled('DELETE https://api.example.com/orders')
  expect(() => expect(tripwire.http).toHaveCalled('DELETE https://api.example.com/orders')).toThrow('expected "DELETE https://api.example.com/orders", and the calls were:\\n  POST https://api.example.com/orders\\n  GET')
  expect(() => expect(tripwire.http).not.toHaveCalled()).toThrow('expected no a call, and it was called:')
  expect(() => expect(1).toHaveCalled()).toThrow('toHaveCalled looks at the calls of a protocol')
  expect(tripwire.http.calls('GET https://api.example.com/prices')).toHaveLength(1)`)}})
test('headers that are named', async () => {
  tripwire.http.mock({ url: 'https://api.example.com/a', headers: { 'X-Version': /^2/ } }, { json: 2 })
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  expect(await tripwire.sandbox(async () => [await get('/a'), await get('/a', { headers: { 'x-version': '2.1' } })])).toEqual([1, 2])
  tripwire.http.assert('GET https://api.example.com/a')
  tripwire.http.assert('GET https://api.example.com/a', { headers: { 'X-Version': '2.1' } })
})`,
    })
  }, 60_000)

  test.each(['in order', 'in any order', 'in any order, async', 'matchers of expect', 'headers that are named'])(
    'holds: %s',
    (name) => {
      expect(run.tests[name]).toEqual({ state: 'passed', messages: [] })
    },
  )
  test.each([
    'out of order',
    'a fact differs',
    'a fact is missing',
    'the method is missing',
    'a fact is unknown',
    'wildcards only',
    'one too many',
    'none fits in any order',
    'inside',
    'a pattern that is none',
    'an unknown part of a pattern',
    'an unknown part of a reply',
    'two bodies',
    'an unknown failure',
    'a count that is none',
  ])('does not hold: %s', (name) => {
    expect(run.tests[name]?.state).toBe('failed')
    expect(told(run, name)).toMatchSnapshot()
  })
})

test('mocks belong to where they stand, sandboxes share them only if they nest', async () => {
  const run = await runVitest({
    'a.test.ts': `${HEAD}
tripwire.http.mock('GET https://api.example.com/file', { json: 'file' }).always()
beforeEach(() => { tripwire.http.mock('GET https://api.example.com/each', { json: 'each' }).optional() })
const all = async (...paths) => { for (const path of paths) await get(path) }
const asserted = (...paths) => { for (const path of paths) tripwire.http.assert('GET https://api.example.com' + path) }
describe('one', () => {
  beforeAll(() => { tripwire.http.mock('GET https://api.example.com/one', { json: 'one' }) })
  test('uses all', async () => { await tripwire.sandbox(() => all('/file', '/one', '/each')); asserted('/file', '/one', '/each') })
  test('the mock of beforeEach is there again', async () => { await tripwire.sandbox(() => all('/each')); asserted('/each') })
})
describe('two', () => {
  beforeAll(() => { tripwire.http.mock('GET https://api.example.com/two', { json: 'two' }) })
  test('does not see the mocks of another describe', async () => {
    const trips = await tripwire.expectTrip('http', () => tripwire.sandbox(() => get('/one').catch(() => {})))
    expect(trips[0].code).toBe('TRIPWIRE_UNMOCKED_INTERACTION')
  })
})
test('inner sandboxes see the outer mocks, not the other way round', async () => {
  await tripwire.sandbox(async () => {
    tripwire.http.mock('GET https://api.example.com/outer', { json: 'outer' })
    await tripwire.sandbox(async () => {
      tripwire.http.mock('GET https://api.example.com/inner', { json: 'inner' })
      expect([await get('/outer'), await get('/inner')]).toEqual(['outer', 'inner'])
    })
    await tripwire.expectTrip('http', () => get('/inner').catch(() => {}))
  })
  asserted('/outer', '/inner')
})
test.concurrent('sandboxes at once each have their own', async () => {
  const one = (n) => tripwire.sandbox(async () => {
    tripwire.http.mock('GET https://api.example.com/n', { json: n, delay: Math.random() * 20 })
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    return get('/n')
  })
  expect(await Promise.all([...Array(100).keys()].map(one))).toEqual([...Array(100).keys()])
  for (let n = 0; n < 100; n++) asserted('/n')
})
test('a mock without a sandbox answers nothing, and is named', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 })
  await get('/a').catch(() => {})
})
test('another request is the nearest miss', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 }).optional()
  await tripwire.sandbox(() => post('/a', {}).catch(() => {}))
})
test('a body that no mock expects', async () => {
  tripwire.http.mock({ method: 'POST', url: 'https://api.example.com/b', body: { n: 1 } }, { json: 1 }).optional()
  await tripwire.sandbox(() => post('/b', { n: 2 }).catch(() => {}))
})
test('a late call is answered by nobody', async () => {
  tripwire.http.mock('GET https://api.example.com/a', { json: 1 }).optional()
  let late
  await tripwire.sandbox(() => { late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => get('/a')).catch((error) => error.cause) })
  const [trip] = await tripwire.expectTrip('http', async () => { await late })  .catch((error) => [error])
  expect((await late).code).toBe('TRIPWIRE_POST_SANDBOX_INTERACTION')
})`,
  })
  const states = Object.fromEntries(Object.entries(run.tests).map(([name, { state }]) => [name, state]))
  expect(states).toEqual({
    'one uses all': 'passed',
    'one the mock of beforeEach is there again': 'passed',
    'two does not see the mocks of another describe': 'passed',
    'inner sandboxes see the outer mocks, not the other way round': 'passed',
    'sandboxes at once each have their own': 'passed',
    'a mock without a sandbox answers nothing, and is named': 'failed',
    'another request is the nearest miss': 'failed',
    'a body that no mock expects': 'failed',
    'a late call is answered by nobody': 'failed',
  })
  expect(run.output).toContain('never used in describe "two"')
  expect(told(run, 'a mock without a sandbox answers nothing, and is named')).toMatchSnapshot()
  expect(told(run, 'another request is the nearest miss')).toMatchSnapshot()
  expect(told(run, 'a body that no mock expects')).toMatchSnapshot()
})
