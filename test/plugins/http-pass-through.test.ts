/** What `passThrough` lets on reaches the real host as the client would have reached it: under its TLS options, and in its protocol. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Agent, Pool, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

let identity: { readonly key: string; readonly cert: string }
let secure: https.Server
let both: http2.Http2SecureServer
let plain: http2.Http2Server
const at = (server: { address(): unknown }, scheme: string) =>
  `${scheme}://localhost:${(server.address() as AddressInfo).port}`

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pass-through-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  using _ = tripwire.allow('subprocess:openssl')
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...options, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  identity = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  secure = https.createServer({ ...identity, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate()
    response.end(`HTTP/${request.httpVersion} ${subject?.CN ?? 'nobody'}`)
  })
  const answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    if (headers[':path'] === '/none') return stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true })
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.pipe(stream)
  }
  both = http2.createSecureServer({ ...identity, allowHTTP1: false }).on('stream', answer)
  plain = http2.createServer().on('stream', answer)
  for (const server of [secure, both, plain]) await once(server.listen(0), 'listening')
})
afterAll(() => {
  for (const server of [secure, both, plain]) server.close()
})

const get = (url: string, options: https.RequestOptions) =>
  new Promise<string>((resolve, reject) => {
    https.get(url, options, (response) => text(response).then(resolve, reject)).on('error', reject)
  })

describe('the TLS options', () => {
  const CLIENTS: Readonly<Record<string, (url: string) => Promise<string>>> = {
    'of a request': (url) => get(url, { ca: identity.cert, agent: false }),
    'of an agent': (url) => get(url, { agent: new https.Agent({ ca: identity.cert }) }),
    'that trust anybody': (url) => get(url, { rejectUnauthorized: false }),
    'of a dispatcher of undici': async (url) => {
      const dispatcher = new Agent({ connect: { ca: identity.cert } })
      const answer = await (await undiciFetch(url, { dispatcher })).text()
      await dispatcher.close()
      return answer
    },
  }
  test.each(Object.keys(CLIENTS))('%s are handed on', async (name) => {
    const url = `${at(secure, 'https')}/`
    tripwire.http.passThrough(`GET ${url}`)
    expect(await tripwire.sandbox(() => CLIENTS[name]?.(url))).toBe('HTTP/1.1 nobody')
    tripwire.http.assert(`GET ${url}`)
  })

  test('are handed on where the body decides, too', async () => {
    const url = `${at(secure, 'https')}/`
    tripwire.http.mock({ method: 'POST', url, body: 'other' }).optional()
    tripwire.http.passThrough({ method: 'POST', url, body: 'sent' })
    const post = () =>
      new Promise<string>((resolve, reject) => {
        const request = https.request(url, { method: 'POST', ca: identity.cert }, (response) =>
          text(response).then(resolve, reject),
        )
        request.on('error', reject).end('sent')
      })
    expect(await tripwire.sandbox(post)).toBe('HTTP/1.1 nobody')
    tripwire.http.assert(`POST ${url}`, { body: 'sent' })
  })

  test('say who the client is', async () => {
    const url = `${at(secure, 'https')}/`
    tripwire.http.passThrough(`GET ${url}`)
    expect(await tripwire.sandbox(() => get(url, { ca: identity.cert, ...identity }))).toBe('HTTP/1.1 localhost')
    tripwire.http.assert(`GET ${url}`)
  })

  test('are asked for: a host that the client does not trust is not talked to', async () => {
    const url = `${at(secure, 'https')}/`
    tripwire.http.passThrough(`GET ${url}`)
    await expect(tripwire.sandbox(() => get(url, {}))).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    tripwire.http.assert(`GET ${url}`)
  })
})

test('a connector of the client’s own cannot be handed on, and the error says so', async () => {
  const url = `${at(secure, 'https')}/`
  tripwire.http.passThrough(`GET ${url}`)
  const pool = new Pool(at(secure, 'https'), { connect: { ca: identity.cert } })
  const [error] = await tripwire.sandbox(() =>
    Promise.all([undiciFetch(url, { dispatcher: pool }).catch((error) => error.cause)]),
  )
  await pool.close()
  expect(error).toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    message: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  })
  tripwire.http.assert(`GET ${url}`)
})

describe.each(['h2c', 'h2'])('an HTTP/2 request by %s', (way) => {
  test.each([
    ['/echo', 'said', { 'grpc-status': '0' }],
    ['/none', '', undefined],
  ])('keeps its protocol, its body and its trailers: %s', async (path, body, trailers) => {
    const origin = way === 'h2' ? at(both, 'https') : at(plain, 'http')
    tripwire.http.passThrough(`POST ${origin}${path}`)
    const seen = await tripwire.sandbox(async () => {
      const session = http2.connect(origin, { ca: identity.cert })
      const stream = session.request({ ':method': 'POST', ':path': path, 'x-own': '1' })
      const ended: http2.IncomingHttpHeaders[] = []
      stream.on('trailers', (given) => ended.push(given))
      const head = once(stream, 'response')
      stream.end('said')
      const answer = await text(stream)
      session.close()
      return {
        answer,
        status: (await head)[0][':status'],
        trailers: ended[0] && Object.fromEntries(Object.entries(ended[0])),
      }
    })
    expect(seen).toEqual({ answer: body, status: 200, trailers })
    tripwire.http.assert(`POST ${origin}${path}`, { body: 'said' })
  })
})
