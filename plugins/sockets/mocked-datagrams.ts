/** Which UDP sockets talk to mocked peers, and what becomes of what they send. */
import type { Socket } from 'node:dgram'
import { type Facts, type Reply, SafeMap, SafeWeakMap, type Tap } from '../../src/plugin.ts'
import { type Conversation, converse, payloadOf } from './conversations.ts'

const { nextTick } = process
// Captured at load: tests fake timers.
const { setImmediate } = globalThis

export class MockedDatagrams {
  readonly #tap: Tap
  readonly #conversations = new SafeWeakMap<Socket, Map<string, Conversation>>()
  readonly #connections = new SafeWeakMap<Socket, Conversation>()

  constructor(tap: Tap) {
    this.#tap = tap
  }

  /** What goes on between a socket and a place in the present sandbox. */
  conversation(socket: Socket, facts: Facts): Conversation | undefined {
    const known = this.#conversations.get(socket)?.get(keyOf(facts))
    return known?.reply.holds(this.#tap.frame()) ? known : undefined
  }

  begin(socket: Socket, facts: Facts, reply: Reply): Conversation {
    const made = converse(socket, facts, reply, this.#tap, (error) => fail(socket, error, undefined))
    const all = this.#conversations.get(socket) ?? new SafeMap<string, Conversation>()
    this.#conversations.set(socket, all.set(keyOf(facts), made))
    return made
  }

  /** Opening decides: what is connected to a mocked peer stays with it. */
  connect(socket: Socket, facts: Facts, reply: Reply): void {
    this.#connections.set(
      socket,
      converse(socket, facts, reply, this.#tap, (error) => fail(socket, error, undefined)),
    )
  }

  connection(socket: Socket): Conversation | undefined {
    return this.#connections.get(socket)
  }

  disconnect(socket: Socket): void {
    this.#connections.delete(socket)
  }

  /** @param refuse lets Node refuse arguments that it does not take */
  send(
    socket: Socket,
    conversation: Conversation,
    args: readonly unknown[],
    isSliced: boolean,
    refuse: () => void,
  ): undefined {
    const message = payloadOf(args, isSliced)
    if (message === undefined || isClosed(socket)) return void refuse()
    bind(socket)
    const last = args.at(-1)
    conversation.receive(message)
    if (typeof last === 'function') setImmediate(() => last(null, message.length))
    return undefined
  }
}

function keyOf({ host, port }: Facts): string {
  return `${host} ${port}`
}

/** A socket that sends is bound by that, and hears what is sent to it. */
function bind(socket: Socket): void {
  try {
    socket.address()
  } catch {
    try {
      socket.bind({ port: 0, exclusive: true })
    } catch {
      // It is being bound.
    }
  }
}

function isClosed(socket: Socket): boolean {
  try {
    socket.address()
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_SOCKET_DGRAM_NOT_RUNNING'
  }
}

/** An address of this machine that the socket may be connected to. */
export function placeholder(socket: Socket): string {
  return (socket as unknown as { type?: string }).type === 'udp6' ? '::1' : '127.0.0.1'
}

/** As Node does when a name cannot be looked up: the callback gets the error, or an 'error' event does. */
export function fail(socket: Socket, error: Error, last: unknown): undefined {
  nextTick(() => {
    if (typeof last === 'function') last(error)
    else socket.emit('error', error)
  })
  return undefined
}
