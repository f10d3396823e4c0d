/**
 * UDP with mocked peers. Packets carry their sender's address, and clients compare it, so these are not redirected: what would be sent is
 * handed to the peer, and what the peer sends comes in as a message from the address that was written to.
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import {
  builtIn,
  DATA,
  type Facts,
  MessageInbox,
  originals,
  Performance,
  type Reply,
  type Step,
  say,
  type Tap,
} from '../../src/plugin.ts'
import type { SocketAnswer } from './mocking.ts'
import { readable } from './script.ts'
import { deviation } from './serve.ts'

// Captured at load: tests fake timers.
const { setImmediate, setTimeout } = originals

/** What a function of the test's answers packets with. */
export class DatagramPeer extends EventEmitter<{ message: [message: Buffer] }> {
  readonly #deliver: (message: Buffer) => void

  constructor(deliver: (message: Buffer) => void) {
    super()
    this.#deliver = deliver
  }

  /** Sends a packet to the code under test. */
  send(message: string | Uint8Array): void {
    this.#deliver(Buffer.from(message as Uint8Array))
  }
}

/** What is sent from one socket to one place, as long as the sandbox of its first packet lasts. */
export interface Conversation {
  readonly reply: Reply
  /** The error that the socket fails with. */
  receive(message: Buffer): void
}

/** @param fail gives the socket an error */
export function converse(
  socket: Socket,
  facts: Facts,
  reply: Reply,
  tap: Tap,
  fail: (error: Error) => void,
): Conversation {
  const { script, session } = reply.answer as SocketAnswer
  const sent: (string | Uint8Array)[] = []
  reply.complete({ sent })
  const from = sender(socket, facts)
  const deliver = (message: Buffer) => {
    setImmediate(() => {
      if (isOpen(socket))
        tap.runIn(reply.frame, () => socket.emit('message', message, { ...from, size: message.length }))
    })
  }
  let hear: ((message: Buffer) => void) | undefined
  if (script !== undefined) {
    const { steps } = script
    const inbox = new MessageInbox()
    const play = new Performance({
      steps,
      inbox,
      perform: (step, last) => act(deliver, step, last),
      deviate: (at, came) => fail(reply.deviates(deviation(steps, at, came))),
      fail: (error) => fail(reply.fails(error)),
    })
    reply.owes(() => play.left)
    play.advance()
    hear = (message) => {
      inbox.push(readable(message))
      play.advance()
    }
  } else if (session !== undefined) {
    const peer = new DatagramPeer(deliver)
    const started = tap.runIn(
      reply.frame,
      () => new Promise((resolve) => resolve((session as (peer: DatagramPeer) => unknown)(peer))),
    )
    const failed = (error: unknown) => fail(reply.fails(error))
    started.catch(failed)
    hear = (message) => {
      try {
        tap.runIn(reply.frame, () => peer.emit('message', message))
      } catch (error) {
        failed(error)
      }
    }
  }
  return {
    reply,
    receive(message) {
      sent.push(readable(message))
      if (hear !== undefined) setImmediate(hear, message)
    },
  }
}

function act(deliver: (message: Buffer) => void, { kind, args }: Step, last: unknown): unknown {
  const [arg] = args
  if (kind === 'wait') return new Promise((resolve) => setTimeout(resolve, arg as number))
  return kind === 'send' ? say(arg, last, DATA, (data) => deliver(Buffer.from(data as string))) : undefined
}

function sender(socket: Socket, { host, port }: Facts): Omit<RemoteInfo, 'size'> {
  const { isIP } = builtIn('node:net')
  const isV6 = (socket as unknown as { type?: string }).type === 'udp6'
  const address = isIP(String(host)) === 0 ? (isV6 ? '::1' : '127.0.0.1') : String(host)
  return { address, family: isV6 ? 'IPv6' : 'IPv4', port: Number(port) }
}

function isOpen(socket: Socket): boolean {
  try {
    socket.address()
    return true
  } catch (error) {
    // Being bound: then it is not closed.
    return (error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING'
  }
}

/** The bytes of a `send`: `(msg, [offset, length,] …)`; undefined for what Node refuses. */
export function payloadOf([message, offset, length]: readonly unknown[], isSliced: boolean): Buffer | undefined {
  const bytes = bytesOf(message)
  if (bytes === undefined || !isSliced) return bytes
  const from = Number(offset)
  const until = from + Number(length)
  return from >= 0 && until <= bytes.length ? Buffer.from(bytes.subarray(from, until)) : undefined
}

function bytesOf(message: unknown): Buffer | undefined {
  if (typeof message === 'string') return Buffer.from(message)
  if (ArrayBuffer.isView(message))
    return Buffer.from(Buffer.from(message.buffer, message.byteOffset, message.byteLength))
  if (!Array.isArray(message)) return undefined
  const parts = message.map(bytesOf)
  return parts.includes(undefined) ? undefined : Buffer.concat(parts as Buffer[])
}
