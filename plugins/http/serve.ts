/**
 * The worker's end of mocked connections: Node's own HTTP/1 and HTTP/2 servers, which never listen. A client finds out by nothing that it
 * does not speak to the real host.
 */

import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import type { Redirected, Reply, Tap } from '../../src/plugin.ts'
import { builtIn, isA, isError, originals, RuleSyntaxError, SafeMap, SafeWeakMap } from '../../src/plugin.ts'
import { readBody } from './body.ts'
import { forward } from './forward.ts'
import { FAILURES } from './network-failures.ts'
import { EXPECTED, type Given, type HttpAnswer } from './reply.ts'
import { type Outgoing, send, sendResponse } from './send.ts'

// Captured at load: tests fake timers.
const { setTimeout, Buffer, AbortController } = originals

type Incoming = IncomingMessage | Http2ServerRequest

const TLS_HANDSHAKE = 0x16
const HTTP2_PREFACE = 'PRI * HTTP/2'

const connections = new SafeWeakMap<object, { readonly connection: Redirected; readonly tap: Tap }>()
let http1: Server | undefined
let http2: Http2Server | undefined
const secured = new SafeMap<string, Http2SecureServer>()

/** Reads the first bytes, and hands the connection to the server that understands them. */
export function serve(peer: Socket, connection: Redirected, tap: Tap): void {
  peer.on('error', () => {}) // The client hung up.
  peer.unref() // A connection that is kept keeps no worker.
  peer.once('readable', () => {
    const first = peer.read() as Buffer | null
    if (first === null) return
    peer.unshift(first)
    const isHttp2 = first.toString('latin1', 0, HTTP2_PREFACE.length) === HTTP2_PREFACE
    const secured = first[0] === TLS_HANDSHAKE
    const host = String(connection.reply?.facts.host ?? 'localhost')
    speak(peer, connection, tap, secured ? secureServer(tap, host) : isHttp2 ? http2Server() : http1Server())
  })
}

function speak(peer: Socket, connection: Redirected, tap: Tap, server: object): void {
  const known = { connection, tap }
  connections.set(peer, known)
  const { _handle } = peer as unknown as { _handle?: object | null }
  if (_handle) connections.set(_handle, known)
  ;(server as EventEmitter).emit('connection', peer)
}

function http1Server(): Server {
  if (http1 === undefined) {
    const module = builtIn('node:http')
    http1 = quiet(new module.Server())
    http1.on('request', (request, response) => handle(request, response, request.socket))
  }
  return http1
}

function http2Server(): Http2Server {
  if (http2 === undefined) {
    const module = builtIn('node:http2')
    http2 = quiet(module.createServer())
    http2.on('session', (session) => session.on('error', () => {}))
    http2.on('request', (request, response) => handle(request, response, socketOf(request)))
  }
  return http2
}

