/**
 * The listener inside the worker that mocked peers are served from: a client's socket is connected to it instead of to where it was going,
 * so that the client is real to its last detail. One port of the loopback, opened at the first mock that needs it.
 */

import type { Server, Socket } from 'node:net'
import { builtIn } from '../built-in.ts'
import { SafeSet, SafeWeakMap } from '../core/collections.ts'
import type { Hub, Redirected } from '../plugin.ts'
import { certificateFor } from './certificate.ts'
import { createStandIns } from './stand-ins.ts'

// Captured at load: tests fake timers.
const { setImmediate } = globalThis

type Connect = (this: Socket, options: object, ...rest: unknown[]) => Socket

interface Waiting extends Redirected {
  accept(peer: Socket): void
}

/**
 * Connections that wait to be accepted, as many as the system allows: of those that are made in one turn of the event loop, what is beyond
 * Node's 511 is dropped, and a client that waits for the server to speak waits for good.
 */
const MOST_WAITING = 65_535

/** What Node keeps where nobody looks (Node 20 to 26). */
interface ServerInternals {
  _listen2(address: string, port: number, addressType: number, backlog: number): void
  emit: Server['emit']
  _handle: unknown
}

interface TlsInternals {
  encrypted?: boolean
  servername?: string | null
  _handle?: { verifyError?(): unknown; getServername?(): string } | null
}

/** The hub as its installation has it. */
export interface WholeHub extends Hub {
  /** When all that was sent on conversations has been read; undefined where none is held. */
  settled(): Promise<void> | undefined
  close(): void
}

/** @param outside runs a function in the context of no call */
export function createHub(outside: (fn: () => void) => void): WholeHub {
  const net = builtIn('node:net')
  // Before anything is patched: our own listener is nobody's call.
  const { _listen2, emit } = net.Server.prototype as unknown as ServerInternals
  const connectOriginal = net.Socket.prototype.connect as unknown as Connect
  const waiting = new SafeSet<Waiting>()
  const redirected = new SafeWeakMap<object, Redirected>()
  let server: Server | undefined
  /** Accepted connections on which a conversation is held. */
  const followed = new SafeSet<Socket>()
  /** Bytes that were read on those that are closed by now. */
  let readBefore = 0
  const standIns = createStandIns()

  function listen(): number {
    if (server === undefined) {
      server = new net.Server()
      Object.assign(server, { _listen2, emit })
      server.on('connection', (peer: Socket) => {
        // Whose end it is, its port says.
        for (const each of waiting) {
          if (each.client.destroyed) waiting.delete(each)
          if (each.client.localPort !== peer.remotePort) continue
          waiting.delete(each)
          return each.accept(peer)
        }
        return peer.destroy()
      })
      // The step of `listen` that takes the port at once: with a host, `listen` looks it up first (Node 20 to 26). Its handle would keep the
      // first mocked call, and all that its test made, for as long as the worker lives.
      outside(() => Reflect.apply(_listen2, server, ['127.0.0.1', 0, 4, MOST_WAITING]))
      server.unref()
    }
    return (server.address() as { port: number }).port
  }

  function progress(): number {
    let read = readBefore - waiting.size
    for (const { bytesRead } of followed) read += bytesRead
    return read
  }

  function trust(client: Socket): void {
    const handle = (client as unknown as TlsInternals)._handle
    if (handle && typeof handle.verifyError === 'function') handle.verifyError = () => null
  }

  return {
    redirect(client, connect, accept, options = {}, listener) {
      const port = listen()
      const connection: Redirected = { client, reply: undefined, streams: [] }
      redirected.set(client, connection)
      waiting.add({ ...connection, accept: (peer) => accept(peer, connection) })
      const {
        host,
        port: _,
        path,
        lookup,
        localAddress,
        localPort,
        family,
        hints,
        autoSelectFamily,
        ...rest
      } = options as Record<string, unknown>
      const args = listener === undefined ? [] : [listener]
      Reflect.apply(connect as Connect, client, [{ ...rest, host: '127.0.0.1', port }, ...args])
      if ((client as unknown as TlsInternals).encrypted) trust(client)
      return connection
    },
    connect(accept) {
      const client = new net.Socket()
      this.redirect(client, connectOriginal as never, accept)
      return client
    },
    of(client) {
      return redirected.get(client) ?? redirected.get((client as { _parent?: object })._parent ?? client)
    },
    trust(client, under) {
      const connection = redirected.get(under)
      if (connection === undefined) return
      redirected.set(client, connection)
      trust(client as Socket)
    },
    secure(peer, host, protocols, ready) {
      const tls = builtIn('node:tls')
      const contextOf = (name: string) => tls.createSecureContext(certificateFor(name))
      const secured = new tls.TLSSocket(peer, {
        isServer: true,
        secureContext: contextOf(host),
        SNICallback: (name, done) => done(null, contextOf(name)),
        ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
      })
      // At once: what the client sends next would be read into a buffer that HTTP/2 does not look at.
      secured.once('secure', () => ready(secured))
      secured.once('error', () => peer.destroy())
    },
    certificateFor,
    addressOf: (host, family) => standIns.addressOf(host, family),
    hostAt: (address) => standIns.hostAt(address),
    follow(peer) {
      followed.add(peer)
      peer.once('close', () => {
        followed.delete(peer)
        readBefore += peer.bytesRead + 1
      })
    },
    settled() {
      for (const each of waiting) if (each.client.destroyed) waiting.delete(each)
      return followed.size + waiting.size === 0 ? undefined : quiet(progress)
    },
    close() {
      server?.close()
      server = undefined
      waiting.clear()
    },
  }
}

const QUIET_TURNS = 3
const MOST_TURNS = 200

/** What is written on a loopback connection is there at once, and is read in the next turns of the event loop. */
async function quiet(progress: () => number): Promise<void> {
  let before = progress()
  for (let turn = 0, still = 0; turn < MOST_TURNS && still < QUIET_TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const now = progress()
    still = now === before ? still + 1 : 0
    before = now
  }
}
