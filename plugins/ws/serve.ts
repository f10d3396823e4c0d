/** The worker's end of mocked WebSockets: the handshake is Node's HTTP server's, the frames are those of the package `ws`. */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  builtIn,
  DATA,
  emitFor,
  MessageInbox,
  originals,
  Performance,
  type Redirected,
  type Reply,
  SafeWeakMap,
  type Sayable,
  type Step,
  say,
  type Tap,
} from '../../src/plugin.ts'
import { playHandlers } from './handlers.ts'
import type { WsAnswer, WsRefusal } from './mocking.ts'
import type { WsPackage, WsPeer, WsServer } from './peer.ts'
import type { WsScript } from './script.ts'

// Captured at load: tests fake timers.
const { setTimeout, Buffer } = originals

interface Known {
  readonly connection: Redirected
  readonly tap: Tap
}

const TLS_HANDSHAKE = 0x16
/** The most that a close frame has room for (RFC 6455, 5.5). */
const MOST_REASON = 123
const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011

const connections = new SafeWeakMap<object, Known>()
let http: Server | undefined
let sockets: WsServer | undefined

export function serve(peer: Socket, connection: Redirected, tap: Tap): void {
  peer.on('error', () => {}) // The client hung up.
  tap.hub.follow(peer)
  const known = { connection, tap }
  peer.once('readable', () => {
    const first = peer.read() as Buffer | null
    if (first === null) return
    peer.unshift(first)
    if (first[0] !== TLS_HANDSHAKE) speak(peer, known)
    else {
      tap.hub.secure(peer, String(connection.reply?.facts.host ?? 'localhost'), ['http/1.1'], (secured) => {
        secured.on('error', () => {})
        speak(secured, known)
      })
    }
  })
}

function speak(peer: Socket, known: Known): void {
  connections.set(peer, known)
  httpServer().emit('connection', peer)
}

function httpServer(): Server {
  if (http !== undefined) return http
  const module = builtIn('node:http')
  // What servers emit is watched, to find the frames of requests; these run in the frames of the calls that they answer.
  http = Object.assign(new module.Server(), { emit: EventEmitter.prototype.emit })
  http.on('upgrade', upgrade)
  http.on('request', (request) => request.socket.destroy())
  return http
}

function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const known = connections.get(socket)
  const reply = known?.connection.reply
  if (known === undefined || reply === undefined) return void socket.destroy()
  const { connection, tap } = known
  const sent: (string | Uint8Array)[] = []
  const error = reply.complete({ protocols: protocolsOf(request), sent })
  const { refusal } = reply.answer as WsAnswer
  if (error !== undefined || refusal?.error !== undefined) connection.client.destroy(error ?? refusal?.error)
  else if (refusal !== undefined) refuse(socket, refusal)
  else {
    socketServer(tap).handleUpgrade(request, socket, head, (peer) => {
      peer.on('error', () => {})
      peer.on('message', (data, isBinary) => sent.push(messageOf(data, isBinary)))
      converse(peer, request, reply, tap)
    })
  }
}

function socketServer(tap: Tap): WsServer {
  if (sockets === undefined) {
    const { WebSocketServer } = tap.peer('ws') as WsPackage
    sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false })
  }
  return sockets
}

function protocolsOf({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
}

function messageOf(data: unknown, isBinary: boolean): string | Uint8Array {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array)
  return isBinary ? new Uint8Array(bytes) : bytes.toString()
}

function refuse(socket: Duplex, { status = 500, headers = {}, body = '' }: WsRefusal): void {
  const { STATUS_CODES } = builtIn('node:http')
  const fields = { connection: 'close', 'content-length': String(Buffer.byteLength(body)), ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

function converse(peer: WsPeer, request: IncomingMessage, reply: Reply, tap: Tap): void {
  const { script, session, handlers: own } = reply.answer as WsAnswer
  const handlers = own && reply.fallbacks().flatMap((answer) => (answer as WsAnswer).handlers ?? [])
  if (script !== undefined) perform(script, peer, reply)
  if (session === undefined && handlers === undefined) return
  const fail = (error: unknown) => close(peer, INTERNAL_ERROR, reply.fails(error))
  emitFor(reply, peer, tap, fail)
  const stop = (error: Error) => close(peer, INTERNAL_ERROR, error)
  const play = () =>
    handlers === undefined
      ? session?.(peer, requestOf(request, reply))
      : playHandlers({ handlers, peer, request, protocols: protocolsOf(request), reply, tap, messageOf, fail, stop })
  tap.runIn(reply.frame, () => new Promise((resolve) => resolve(play()))).catch(fail)
}

function requestOf({ headers }: IncomingMessage, { facts }: Reply): Request {
  const url = String(facts.url).replace(/^ws/, 'http')
  const plain = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, each]))
  return new Request(url, { headers: plain as [string, string][] })
}

/** Clients swallow the error of an open connection: its reason is told as WebSockets tell reasons. */
function close(peer: WsPeer, code: number, error: unknown): void {
  const text = Buffer.from(String((error as Error | undefined)?.message ?? error).split('\n')[0] ?? '')
  // A character that is cut in two would be refused.
  const reason =
    text.length > MOST_REASON ? text.toString('utf8', 0, MOST_REASON - 3).replace(/\uFFFD$/, '') : text.toString()
  peer.close(code, reason)
}

function perform(script: WsScript, peer: WsPeer, reply: Reply): void {
  const { steps } = script
  const inbox = new MessageInbox()
  const play = new Performance({
    steps,
    inbox,
    perform: (step, last) => act(peer, step, last),
    deviate: (at, came) => close(peer, POLICY_VIOLATION, reply.deviates({ step: at + 1, steps, came })),
    fail: (error) => close(peer, INTERNAL_ERROR, reply.fails(error)),
  })
  reply.owes(() => play.left)
  peer.on('message', (data, isBinary) => {
    inbox.push(messageOf(data, isBinary))
    play.advance()
  })
  peer.once('close', () => play.ended())
  play.advance()
}

function act(peer: WsPeer, { kind, args }: Step, last: unknown): unknown {
  const [arg, reason] = args
  if (kind === 'wait') return new Promise((resolve) => setTimeout(resolve, arg as number))
  if (kind === 'ping') peer.ping(arg as string)
  if (kind === 'close') peer.close(arg as number | undefined, reason as string | undefined)
  if (kind === 'terminate') peer.terminate()
  if (kind !== 'send') return undefined
  return say(arg, last, MESSAGE, (message) => peer.send(DATA.can(message) ? message : (jsonOf(message) as string)))
}

const MESSAGE: Sayable<unknown> = {
  can: (value): value is unknown => DATA.can(value) || jsonOf(value) !== undefined,
  expected: 'text, bytes, or a value that JSON has',
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