/** One for each host: a client that speaks to an address says no name that a certificate could be chosen by. */
function secureServer(tap: Tap, host: string): Http2SecureServer {
  const known = secured.get(host)
  if (known !== undefined) return known
  const module = builtIn('node:http2')
  const tls = builtIn('node:tls')
  const server = quiet(
    module.createSecureServer({
      ...tap.hub.certificateFor(host),
      allowHTTP1: true,
      SNICallback: (name, done) => done(null, tls.createSecureContext(tap.hub.certificateFor(name))),
    }),
  )
  server.on('session', (session) => session.on('error', () => {}))
  server.on('secureConnection', (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  server.on('request', (request, response) => handle(request, response, socketOf(request)))
  secured.set(host, server)
  return server
}

function socketOf(request: Incoming): object | undefined {
  const { stream } = request as Partial<Http2ServerRequest>
  return stream?.session === undefined ? request.socket : stream.session.socket
}

/**
 * What servers emit is watched, to find the frames of requests; these run in the frames of the calls that they answer. None hangs up a warm
 * connection by itself: a client that is about to use it would see a reset that no network made.
 */
function quiet<T extends object>(server: T): T {
  return Object.assign(server, { emit: EventEmitter.prototype.emit, keepAliveTimeout: 0 })
}

function handle(request: Incoming, response: Outgoing, socket: object | undefined): void {
  const known = socket && find(socket)
  if (known === undefined) return void response.destroy()
  const { connection, tap } = known
  const { stream } = request as Partial<Http2ServerRequest>
  const at = connection.streams.findIndex((each) => each.stream.id === stream?.id)
  const reply = stream === undefined || at < 0 ? connection.reply : connection.streams.splice(at, 1)[0]?.reply
  // A reply is given once: a later request that no mock answers must not get the last one's, from whatever pool it took this connection.
  if (stream === undefined) connection.reply = undefined
  if (reply === undefined) return void response.destroy()
  const fail = (error: Error) => {
    if (stream === undefined) connection.client.destroy(error)
    else clientStreams.get(reply)?.(error)
    response.destroy()
  }
  tap.runIn(
    reply.frame,
    () => void answer(request, response, reply, tap, fail).catch((error) => fail(reply.fails(error))),
  )
}

const clientStreams = new SafeWeakMap<Reply, (error: Error) => void>()

/** Remembers how to fail the client's stream of a multiplexed connection. */
export function rememberStream(reply: Reply, failStream: (error: Error) => void): void {
  clientStreams.set(reply, failStream)
}

/** HTTP/2 shows a proxy of its socket, which has the socket's handle; under TLS it is the peer's below it. */
function find(socket: object) {
  const { _handle, _parent } = socket as { readonly _handle?: object | null; readonly _parent?: object | null }
  for (const key of [socket, _handle, _parent]) {
    const known = key && connections.get(key)
    if (known) return known
  }
  return undefined
}

async function answer(
  request: Incoming,
  response: Outgoing,
  reply: Reply,
  tap: Tap,
  fail: (error: Error) => void,
): Promise<void> {
  const bytes = await readAll(request)
  const type = request.headers['content-type']
  const error = reply.complete({ headers: plainHeaders(request), body: readBody(bytes, type) })
  if (error !== undefined) return fail(error)
  const onward = () => forward(request, bytes, response as ServerResponse, reply, tap, fail)
  let given: Given
  for (;;) {
    if (reply.passThrough) return onward()
    const { fixed, of, declines } = reply.answer as HttpAnswer
    given = of === undefined ? fixed : await of(requestOf(request, bytes, reply, response))
    if (given !== undefined) break
    if (!declines) throw new RuleSyntaxError('its function gave nothing', EXPECTED)
    const error = reply.declines()
    if (error !== undefined) return fail(error)
  }
  if (isA(given, 'Response')) {
    // What msw's `passthrough()` gives.
    if (given.headers.get('x-msw-intention') !== 'passthrough') return sendResponse(response, given, request.method)
    const error = reply.lets()
    return error === undefined ? onward() : fail(error)
  }
  if (given.delay) await new Promise((resolve) => setTimeout(resolve, given.delay))
  const { host, port } = reply.facts
  if (isError(given.error)) return fail(given.error)
  if (given.error !== undefined) return fail(FAILURES[given.error]({ host: String(host), port: Number(port) }))
  await send(response, given, request.method)
}

const NOTHING = Buffer.alloc(0)

function readAll(request: Incoming): Promise<Buffer> | Buffer {
  const { headers } = request
  const isEmpty = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
  if (isEmpty && request.httpVersionMajor === 1) return NOTHING
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('aborted', () => reject(new Error('aborted')))
  })
}

function plainHeaders({ headers }: Incoming): Record<string, string | string[]> {
  const plain: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers))
    if (!name.startsWith(':') && value !== undefined) plain[name] = value
  return plain
}

function requestOf(request: Incoming, bytes: Buffer, reply: Reply, response: Outgoing): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(plainHeaders(request)))
    for (const each of [value].flat()) headers.append(name, each)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const method = request.method ?? 'GET'
  const hasBody = bytes.length > 0 && method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? new Uint8Array(bytes) : null
  return new Request(String(reply.facts.url), { method, headers, body, signal: gone.signal })
}
