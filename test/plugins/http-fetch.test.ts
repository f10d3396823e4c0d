import { gzipSync } from 'node:zlib'
import { describe, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { expectSame, expectSameLog, read, told, type Way } from '../support/both-ways.ts'

const url = 'https://api.example.com/a'
const asking =
  (options?: RequestInit, at = url) =>
  async () =>
    read(await fetch(at, options))

describe('a reply looks as it does over the wire', () => {
  const packed = gzipSync('packed '.repeat(100))
  const replies: Record<string, [Way, unknown]> = {
    nothing: ['here', {}],
    JSON: ['here', { json: { a: [1, 'ü', null] } }],
    'JSON that is undefined': ['here', { json: undefined }],
    text: ['here', { text: 'grüße' }],
    'no text': ['here', { text: '' }],
    'text of a type': [
      'here',
      { text: '<a/>', headers: { 'Content-Type': 'text/html', 'X-Many': 'a, b', 'x-empty': '', 'x-number': 5 } },
    ],
    bytes: ['here', { body: new Uint8Array([0, 255, 10, 13]) }],
    'a view of bytes': ['here', { body: new Uint8Array([1, 2, 3, 4]).subarray(1, 3) }],
    'a failure': ['here', { status: 404, json: { error: 'none' } }],
    'a status that nobody knows': ['here', { status: 599, text: 'odd' }],
    'headers as Headers': [
      'here',
      {
        headers: new Headers([
          ['x-a', '1'],
          ['x-a', '2'],
        ]),
      },
    ],
    'what was compressed': [
      'here',
      { body: packed, headers: { 'content-encoding': 'gzip', 'content-type': 'text/plain' } },
    ],
    'what was not compressed': ['here', { text: 'no gzip', headers: { 'content-encoding': 'gzip' } }],
    'more encodings than one may have': [
      'here',
      { text: 'a', headers: { 'content-encoding': 'gzip,gzip,gzip,gzip,gzip,gzip' } },
    ],
    'an unknown encoding': ['here', { text: 'a', headers: { 'content-encoding': 'odd' } }],
    'a megabyte': ['here', { text: 'x'.repeat(1_000_000) }],
    'one cookie': ['wire', { headers: { 'set-cookie': 'a=1' } }],
    cookies: ['wire', { headers: { 'set-cookie': ['a=1', 'b=2'] } }],
    'a header that is no ASCII': ['wire', { headers: { 'x-a': 'grüße' } }],
    'a header that is none': ['wire', { headers: { 'x-a': 'a\nb' } }],
    'a header with spaces': ['wire', { headers: { 'x-a': ' a ' } }],
    'a length of its own': ['wire', { text: 'a', headers: { 'content-length': '1' } }],
    'a wrong length': ['wire', { text: 'abc', headers: { 'content-length': '2' } }],
    'an end of its connection': ['wire', { headers: { connection: 'close' } }],
    'a date of its own': ['wire', { headers: { date: new Date().toUTCString() } }],
    chunks: ['wire', { text: 'a', headers: { 'transfer-encoding': 'chunked' } }],
    'headers that are too long': ['wire', { headers: { 'x-a': 'x'.repeat(20_000) } }],
    'a phrase of its own': ['wire', { status: 200, statusText: 'Fine' }],
    'no content': ['wire', { status: 204 }],
    'not modified': ['wire', { status: 304 }],
    trailers: ['wire', { text: 'a', trailers: { 'x-sum': '1' } }],
    'a delay': ['wire', { delay: 5 }],
    'a refusal': ['wire', { error: 'refused' }],
    'a reset': ['wire', { error: 'reset' }],
    'an error': ['wire', { error: new RangeError('mine') }],
    'a function': ['wire', () => ({ text: 'made' })],
    'a Response': ['wire', new Response('given')],
  }
  test.each(Object.entries(replies))('%s', async (_, [way, reply]) => {
    await expectSame({ [`GET ${url}`]: reply }, asking(), way)
  })

  test.each([301, 302, 303, 307, 308])('a redirect by %i is followed, reported and refused', async (status) => {
    const mocks = {
      [url]: { status, headers: { location: '/b?c=1' }, text: 'moved' },
      'https://api.example.com/b': { json: { b: 1 } },
    }
    await expectSame(mocks, asking(), 'here')
    await expectSame(
      mocks,
      asking({ method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } }),
      'here',
    )
    await expectSame(mocks, asking({ redirect: 'manual' }), 'here')
    await expectSame(mocks, asking({ redirect: 'error' }), 'here')
  })

  test('a redirect to itself ends', async () => {
    await expectSame({ [url]: { status: 302, headers: { location: url } } }, asking(), 'here')
  })
})

