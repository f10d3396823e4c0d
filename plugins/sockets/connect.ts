/**
 * The seam of everything that connects: `net.Socket.prototype.connect` carries TCP, TLS, HTTP/1, HTTP/2, fetch, undici, WebSockets, unix
 * sockets and every database driver, however they imported it (Node 20 to 26).
 */
import type { Socket } from 'node:net'
import type { Facts, Layer, Tap } from '../../src/plugin.ts'
import { factsOf, keyOf, optionsOf } from './endpoint.ts'
import { unreachable } from './unreachable.ts'

type Net = typeof import('node:net')

const { setImmediate } = globalThis

/** What we reach into: documented nowhere, stable since Node 0.x. */
interface Internals {
  connecting: boolean
  encrypted?: boolean
  _parent?: { connecting?: boolean }
  _undestroy?(): void
}

export function guardConnect(tap: Tap, net: Net): void {
  tap.patch(net.Socket.prototype, 'connect', (original) => {
    return function connect(this: Socket, ...args: unknown[]) {
      const pass = () => Reflect.apply(original, this, args)
      const internals = this as unknown as Internals
      // An interceptor (msw 3, nock 15) answers on a socket with a connect of its own; what it lets through comes again on a new socket.
      if (Object.hasOwn(this, 'connect') || internals._parent?.connecting) return pass()
      const facts = factsOf(optionsOf(args), internals.encrypted === true)
      if (facts === undefined) return pass()
      const layer: Layer = { protocol: 'sockets', operation: 'sockets:connect', facts }
      const outcome = tap.judge(layer)
      if (outcome.kind === 'block') return fail(this, outcome.error)
      if (outcome.kind === 'refuse') return fail(this, unreachable(facts))
      if (outcome.kind === 'reply' && typeof outcome.answer === 'function') return outcome.answer(this)
      noteOwn(tap, this, facts)
      return tap.carry(layer, pass)
    } as typeof original
  })
}

function noteOwn(tap: Tap, socket: Socket, facts: Facts): void {
  const key = keyOf(facts)
  if (tap.own.has(key)) tap.hop.client(socket, tap.frame(), key)
}

/**
 * Fails the way a real connect fails: later. Clients attach their listeners in a nextTick after they got the socket, so an earlier error
 * would find nobody and end the process.
 */
function fail(socket: Socket, error: Error): Socket {
  const internals = socket as unknown as Internals
  if (socket.destroyed) internals._undestroy?.()
  internals.connecting = true
  setImmediate(() => socket.destroy(error))
  return socket
}
