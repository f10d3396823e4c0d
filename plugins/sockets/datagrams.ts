/** UDP: a packet leaves with `send`, is bound for one place by `connect`; joining a multicast group tells the routers. */

import type { Socket } from 'node:dgram'
import type { Facts, Outcome, Tap } from '../../src/plugin.ts'
import { SafeMap, SafeSet, SafeWeakMap } from '../../src/plugin.ts'
import { isAddressInfo } from './address.ts'
import { unreachable } from './unreachable.ts'

// Captured at load: tests replace them.
const { isInteger } = Number

type Dgram = typeof import('node:dgram')

const { nextTick } = process

export function guardDatagrams(tap: Tap, dgram: Dgram): void {
  const proto = dgram.Socket.prototype
  const bound = new SafeSet<WeakRef<Socket>>()
  const connected = new SafeWeakMap<Socket, Facts>()
  /** Sends that wait for the socket to be bound come through here a second time. */
  const approved = new SafeWeakMap<Socket, Map<string, number>>()

  const judge = (operation: string, facts: Facts, socket?: Socket): Error | undefined => {
    noteBound(tap, bound)
    return errorOf(tap.judge({ protocol: 'sockets', operation, facts }, socket), facts)
  }
  const errorOf = (outcome: Outcome, facts: Facts): Error | undefined => {
    if (outcome.kind === 'block') return outcome.error
    return outcome.kind === 'refuse' ? unreachable(facts) : undefined
  }

  /** Names are looked up on the way, also later, once the socket is bound. */
  const carrying = <T>(operation: string, facts: Facts | undefined, fn: () => T): T =>
    facts === undefined ? fn() : tap.carry({ protocol: 'sockets', operation, facts }, fn)

  tap.patch(proto, 'bind', (original) => {
    return function bind(this: Socket, ...args: unknown[]) {
      bound.add(new WeakRef(this))
      return Reflect.apply(original, this, args)
    } as typeof original
  })

  for (const name of ['addMembership', 'addSourceSpecificMembership'] as const) {
    tap.patch(proto as unknown as Record<typeof name, (...args: string[]) => void>, name, (original) => {
      return function (this: Socket, ...args: string[]) {
        const host = name === 'addMembership' ? args[0] : args[1]
        const error = typeof host === 'string' ? judge('sockets:join', { transport: 'udp', host }) : undefined
        if (error !== undefined) throw error
        return Reflect.apply(original, this, args)
      }
    })
  }

  tap.patch(proto, 'connect', (original) => {
    return function connect(this: Socket, ...args: unknown[]) {
      const facts = endpointOf(this, args[0], typeof args[1] === 'string' ? args[1] : undefined)
      const error = facts && judge('sockets:connect', facts, this)
      if (error === undefined) {
        connected.set(this, facts ?? {})
        return carrying('sockets:connect', facts, () => Reflect.apply(original, this, args))
      }
      return fail(this, error, args.at(-1))
    } as typeof original
  })

  tap.patch(proto, 'disconnect', (original) => {
    return function disconnect(this: Socket) {
      connected.delete(this)
      return Reflect.apply(original, this, [])
    }
  })

  tap.patch(proto, 'send', (original) => {
    return function send(this: Socket, ...args: unknown[]) {
      const peer = connected.get(this)
      if (peer !== undefined && isConnected(this)) {
        const error = errorOf(tap.use(this), peer)
        return error === undefined ? Reflect.apply(original, this, args) : fail(this, error, args.at(-1))
      }
      const target = targetOf(args)
      const facts = endpointOf(this, target.port, target.address)
      if (facts === undefined || takeApproved(approved, this, facts)) return Reflect.apply(original, this, args)
      const error = judge('sockets:send', facts)
      if (error !== undefined) return fail(this, error, args.at(-1))
      if (!isBound(this)) approve(approved, this, facts)
      return carrying('sockets:send', facts, () => Reflect.apply(original, this, args))
    } as typeof original
  })
}

/** The port and address among the arguments of an unconnected send: `(msg, [offset, length,] port [, address] [, callback])`. */
function targetOf(args: readonly unknown[]): { port: unknown; address: string | undefined } {
  const [, second, third, fourth, fifth] = args
  const sliced = Boolean(fifth) || (Boolean(fourth) && typeof fourth !== 'function')
  const [port, address] = sliced ? [fourth, fifth] : [second, third]
  return { port, address: typeof address === 'string' && address !== '' ? address : undefined }
}

function endpointOf(socket: Socket, port: unknown, address: string | undefined): Facts | undefined {
  const number = Number(port)
  if (!isInteger(number) || number <= 0 || number > 65_535) return undefined
  const { type } = socket as unknown as { type?: string }
  return { transport: 'udp', host: address ?? (type === 'udp6' ? '::1' : '127.0.0.1'), port: number }
}

/** As Node does when a name cannot be looked up: the callback gets the error, or an 'error' event does. */
function fail(socket: Socket, error: Error, last: unknown): undefined {
  nextTick(() => {
    if (typeof last === 'function') last(error)
    else socket.emit('error', error)
  })
  return undefined
}

/** As Node sees it: a connect that is under way or has failed leaves a socket that sends to any address. */
function isConnected(socket: Socket): boolean {
  try {
    socket.remoteAddress()
    return true
  } catch {
    return false
  }
}

function isBound(socket: Socket): boolean {
  return addressOf(socket) !== undefined
}

function addressOf(socket: Socket): { readonly port: number } | undefined {
  try {
    const address = socket.address()
    return isAddressInfo(address) ? address : undefined
  } catch {
    return undefined
  }
}

/** Sockets that a test bound are own: their ports are asked for here, since they become known later than `bind` returns. */
function noteBound(tap: Tap, bound: Set<WeakRef<Socket>>): void {
  for (const ref of bound) {
    const socket = ref.deref()
    const address = socket && addressOf(socket)
    if (address) tap.own.add(`udp:${address.port}`)
    if (socket === undefined) bound.delete(ref)
  }
}

function approve(all: WeakMap<Socket, Map<string, number>>, socket: Socket, facts: Facts): void {
  const known = all.get(socket) ?? new SafeMap<string, number>()
  const key = `${facts.host} ${facts.port}`
  known.set(key, (known.get(key) ?? 0) + 1)
  all.set(socket, known)
}

function takeApproved(all: WeakMap<Socket, Map<string, number>>, socket: Socket, facts: Facts): boolean {
  const known = all.get(socket)
  const key = `${facts.host} ${facts.port}`
  const left = known?.get(key) ?? 0
  if (known === undefined || left === 0 || !isBound(socket)) return false
  known.set(key, left - 1)
  return true
}