describe('a request is written down as a server reads it', () => {
  const form = new FormData()
  form.set('a', '1')
  const requests: Record<string, [Way, RequestInit]> = {
    GET: ['here', {}],
    'with headers': [
      'here',
      { headers: { 'X-Mixed': 'Case, too', authorization: 'Bearer x', cookie: 'a=1; b=2', 'x-empty': '' } },
    ],
    DELETE: ['here', { method: 'DELETE' }],
    OPTIONS: ['here', { method: 'OPTIONS' }],
    'POST of JSON': ['here', { method: 'POST', body: '{"a":"ü"}', headers: { 'content-type': 'application/json' } }],
    'POST of text': ['here', { method: 'POST', body: 'text' }],
    'POST of a form': ['here', { method: 'POST', body: new URLSearchParams({ a: '1', b: 'ü' }) }],
    'POST of bytes': ['here', { method: 'POST', body: new Uint8Array([0, 255]) }],
    'POST of much': ['here', { method: 'POST', body: 'x'.repeat(300_000) }],
    'POST of a blob': ['here', { method: 'POST', body: new Blob(['a', 'b'], { type: 'text/plain' }) }],
    'POST of nothing': ['here', { method: 'POST' }],
    PUT: ['here', { method: 'PUT', body: 'a' }],
    PATCH: ['here', { method: 'PATCH', body: 'a' }],
    'PATCH of nothing': ['here', { method: 'PATCH' }],
    'no-cors': ['here', { mode: 'no-cors' }],
    'no cache': ['here', { cache: 'no-store' }],
    'with integrity': ['here', { integrity: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }],
    'with wrong integrity': ['here', { integrity: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
    'kept alive': ['here', { keepalive: true }],
    HEAD: ['wire', { method: 'HEAD' }],
    'POST of no text': ['wire', { method: 'POST', body: '' }],
    'POST of a stream': ['wire', { method: 'POST', body: streamOf('a', 'b'), duplex: 'half' } as RequestInit],
    'DELETE of text': ['wire', { method: 'DELETE', body: 'a' }],
    'a method of its own': ['wire', { method: 'PURGE' }],
    'another host header': ['here', { headers: { host: 'b.example.com' } }],
    'a header of bytes': ['wire', { headers: { 'x-a': 'gr\u00fc\u00dfe' } }],
    'an end of its connection': ['wire', { headers: { connection: 'close' } }],
    'long headers': ['wire', { headers: { 'x-a': 'x'.repeat(9000) } }],
  }
  test.each(Object.entries(requests))('%s', async (_, [way, options]) => {
    const ask = async () => {
      const { body, ...rest } = options
      const sent = body instanceof ReadableStream ? streamOf('a', 'b') : body
      return read(await fetch(`${url}?q=1&r=ü`, { ...rest, ...(sent !== undefined && { body: sent }) }))
    }
    await expectSame({ [url]: { text: '' } }, ask, way)
  })

  test('a form with a border of its own', async () => {
    const body = () => new Response(form).blob()
    const fixed = await body()
    await expectSame({ [url]: {} }, asking({ method: 'POST', body: fixed }), 'here')
  })

  test('with what undici refuses', async () => {
    await expectSameLog({ [url]: {} }, asking({ headers: { expect: '100-continue' } }))
  })

  test('at a port, by a URL or a Request', async () => {
    const at = 'http://api.example.com:8080/x'
    await expectSame({ [at]: {} }, asking({}, at), 'here')
    await expectSame({ [at]: {} }, async () => read(await fetch(new URL(at))), 'here')
    await expectSame({ [at]: {} }, async () => read(await fetch(new Request(at, { method: 'PUT', body: 'a' }))), 'here')
  })
})

describe('what a caller does meanwhile works as over the wire', () => {
  const moments: Record<string, () => Promise<unknown>> = {
    before: async () => {},
    'a promise later': () => Promise.resolve(),
    'some promises later': async () => {
      for (let at = 0; at < 3; at++) await undefined
    },
    'a tick later': () => new Promise<void>((resolve) => process.nextTick(resolve)),
  }
  test.each(Object.entries(moments))('it is aborted %s', async (_, moment) => {
    for (const reason of [undefined, new RangeError('mine'), 'text']) {
      for (const options of [{}, { method: 'POST', body: 'a' }]) {
        const ask = async (log: unknown[]) => {
          const gone = new AbortController()
          const answer = fetch(url, { ...options, signal: gone.signal }).then(read, (error) =>
            log.push('fetch', told(error)),
          )
          await moment()
          gone.abort(reason)
          log.push('aborted')
          return answer
        }
        await expectSameLog({ [url]: { text: 'a' } }, ask)
      }
    }
  })

  test('it was aborted already', async () => {
    await expectSameLog({ [url]: {} }, asking({ signal: AbortSignal.abort() }))
  })

  test.each([10, 1_000_000])('it is aborted when %i bytes are there to be read', async (size) => {
    const ask = async () => {
      const gone = new AbortController()
      const response = await fetch(url, { signal: gone.signal })
      gone.abort()
      return read(response)
    }
    await expectSame({ [url]: { text: 'x'.repeat(size) } }, ask, 'here')
  })

  test.each([10, 1_000_000])('it is aborted while %i bytes are read', async (size) => {
    const ask = async (log: unknown[]) => {
      const gone = new AbortController()
      const response = await fetch(url, { signal: gone.signal })
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const { done, value } = await reader.read()
      log.push(done, (value?.length ?? 0) > 0)
      gone.abort()
      return reader.read().then(() => 'read', told)
    }
    await expectSame({ [url]: { text: 'x'.repeat(size) } }, ask, 'here')
  })

  test.each([10, 1_000_000])('%i bytes are not wanted', async (size) => {
    const ask = async (log: unknown[]) => {
      const response = await fetch(url)
      await response.body?.cancel('enough')
      log.push(response.bodyUsed)
      return (await fetch(url)).status
    }
    await expectSame({ [url]: { text: 'x'.repeat(size) } }, ask, 'here')
  })

  test('it reads a clone, bytes and a form', async () => {
    const ask = async () => {
      const response = await fetch(url)
      const copy = response.clone()
      return [await response.json(), await copy.text(), [...new Uint8Array(await (await fetch(url)).arrayBuffer())]]
    }
    await expectSame({ [url]: { json: { a: 'ü' } } }, ask, 'here')
  })

  test('many at once come in their order', async () => {
    const ask = async (log: unknown[]) => {
      const all = Array.from({ length: 5 }, (_, at) => fetch(`${url}?at=${at}`).then(() => log.push(at)))
      process.nextTick(() => log.push('tick'))
      setImmediate(() => log.push('immediate'))
      log.push('now')
      await Promise.all(all)
      return undefined
    }
    await expectSame({ [url]: {} }, ask, 'here')
  })

  test('clocks are faked', async () => {
    const ask = async () => {
      vi.useFakeTimers({
        toFake: ['setTimeout', 'setImmediate', 'setInterval', 'Date'],
        now: 0,
      })
      try {
        const response = await fetch(url)
        return [Date.parse(response.headers.get('date') as string) > 1e12, await response.text()]
      } finally {
        vi.useRealTimers()
      }
    }
    await expectSame({ [url]: { text: 'a' } }, ask, 'here')
  })

  test('an answer that is changed while the request is under way is sent as it is then', async () => {
    const ask = async () => {
      const data = { a: 1 }
      tripwire.http.mock('https://api.example.com/c', { json: data }).optional()
      const answer = fetch('https://api.example.com/c')
      data.a = 2
      return (await answer).json()
    }
    await expectSame({}, ask, 'here')
  })
})

function streamOf(...chunks: string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
}
