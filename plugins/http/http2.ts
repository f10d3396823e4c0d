/**
 * HTTP/2: opening a session is judged as such, each request on it for itself. `node:http2` is heavy to load (25 ms and more on Node 24), so
 * nothing of it is touched before somebody opens a session; its connection shows it on the stack.
 */

import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { Duplex } from 'node:stream'
import type { Frame, Layer, Reply, StackFrame, Tap } from '../../src/plugin.ts'
import { builtIn } from '../../src/plugin.ts'
import { keepTls } from './client-tls.ts'
import { unreachable } from './failure.ts'
import { connectionLayer, DEFAULT_PORTS, requestLayer, sessionLayer } from './layer.ts'
import { grpcTarget } from './origins.ts'
import { rememberStream } from './serve.ts'
import { keepRequest, optionsOf } from './sessions.ts'

const GRPC = /[/\\]@grpc[/\\]grpc-js[/\\]build[/\\]src[/\\]transport\.js$/
// Captured at load: tests replace it.
const { URL } = globalThis
const CORE = 'node:internal/http2/core'

/** The session that a connection is made for, by the stack of the connect. */
export function liftSession(lower: Layer, stack: () => readonly StackFrame[]): Layer | undefined {
  const { transport, host, port } = lower.facts
  if (transport === 'unix' || !isHttp2Loaded()) return undefined
  const maker = stack().find(({ file }) => file === CORE || GRPC.test(file))
  if (maker === undefined) return undefined
  // gRPC looks names up and makes its connections itself, and puts TLS and a session on them later.
  const target = maker.file === CORE ? undefined : grpcTarget()
  const scheme = transport === 'tls' ? 'https' : maker.file === CORE ? 'http' : undefined
  return sessionLayer(scheme, target?.host ?? String(host), target?.port ?? Number(port))
}

function isHttp2Loaded(): boolean {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] }
  return moduleLoadList?.includes('NativeModule http2') ?? true
}

/**
 * Guards the requests of all sessions; called once somebody opens the first.
 *
 * @param judgedAbove the frame of the request that undici is sending on a connection: it was judged where it was made, and is sent from
 *   wherever its pool happens to run
 */
export function guardSessions(
  tap: Tap,
  connectIsOurs: () => boolean,
  judgedAbove: (socket: object) => Frame | undefined,
): void {
  tap.patch(sessionPrototype(), 'request', (original) => {
    keepRequest(original)
    return function request(this: ClientHttp2Session, headers?: OutgoingHttpHeaders, ...rest) {
      const socket = bySymbol(this, 'socket') as object | undefined
      const above = socket && judgedAbove(socket)
      if (above !== undefined) {
        const stream = Reflect.apply(original, this, [headers, ...rest])
        tap.hop.stream(socket as object, stream, above)
        return stream
      }
      const layer = layerOf(this, headers ?? {})
      const call = tap.open(() => layer)
      if (connectIsOurs()) {
        const outcome = call.settle(connectionLayer(layer.facts))
        if (outcome.kind === 'reply') return answerStream(tap, this, original, [headers, ...rest], outcome.reply)
        if (outcome.kind === 'block') throw outcome.error
        if (outcome.kind === 'refuse') throw unreachable(layer.facts)
      }
      const stream = Reflect.apply(original, this, [headers, ...rest])
      if (socket) tap.hop.stream(socket, stream, call.call.frame)
      return stream
    } as typeof original
  })
}

/**
 * A stream that a mock answers. On a session that leads to the worker it is one of its streams; beside a session to the real host it gets a
 * session of its own.
 */
function answerStream(
  tap: Tap,
  session: ClientHttp2Session,
  request: (this: ClientHttp2Session, ...args: never[]) => ClientHttp2Stream,
  args: readonly unknown[],
  reply: Reply,
): ClientHttp2Stream {
  keepTls(reply, optionsOf.get(session))
  const own = tap.hub.of((bySymbol(session, 'socket') as object | undefined) ?? session)
  const from = own ? session : ownSession(tap, reply)
  const stream = Reflect.apply(request, from, args as never[])
  const connection = own ?? tap.hub.of(bySymbol(from, 'socket') as object)
  connection?.streams.push({ stream, reply })
  rememberStream(reply, (error) => stream.destroy(error))
  if (from !== session) stream.once('close', () => from.close())
  return stream
}

function ownSession(tap: Tap, reply: Reply): ClientHttp2Session {
  const http2 = builtIn('node:http2')
  const { scheme, host, port } = reply.facts
  return http2.connect(`${scheme}://${host}:${port}`, { createConnection: () => tap.connectTo(reply) })
}

/** Calls `found` when somebody opens a session, also one over a connection that was there before. */
export function watchSessions(tap: Tap, found: () => void): void {
  tap.onceBuiltIn('http2', (http2: typeof import('node:http2')) => {
    tap.patch(http2, 'connect', (original) => {
      return function connect(this: unknown, ...args: unknown[]) {
        found()
        const session = Reflect.apply(original, this, args)
        if (typeof args[1] === 'object' && args[1] !== null) optionsOf.set(session, args[1])
        return session
      } as typeof original
    })
  })
}

/** The class is not exported: it is that of any session, here of one that talks to nobody. */
function sessionPrototype(): ClientHttp2Session {
  const http2 = builtIn('node:http2')
  const nobody = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const session = http2.connect('http://localhost', { createConnection: () => nobody })
  session.on('error', () => {})
  session.destroy()
  return Object.getPrototypeOf(session)
}

function layerOf(session: ClientHttp2Session, headers: OutgoingHttpHeaders): Layer {
  const scheme =
    session.encrypted || session.alpnProtocol === 'h2' || bySymbol(session, 'protocol') === 'https:' ? 'https' : 'http'
  const authority = String(bySymbol(session, 'authority') ?? headers[':authority'] ?? 'localhost')
  const url = new URL(`${scheme}://${authority}`)
  return requestLayer({
    method: String(headers[':method'] ?? 'GET'),
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || DEFAULT_PORTS[scheme]),
    path: String(headers[':path'] ?? '/'),
  })
}

/** A property that Node keeps under a symbol of its own (Node 20 to 26). */
function bySymbol(owner: object, name: string): unknown {
  const symbol = Object.getOwnPropertySymbols(owner).find(({ description }) => description === name)
  return symbol && (owner as Record<symbol, unknown>)[symbol]
}
