import { createServer } from 'node:http'
import * as msw3 from 'msw'
import { graphql } from 'msw/graphql'
import * as msw2 from 'msw2'
import { beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const API = 'https://api.example.com'

type Msw = Pick<typeof msw2, 'http' | 'HttpResponse' | 'delay' | 'passthrough' | 'graphql'>
const VERSIONS: Record<string, Msw> = {
  'msw 2': msw2,
  'msw 3': { ...(msw3 as unknown as Msw), graphql: graphql.link(`${API}/graphql`) as unknown as Msw['graphql'] },
}
const json = async (path: string, init?: RequestInit) => (await fetch(`${API}${path}`, init)).json()

describe.each(Object.keys(VERSIONS))('handlers of %s', (version) => {
  const { http, HttpResponse, delay, passthrough, graphql } = VERSIONS[version] as Msw

  test('answer as they are: parameters, queries, bodies, status', async () => {
    tripwire.http.use(
      http.get(`${API}/user/:id`, ({ params, request }) =>
        HttpResponse.json({ id: params.id, q: new URL(request.url).searchParams.get('q') }),
      ),
      http.post(`${API}/user`, async ({ request }) => HttpResponse.json(await request.json(), { status: 201 })),
    )
    const answers = await tripwire.sandbox(async () => [
      await json('/user/7?q=x'),
      await json('/user', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } }),
    ])
    expect(answers).toEqual([{ id: '7', q: 'x' }, { a: 1 }])
    tripwire.http.assert(`GET ${API}/user/7?q=x`)
    tripwire.http.assert(`POST ${API}/user`, { body: { a: 1 } })
  })

  test('are always there and optional; once is once', async () => {
    tripwire.http.use(
      http.get(`${API}/n`, () => HttpResponse.json('first'), { once: true }),
      http.get(`${API}/n`, () => HttpResponse.json('later')),
      http.get(`${API}/never`, () => HttpResponse.json('never')),
    )
    const all = await tripwire.sandbox(async () => [await json('/n'), await json('/n'), await json('/n')])
    expect(all).toEqual(['first', 'later', 'later'])
    for (const _ of all) tripwire.http.assert(`GET ${API}/n`)
  })

  describe('of several calls', () => {
    const says = (word: string, options = {}) =>
      tripwire.http.use(http.get(`${API}/who`, () => HttpResponse.json(word), options))
    beforeEach(() => says('of all tests'))

    test('the latest answer first', async () => {
      says('earlier')
      says('once', { once: true })
      const answers = await tripwire.sandbox(async () => {
        const before = [await json('/who'), await json('/who')]
        says('in the sandbox')
        return [...before, await json('/who')]
      })
      expect(answers).toEqual(['once', 'earlier', 'in the sandbox'])
      for (const _ of answers) tripwire.http.assert(`GET ${API}/who`)
    })

    test('all answer what no mock of the test does, whichever came first', async () => {
      tripwire.http.mock(`GET ${API}/who`, { json: 'mock' })
      says('handler')
      tripwire.http.mock(`GET ${API}/who`, { json: 'later mock' })
      const answers = await tripwire.sandbox(async () => [await json('/who'), await json('/who'), await json('/who')])
      expect(answers).toEqual(['mock', 'later mock', 'handler'])
      for (const _ of answers) tripwire.http.assert(`GET ${API}/who`)
    })
  })

  test('leave to the next what they do not answer, take their time, and fail as a network does', async () => {
    tripwire.http.use(
      http.get(`${API}/a`, () => undefined),
      http.all(`${API}/*`, async () => {
        await delay(10)
        return HttpResponse.text('all')
      }),
    )
    expect(await tripwire.sandbox(async () => (await fetch(`${API}/a`)).text())).toBe('all')
    tripwire.http.assert(`GET ${API}/a`)
    tripwire.http.use(http.get('https://down.example.com/', () => HttpResponse.error()))
    await expect(tripwire.sandbox(() => fetch('https://down.example.com/'))).rejects.toThrow('fetch failed')
    tripwire.http.assert('GET https://down.example.com/')
  })

  test('that have nothing to say leave the request to mocks and rules, and else it is one that nothing answers', async () => {
    tripwire.http.use(http.get(`${API}/a`, () => undefined))
    tripwire.http.mock(`GET ${API}/a`, { text: 'mocked' })
    expect(await tripwire.sandbox(async () => (await fetch(`${API}/a`)).text())).toBe('mocked')
    tripwire.http.assert(`GET ${API}/a`)
    const trips = await tripwire.expectTrip('http', () =>
      tripwire.sandbox(() => expect(fetch(`${API}/a`)).rejects.toThrow('fetch failed')),
    )
    expect(trips.map(({ code }) => code)).toEqual(['TRIPWIRE_UNMOCKED_INTERACTION'])
  })

  test('let through no more than a ceiling does', async () => {
    let reached = 0
    const server = createServer((_, response) => void response.end(`real ${++reached}`))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(server.address() as { port: number }).port}/a`
    tripwire.http.use(http.get(address, () => passthrough()))
    const trips = await tripwire.expectTrip('http', () =>
      tripwire.sandbox({ restrict: `${API}/**` }, () => expect(fetch(address)).rejects.toThrow('fetch failed')),
    )
    expect([trips.map(({ code }) => code), reached]).toEqual([['TRIPWIRE_GUARDED_CALL'], 0])
    expect(await tripwire.sandbox(async () => (await fetch(address)).text())).toBe('real 1')
    expect(tripwire.calls().map(({ outcome }) => outcome)).toEqual(['blocked', 'passed'])
    tripwire.http.assert(`GET ${address}`)
    server.close()
  })

  test('answer GraphQL by the name of the operation', async () => {
    tripwire.http.use(
      graphql.query('GetUser', ({ variables }) => HttpResponse.json({ data: { user: variables.id } })),
      graphql.mutation('SetUser', () => HttpResponse.json({ data: { ok: true } })),
    )
    const ask = (query: string, variables = {}) =>
      json('/graphql', {
        method: 'POST',
        body: JSON.stringify({ query, variables }),
        headers: { 'content-type': 'application/json' },
      })
    const answers = await tripwire.sandbox(async () => [
      await ask('mutation SetUser { set { ok } }'),
      await ask('query GetUser($id: ID) { user(id: $id) }', { id: 7 }),
    ])
    expect(answers).toEqual([{ data: { ok: true } }, { data: { user: 7 } }])
    for (const _ of answers)
      tripwire.http.assert(`POST ${API}/graphql`, { body: expect.objectContaining({ query: expect.any(String) }) })
  })
})

test('what is no handler is refused', () => {
  expect(() => tripwire.http.use({ get: 'https://api.example.com' })).toThrowErrorMatchingInlineSnapshot(`
    [SandboxMisuseError: [TRIPWIRE_SANDBOX_MISUSE] tripwire.http.use() was given something that cannot be meant: it is no request handler.

      fix  handlers of msw: http.get('https://…', …), graphql.query('Name', …)]
  `)
})
