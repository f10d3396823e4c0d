import http from 'node:http'
import https from 'node:https'
import { gzipSync } from 'node:zlib'
import axios from 'axios'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { BODY, CLIENTS, JSON_TYPE, nodeRequest, of } from '../support/http-clients.ts'
import { startWorld, type World } from '../support/world.ts'

describe.each(Object.keys(CLIENTS))('%s', (name) => {
  const client = CLIENTS[name] as (typeof CLIENTS)[string]

  test.each(['http://api.example.com', 'https://api.example.com', 'https://api.example.com:8443'])(
    'is answered at %s',
    async (origin) => {
      tripwire.http.mock(`GET ${origin}/a`, { json: { ok: true }, status: 203 })
      const answer = await tripwire.sandbox(() => client(`${origin}/a?x=1`))
      expect(answer).toMatchObject({
        status: 203,
        body: '{"ok":true}',
        type: expect.stringContaining('application/json'),
      })
      tripwire.http.assert(`GET ${origin}/a?x=1`)
    },
  )

  test('its body chooses the mock, and is asserted as JSON', async () => {
    const to = (amount: number) => ({ method: 'POST', url: 'https://api.example.com/charges', body: { amount } })
    tripwire.http.mock(to(1), { text: 'one' }).optional()
    tripwire.http.mock(to(5000), { text: 'many' })
    expect(await tripwire.sandbox(() => client('https://api.example.com/charges', BODY))).toMatchObject({
      status: 200,
      body: 'many',
    })
    tripwire.http.assert('POST https://api.example.com/charges', { body: { amount: 5000 } })
  })

  test('a body that no mock expects fails the call, within a second', async () => {
    tripwire.http.mock({ method: 'POST', url: 'https://api.example.com/charges', body: { amount: 1 } }).optional()
    const started = performance.now()
    const trips = await tripwire.expectTrip('http', () =>
      tripwire.sandbox(() =>
        client('https://api.example.com/charges', BODY).then(
          () => {
            throw new Error('was answered')
          },
          () => {},
        ),
      ),
    )
    expect(trips.map(({ code }) => code)).toEqual(['TRIPWIRE_UNMOCKED_INTERACTION'])
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test.each(['refused', 'reset', 'timeout', 'dns'] as const)('fails as a network fails: %s', async (error) => {
    tripwire.http.mock('GET https://api.example.com/a', { error })
    const code = await tripwire.sandbox(() => client('https://api.example.com/a').then(() => 'answered', codeOf))
    expect(code).toBe({ refused: 'ECONNREFUSED', reset: 'ECONNRESET', timeout: 'ETIMEDOUT', dns: 'ENOTFOUND' }[error])
    tripwire.http.assert('GET https://api.example.com/a')
  })
})

function codeOf(error: unknown): unknown {
  const { code, cause } = error as { code?: string; cause?: unknown }
  return /^E[A-Z]+$/.test(code ?? '') ? code : cause === undefined ? code : codeOf(cause)
}

describe('a reply', () => {
  const url = 'https://api.example.com/a'
  const sandboxed = async (reply: Parameters<typeof tripwire.http.mock>[1], init?: RequestInit) => {
    tripwire.http.mock({ url }, reply)
    const box = { facts: {} as Record<string, unknown> }
    const response = await tripwire.sandbox(async () => {
      const answer = await fetch(url, init)
      const bytes = Buffer.from(await answer.arrayBuffer())
      box.facts = { ...tripwire.calls()[0]?.facts }
      return { status: answer.status, statusText: answer.statusText, headers: answer.headers, bytes }
    })
    const { method, query, body } = box.facts
    tripwire.http.assert(
      { url, method: String(method) },
      { ...(query !== undefined && { query }), ...(body !== undefined && { body }) },
    )
    return { ...response, facts: box.facts }
  }

  test('has the status, its text and the headers, cookies apart', async () => {
    const { status, statusText, headers } = await sandboxed({
      status: 418,
      statusText: 'Short and stout',
      headers: { 'X-A': '1', 'set-cookie': ['a=1', 'b=2'] },
    })
    expect([status, statusText, headers.get('x-a'), headers.getSetCookie()]).toEqual([
      418,
      'Short and stout',
      '1',
      ['a=1', 'b=2'],
    ])
  })
  test('is empty by default', async () => {
    expect(await sandboxed(undefined)).toMatchObject({ status: 200, bytes: Buffer.alloc(0) })
  })
  test('without a body has none', async () => {
    expect(await sandboxed({ status: 204 })).toMatchObject({ status: 204, bytes: Buffer.alloc(0) })
  })
  test('to HEAD has the headers only', async () => {
    const { headers, bytes } = await sandboxed({ json: { a: 1 } }, { method: 'HEAD' })
    expect([headers.get('content-length'), bytes.length]).toEqual(['7', 0])
  })
  test('of bytes is those bytes', async () => {
    const bytes = new Uint8Array([0, 255, 128, 10])
    expect((await sandboxed({ body: bytes })).bytes).toEqual(Buffer.from(bytes))
  })
  test('of a stream or an async iterable comes in chunks', async () => {
    async function* chunks() {
      yield 'data: 1\n\n'
      yield Buffer.from('data: 2\n\n')
    }
    const { bytes, headers } = await sandboxed({ headers: { 'content-type': 'text/event-stream' }, body: chunks() })
    expect([String(bytes), headers.get('content-length')]).toEqual(['data: 1\n\ndata: 2\n\n', null])
    const stream = new Blob(['streamed']).stream()
    expect(String((await sandboxed({ body: stream })).bytes)).toBe('streamed')
  })
  test('that is compressed is unpacked by the client', async () => {
    const { bytes } = await sandboxed({ headers: { 'content-encoding': 'gzip' }, body: gzipSync('packed') })
    expect(String(bytes)).toBe('packed')
  })
  test('of a Response, as often as it is asked', async () => {
    tripwire.http.mock({ url }, Response.json({ n: 1 }, { status: 201 })).times(2)
    const both = await tripwire.sandbox(async () => [await (await fetch(url)).json(), (await fetch(url)).status])
    expect(both).toEqual([{ n: 1 }, 201])
    tripwire.http.assert(`GET ${url}`)
    tripwire.http.assert(`GET ${url}`)
  })
  test('of a function of the request', async () => {
    const { bytes } = await sandboxed(
      async (request) => ({
        json: {
          method: request.method,
          url: request.url,
          body: await request.text(),
          agent: request.headers.get('x-agent'),
        },
      }),
      { method: 'PUT', body: 'text', headers: { 'x-agent': 'me' } },
    )
    expect(JSON.parse(String(bytes))).toEqual({ method: 'PUT', url, body: 'text', agent: 'me' })
  })
  test('that is late lets a client time out, and an abort through', async () => {
    tripwire.http.mock({ url }, { json: 1, delay: 5000 }).times(2)
    await tripwire.sandbox(async () => {
      await expect(fetch(url, { signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout')
      await expect(axios.get(url, { timeout: 50 })).rejects.toThrow('timeout of 50ms exceeded')
    })
    tripwire.http.assert(`GET ${url}`)
    tripwire.http.assert(`GET ${url}`)
  })
  test('a redirect is followed to the next mock', async () => {
    tripwire.http.mock('GET https://api.example.com/old', {
      status: 301,
      headers: { location: 'https://other.example.com/new' },
    })
    tripwire.http.mock('GET https://other.example.com/new', { text: 'moved' })
    expect(await tripwire.sandbox(async () => (await fetch('https://api.example.com/old')).text())).toBe('moved')
    tripwire.http.assert('GET https://api.example.com/old')
    tripwire.http.assert('GET https://other.example.com/new')
  })
  test('has trailers, and a client may wait to be told to go on', async () => {
    tripwire.http.mock({ url }, { text: 'x', trailers: { 'x-sum': '42' } })
    const trailers = await tripwire.sandbox(
      () =>
        new Promise((resolve, reject) => {
          const request = https.request(url, { method: 'POST', headers: { expect: '100-continue' } }, (response) => {
            response.resume().on('end', () => resolve(response.trailers))
          })
          request.on('continue', () => request.end('slow')).on('error', reject)
          request.flushHeaders()
        }),
    )
    expect(trailers).toEqual({ 'x-sum': '42' })
    tripwire.http.assert(`POST ${url}`, { body: 'slow' })
  })
  test.each([
    ['text', 'plain', undefined, 'plain'],
    ['a form', 'a=1&a=2&b=3', 'application/x-www-form-urlencoded', { a: ['1', '2'], b: '3' }],
    ['JSON with a charset', '[1]', 'application/json; charset=utf-8', [1]],
    ['JSON that is none', '{', 'application/json', '{'],
    ['bytes', new Uint8Array([255, 0, 1]), 'application/octet-stream', new Uint8Array([255, 0, 1])],
  ])('bodies are facts: %s', async (_, body, type, expected) => {
    const { facts } = await sandboxed(
      {},
      { method: 'POST', body: body as BodyInit, headers: type === undefined ? {} : { 'content-type': type } },
    )
    expect(facts.body).toEqual(expected)
  })
})

describe('beside the real thing', () => {
  let world: World
  const origin = () => `http://127.0.0.1:${world.http}`
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('what passThrough lets through is real, and asserted with its body', async () => {
    tripwire.http.passThrough(`${origin()}/**`)
    const answer = await tripwire.sandbox(
      async () => (await fetch(`${origin()}/real`, { method: 'POST', body: BODY, headers: JSON_TYPE })).status,
    )
    expect(answer).toBe(200)
    tripwire.http.assert(`POST ${origin()}/real`, { body: { amount: 5000 } })
  })

  test('neither a warm connection to the real host carries a mocked request, nor the other way round', async () => {
    using _ = tripwire.allow(`${origin()}/**`)
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const real = await nodeRequest(http, `${origin()}/one`, undefined, { agent })
    tripwire.http.mock(`GET ${origin()}/one`, { text: 'mocked' }).times(2)
    const both = await tripwire.sandbox(async () => [
      await nodeRequest(http, `${origin()}/one`, undefined, { agent }),
      await of(await fetch(`${origin()}/one`)),
    ])
    expect(both.map(({ body }) => body)).toEqual(['mocked', 'mocked'])
    expect(await nodeRequest(http, `${origin()}/one`, undefined, { agent })).toEqual(real)
    expect(await of(await fetch(`${origin()}/one`))).not.toMatchObject({ body: 'mocked' })
    tripwire.http.assert(`GET ${origin()}/one`)
    tripwire.http.assert(`GET ${origin()}/one`)
    agent.destroy()
  })

  const send = (body: string) => fetch(`${origin()}/chosen`, { method: 'POST', body }).then((answer) => answer.text())
  const chosen = (body: string) => ({ method: 'POST', url: `${origin()}/chosen`, body })

  test('what turns out to be no call of a mock is let through by the rules, and need not be asserted', async () => {
    using _ = tripwire.allow(`${origin()}/**`)
    const real = await send('other')
    tripwire.http.mock(chosen('mine'), { text: 'mocked' })
    expect(await tripwire.sandbox(async () => [await send('other'), await send('mine')])).toEqual([real, 'mocked'])
    expect(tripwire.calls().map(({ outcome }) => outcome)).toEqual(['passed', 'replied'])
    tripwire.http.assert(`POST ${origin()}/chosen`, { body: 'mine' })
  })

  test('what turns out to be no call of a mock is stopped by the rule that says so', async () => {
    using _ = tripwire.deny(`${origin()}/**`)
    tripwire.http.mock(chosen('mine')).optional()
    const trips = await tripwire.expectTrip('http', () =>
      tripwire.sandbox(() => expect(send('other')).rejects.toThrow('fetch failed')),
    )
    expect(trips.map(({ code }) => code)).toEqual(['TRIPWIRE_GUARDED_CALL'])
  })

  test('a ceiling holds for what is let through once more is known, and hides no mock behind it', async () => {
    await world.quiet()
    const before = world.log.length
    const trips = await tripwire.expectTrip('http', () =>
      tripwire.sandbox({ restrict: 'https://other.example.com/**' }, async () => {
        tripwire.http.mock(chosen('mine')).optional()
        tripwire.http.passThrough(`POST ${origin()}/chosen`).optional()
        await expect(send('other')).rejects.toThrow('fetch failed')
        tripwire.http.mock(`POST ${origin()}/chosen`, { text: 'mocked' })
        expect(await send('other')).toBe('mocked')
      }),
    )
    expect(trips.map(({ code }) => code)).toEqual(['TRIPWIRE_GUARDED_CALL'])
    await world.quiet()
    expect(world.log.length).toBe(before)
    tripwire.http.assert(`POST ${origin()}/chosen`, { body: 'other' })
  })
})
