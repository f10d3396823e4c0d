/**
 * The seam of everything that connects: `net.Socket.prototype.connect` carries TCP, TLS, HTTP/1, HTTP/2, fetch, undici, WebSockets, unix
 * sockets and every database driver, however they imported it (Node 20 to 26).
 */
import type { Socket } from 'node:net'
import type { Facts, Layer, Tap } from '../../src/plugin.ts'
import { factsOf, keyOf, namedBy, optionsOf } from './endpoint.ts'
import { failureOf } from './mocking.ts'
import { unreachable } from './unreachable.ts'

type Net = typeof import('node:net')

const { setImmediate } = globalThis

/** What we reach into: documented nowhere, stable since Node 0.x. */
interface Internals {
  encrypted?: boolean
  _parent?: { connecting?: boolean }
}

type Connect = (this: Socket, options: object) => Socket

/** @param onOutside runs when a connection that is not own passed */
export function guardConnect(tap: Tap, net: Net, onOutside: () => void): void {
  tap.patch(net.Socket.prototype, 'connect', (original) => {
    return function connect(this: Socket, ...args: unknown[]) {
      const pass = () => Reflect.apply(original, this, args)
      const internals = this as unknown as Internals
      const options = optionsOf(args)
      // An interceptor (msw 3, nock 15) stands above the prototype's connect, and answers on a socket with a connect of its own and a lookup
      // that asks nobody; what it lets through comes again on a new socket. Spies, subclasses and what is connected once more lead outside.
      const isIntercepted =
        Object.hasOwn(this, 'connect') && options?.lookup !== undefined && !tap.holds(net.Socket.prototype, 'connect')
      if (isIntercepted || internals._parent?.connecting) return pass()
      const facts = namedBy(tap.hub, factsOf(options, internals.encrypted === true))
      if (facts === undefined) return pass()
      const layer: Layer = { protocol: 'sockets', operation: 'sockets:connect', facts }
      const outcome = tap.judge(layer, this)
      if (outcome.kind === 'block') return fail(this, original as Connect, outcome.error)
      if (outcome.kind === 'refuse') return fail(this, original as Connect, unreachable(facts))
      if (outcome.kind === 'reply') {
        const { reply } = outcome
        const failure = reply.protocol === layer.protocol ? failureOf(reply.answer, facts) : undefined
        return failure ? fail(this, original as Connect, failure) : tap.serve(this, original as never, args, reply)
      }
      if (!noteOwn(tap, this, facts)) onOutside()
      return tap.carry(layer, pass)
    } as typeof original
  })
}

function noteOwn(tap: Tap, socket: Socket, facts: Facts): boolean {
  const key = keyOf(facts)
  const own = tap.own.has(key)
  if (own) tap.hop.client(socket, tap.frame(), key)
  return own
}

/**
 * Fails the way a real connect fails: the socket has a handle and is connecting, and the error comes later. Clients attach their listeners
 * in a nextTick after they got the socket, and HTTP/2 wraps a socket without a handle. A lookup that never answers brings Node into that
 * state without touching the network (Node 20 to 26).
 */
function fail(socket: Socket, connect: Connect, error: Error): Socket {
  Reflect.apply(connect, socket, [{ host: 'stopped.invalid', port: 1, lookup: () => {} }])
  setImmediate(() => socket.destroy(error))
  return socket
}
