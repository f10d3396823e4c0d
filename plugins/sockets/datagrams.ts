/** UDP: a packet leaves with `send`, is bound for one place by `connect`; joining a multicast group tells the routers. */

import type { Socket } from 'node:dgram'
import type { Facts, Outcome, Tap } from '../../src/plugin.ts'
import { SafeMap, SafeSet, SafeWeakMap } from '../../src/plugin.ts'
import { isAddressInfo } from './address.ts'
import { namedBy } from './endpoint.ts'
import { fail, MockedDatagrams, placeholder } from './mocked-datagrams.ts'
import { failureOf } from './mocking.ts'
import { unreachable } from './unreachable.ts'

// Captured at load: tests replace them.
const { isInteger } = Number

type Dgram = typeof import('node:dgram')

export function guardDatagrams(tap: Tap, dgram: Dgram): void {
  const proto = dgram.Socket.prototype
  const bound = new SafeSet<WeakRef<Socket>>()
  const connected = new SafeWeakMap<Socket, Facts>()
  /** Sends that wait for the socket to be bound come through here a second time. */
  const approved = new SafeWeakMap<Socket, Map<string, number>>()

  const mocked = new MockedDatagrams(tap)
  const judge = (operation: string, facts: Facts, socket?: Socket): Outcome => {
    noteBound(tap, bound)
    return tap.judge({ protocol: 'sockets', operation, facts }, socket)
  }
  const errorOf = (outcome: Outcome, facts: Facts): Error | undefined => {
    if (outcome.kind === 'block') return outcome.error
    return outcome.kind === 'refuse' ? unreachable(facts) : undefined
  }

  const placeOf = (...args: Parameters<typeof endpointOf>) => namedBy(tap.hub, endpointOf(...args))

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
        const facts = { transport: 'udp', host }
        const outcome = typeof host === 'string' ? judge('sockets:join', facts) : undefined
        const error = outcome && errorOf(outcome, facts)
        if (error !== undefined) throw error
        if (outcome?.kind === 'reply') return undefined
        return Reflect.apply(original, this, args)
      }
    })
  }

  tap.patch(proto, 'connect', (original) => {
    return function connect(this: Socket, ...args: unknown[]) {
      const facts = placeOf(this, args[0], typeof args[1] === 'string' ? args[1] : undefined)
      const outcome = facts && judge('sockets:connect', facts, this)
      if (facts !== undefined && outcome?.kind === 'reply') {
        const failure = failureOf(outcome.reply.answer, facts)
        if (failure !== undefined) return fail(this, failure, args.at(-1))
        mocked.connect(this, facts, outcome.reply)
        connected.set(this, facts)
        // Nothing is sent by that: the socket is as one that is connected.
        const done = args.find((arg) => typeof arg === 'function')
        return Reflect.apply(original, this, [facts.port, placeholder(this), ...(done ? [done] : [])])
      }
      const error = facts && outcome && errorOf(outcome, facts)
      if (error === undefined) {
        mocked.disconnect(this)
        connected.set(this, facts ?? {})
        return carrying('sockets:connect', facts, () => Reflect.apply(original, this, args))
      }
      return fail(this, error, args.at(-1))
    } as typeof original
  })

  tap.patch(proto, 'disconnect', (original) => {
    return function disconnect(this: Socket) {
      connected.delete(this)
      mocked.disconnect(this)
      return Reflect.apply(original, this, [])
    }
  })

  tap.patch(proto, 'send', (original) => {
    return function send(this: Socket, ...args: unknown[]) {
      const peer = connected.get(this)
      const carryOn = () => Reflect.apply(original, this, args)
      const conversation = peer && mocked.connection(this)
      if (conversation) return mocked.send(this, conversation, args, typeof args[2] === 'number', carryOn)
      if (peer !== undefined && isConnected(this)) {
        const error = errorOf(tap.use(this), peer)
        return error === undefined ? carryOn() : fail(this, error, args.at(-1))
      }
      const target = targetOf(args)
      const facts = placeOf(this, target.port, target.address)
      if (facts === undefined || takeApproved(approved, this, facts)) return carryOn()
      const going = mocked.conversation(this, facts)
      if (going) return mocked.send(this, going, args, target.isSliced, carryOn)
      const outcome = judge('sockets:send', facts)
      if (outcome.kind === 'reply') {
        const failure = failureOf(outcome.reply.answer, facts)
        if (failure !== undefined) return fail(this, failure, args.at(-1))
        const begun = mocked.begin(this, facts, outcome.reply)
        return mocked.send(this, begun, args, target.isSliced, carryOn)
      }
      const error = errorOf(outcome, facts)
      if (error !== undefined) return fail(this, error, args.at(-1))
      if (!isBound(this)) approve(approved, this, facts)
      return carrying('sockets:send', facts, carryOn)
    } as typeof original
  })
}

/** The port and address among the arguments of an unconnected send: `(msg, [offset, length,] port [, address] [, callback])`. */
function targetOf(args: readonly unknown[]): { port: unknown; address: string | undefined; isSliced: boolean } {
  const [, second, third, fourth, fifth] = args
  const sliced = Boolean(fifth) || (Boolean(fourth) && typeof fourth !== 'function')
  const [port, address] = sliced ? [fourth, fifth] : [second, third]
  return { port, address: typeof address === 'string' && address !== '' ? address : undefined, isSliced: sliced }
}

function endpointOf(socket: Socket, port: unknown, address: string | undefined): Facts | undefined {
  const number = Number(port)
  if (!isInteger(number) || number <= 0 || number > 65_535) return undefined
  const { type } = socket as unknown as { type?: string }
  return { transport: 'udp', host: address ?? (type === 'udp6' ? '::1' : '127.0.0.1'), port: number }
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
