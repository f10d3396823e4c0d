import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const url = 'https://api.example.com/a'
const asked = () => tripwire.http.assert(`GET ${url}`)

describe('a reply', () => {
  test('has headers of text, numbers and lists; what is undefined is none', async () => {
    const headers = { 'retry-after': 5, 'x-none': undefined, 'set-cookie': ['a=1', 'b=2'] }
    tripwire.http.mock(`GET ${url}`, { headers })
    const answer = await tripwire.sandbox(() => fetch(url))
    expect([answer.headers.get('retry-after'), answer.headers.has('x-none')]).toEqual(['5', false])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    asked()
  })

  test('keeps its connection as long as the client does', async () => {
    tripwire.http.mock(`GET ${url}`)
    const answer = await tripwire.sandbox(() => fetch(url))
    expect([answer.headers.get('connection'), answer.headers.get('keep-alive')]).toEqual(['keep-alive', null])
    asked()
  })

  test('of many chunks waits for its client, and leaves no listeners behind', async () => {
    const warnings: string[] = []
    const listen = ({ message }: Error) => void warnings.push(message)
    process.on('warning', listen)
    tripwire.http.mock(`GET ${url}`, { body: Readable.from(Array.from({ length: 60 }, () => Buffer.alloc(300_000))) })
    const bytes = await tripwire.sandbox(async () => (await fetch(url)).arrayBuffer())
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect([bytes.byteLength, warnings]).toEqual([18_000_000, []])
    asked()
  })

  test('over HTTP/2 leaves out what HTTP/2 does not have', async () => {
    tripwire.http.mock(`GET ${url}`, { headers: { connection: 'close', 'transfer-encoding': 'chunked', 'x-a': '1' } })
    const headers = await tripwire.sandbox(async () => {
      const session = http2.connect('https://api.example.com')
      const stream = session.request({ ':path': '/a' })
      const [headers] = await once(stream, 'response')
      session.close()
      return headers
    })
    expect(headers).toMatchObject({ ':status': 200, 'x-a': '1' })
    asked()
  })

  test.each([
    ['text', { text: 5 }, 'its text is 5.\n\n  fix  text; json for any other value'],
    [
      'a body',
      { body: { a: 1 } },
      'its body is an object.\n\n  fix  text, bytes, a stream or chunks; json for any other value',
    ],
  ])('that is no reply is refused where it is written: %s', (_, reply, why) => {
    expect(() => tripwire.http.mock(url, reply as never)).toThrow(`something that cannot be meant: ${why}`)
  })

  test('of a Response that somebody has read is refused', async () => {
    const response = new Response('a')
    await response.text()
    expect(() => tripwire.http.mock(url, response)).toThrow('the reply is a Response whose body was read already')
  })
})

describe('a connection that the code opened itself', () => {
  test('carries no request that a mock answers', async () => {
    let connections = 0
    let requests = 0
    const server = http.createServer((_, response) => void response.end(`real ${++requests}`))
    server.on('connection', () => connections++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    tripwire.http.mock('GET http://api.example.com/', { text: 'mocked' })
    const get = () =>
      new Promise((resolve, reject) => {
        const request = http.get('http://api.example.com/', { createConnection: () => socket }, async (response) => {
          resolve(Buffer.concat(await response.toArray()).toString())
        })
        request.on('error', reject)
      })
    expect(await tripwire.sandbox(get)).toBe('mocked')
    expect([connections, requests, socket.destroyed]).toEqual([1, 0, false])
    socket.destroy()
    server.close()
    tripwire.http.assert('GET http://api.example.com/')
  })
})

describe('what passThrough lets through', () => {
  const serve = async (listener: http.RequestListener) => {
    const server = http.createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { server, address: `http://127.0.0.1:${(server.address() as { port: number }).port}/x` }
  }

  test('passed', async () => {
    const { server, address } = await serve((_, response) => void response.end('real'))
    tripwire.http.passThrough(`GET ${address}`)
    await tripwire.sandbox(async () => (await fetch(address)).text())
    expect(tripwire.calls().map(({ outcome }) => outcome)).toEqual(['passed'])
    tripwire.http.assert(`GET ${address}`)
    server.close()
  })

  test('breaks off where the real host does', async () => {
    const { server, address } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    tripwire.http.passThrough(`GET ${address}`)
    await tripwire.sandbox(() => expect(fetch(address).then((answer) => answer.text())).rejects.toThrow('terminated'))
    tripwire.http.assert(`GET ${address}`)
    server.close()
  })
})

test.each([
  ['body', { body: 'other' }, 'body "sent"'],
  ['body of JSON', { body: { a: 1 } }, 'body "sent"'],
  ['headers', { headers: { 'x-key': 'a' } }, 'headers {'],
])('a request that a mock does not fit by its %s is told so', async (_, pattern, why) => {
  tripwire.http.mock({ method: 'POST', url, ...pattern }).optional()
  const send = () => fetch(url, { method: 'POST', body: 'sent' }).catch(() => {})
  const [trip] = await tripwire.expectTrip('http', () => tripwire.sandbox(send))
  expect(trip?.message).toContain(`fits but for the ${why}`)
})
