/**
 * Servers of the test's own process: their endpoints are own, and their handlers run in the frame of the request that caused them.
 */

import type { Server, Socket } from 'node:net'
import type { Facts, Tap } from '../../src/plugin.ts'
import { emitBy, SafeWeakSet } from '../../src/plugin.ts'
import { isAddressInfo } from './address.ts'
import { addressTaken } from './unreachable.ts'

type Net = typeof import('node:net')

const { nextTick } = process

/** Events that start the handling of something a client sent, and where each has its socket. */
const ENTRIES: Readonly<Record<string, (args: readonly unknown[]) => Entry | undefined>> = {
  connection: ([socket]) => ({ socket: socket as Socket, raw: true }),
  secureConnection: ([socket]) => ({ socket: socket as Socket, raw: true }),
  request: ([request]) => requestEntry(request),
  checkContinue: ([request]) => requestEntry(request),
  checkExpectation: ([request]) => requestEntry(request),
  upgrade: ([request]) => ({ ...(requestEntry(request) as Entry), raw: true }),
  connect: ([request]) => ({ ...(requestEntry(request) as Entry), raw: true }),
  stream: ([stream]) => {
    const { session, id } = stream as { session?: { socket?: Socket }; id?: number }
    return session?.socket ? { socket: session.socket, id, raw: false } : undefined
  },
}

interface Entry {
  readonly socket: Socket
  readonly id?: number | undefined
  /** Whether the socket's later events are the server's to handle. */
  readonly raw: boolean
}

function requestEntry(request: unknown): Entry | undefined {
  // With HTTP/2 the request is emitted while its stream is, so in the right frame already.
  const { socket, stream } = request as { socket: Socket; stream?: unknown }
  return stream === undefined ? { socket, raw: false } : undefined
}

export function noteServers(tap: Tap, net: Net): void {
  // `listen` ends here for ports, paths, handles and descriptors alike, at the moment the address is known and before anybody can
  // connect (`_listen2`, Node 0.10 to 26).
  tap.patch(net.Server.prototype as unknown as { _listen2(...args: unknown[]): void }, '_listen2', (original) => {
    return function _listen2(this: Server & { _handle?: { close(): void } | null }, ...args) {
      const error = refusal(tap, placeOf(args))
      if (error !== undefined) {
        // As Node does when a port is taken: an 'error' event, and a handle that was brought along is closed.
        this._handle?.close()
        this._handle = null
        nextTick(() => this.emit('error', error))
        return undefined
      }
      const result = Reflect.apply(original, this, args)
      const address = this.address()
      if (typeof address === 'string') tap.own.add(`unix:${address}`)
      else if (isAddressInfo(address)) tap.own.add(`tcp:${address.port}`)
      return result
    }
  })
}

/** The arguments are `(address, port, addressType, …)`; of pipes the address is the path. */
function placeOf([address, port]: readonly unknown[]): Facts {
  if (typeof port !== 'number' || port < 0) return { transport: 'unix', path: String(address ?? '') }
  return { transport: 'tcp', host: String(address ?? '::'), port }
}

function refusal(tap: Tap, facts: Facts): Error | undefined {
  const outcome = tap.judge({ protocol: 'sockets', operation: 'sockets:listen', facts })
  if (outcome.kind === 'block') return outcome.error
  return outcome.kind === 'refuse' ? addressTaken(facts) : undefined
}

export function carryFrames(tap: Tap, net: Net): void {
  tap.patch(net.Server.prototype, 'emit', (original) => {
    return function emit(this: Server, event: string, ...args: unknown[]) {
      const entry = Object.hasOwn(ENTRIES, event) ? ENTRIES[event]?.(args) : undefined
      const frame = entry && tap.hop.frameOf(entry.socket, entry.id)
      if (entry === undefined || frame === undefined) return Reflect.apply(original, this, [event, ...args])
      if (entry.raw && !(event === 'connection' && speaksAbove(this))) carryEvents(tap, entry.socket)
      return tap.runIn(frame, () => Reflect.apply(original, this, [event, ...args]))
    } as typeof original
  })
}

/** HTTP and TLS servers read their connections themselves, and tell of requests or of the decrypted side. */
function speaksAbove(server: object): boolean {
  return 'headersTimeout' in server || 'setSecureContext' in server
}

const CARRIED = new SafeWeakSet<Socket>()

/** Runs the later events of a raw connection (messages of a WebSocket, bytes) in the frame of its client. */
function carryEvents(tap: Tap, socket: Socket): void {
  if (CARRIED.has(socket)) return
  CARRIED.add(socket)
  emitBy(socket, (emit, event) => {
    const frame = tap.hop.frameOf(socket)
    return frame ? tap.runIn(frame, () => emit(event)) : emit(event)
  })
}
