/** The worker's end of mocked connections: a real socket, played by a script or handed to a function of the test's. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  DATA,
  type Deviation,
  emitFor,
  OffScript,
  originals,
  Performance,
  type Redirected,
  type Reply,
  type Step,
  say,
  type Tap,
} from '../../src/plugin.ts'
import type { SocketAnswer } from './mocking.ts'
import { readable, type SocketScript, StreamInbox } from './script.ts'

// Captured at load: tests fake timers.
const { setTimeout } = originals

export function serve(peer: Socket, connection: Redirected, tap: Tap): void {
  const { reply } = connection
  peer.on('error', () => {}) // The client hung up.
  if (reply === undefined) {
    peer.destroy()
    return
  }
  tap.hub.follow(peer)
  if (reply.facts.transport !== 'tls') {
    converse(peer, connection.client, reply, tap)
    return
  }
  tap.hub.secure(peer, String(reply.facts.host), [], (secured) => {
    secured.on('error', () => {})
    converse(secured, connection.client, reply, tap)
  })
}

function converse(peer: Socket, client: Socket, reply: Reply, tap: Tap): void {
  const { script, session } = reply.answer as SocketAnswer
  const sent = new Sent()
  sent.watch(peer)
  const error = reply.complete({
    get sent() {
      return sent.all
    },
  })
  const fail = (reason: unknown) => {
    client.destroy(reason as Error)
    peer.destroy()
  }
  const secure = async (unread?: Uint8Array) => {
    sent.ignore(peer)
    const first = unread !== undefined && unread.length > 0 ? unread : await firstOf(peer)
    if (first[0] !== TLS_HANDSHAKE) {
      sent.note(first)
      const came = readable(first)
      throw new OffScript(`startTls() waited for TLS, and ${JSON.stringify(came)} came`, came)
    }
    peer.unshift(first)
    return new Promise<TLSSocket>((resolve) => {
      tap.hub.secure(peer, String(reply.facts.host), [], (secured) => {
        secured.on('error', () => {})
        sent.watch(secured)
        resolve(secured)
      })
    })
  }
  if (error !== undefined) fail(error)
  else if (script !== undefined) perform(script, peer, reply, secure, fail)
  else if (session !== undefined) hand(peer, session, reply, tap, secure, fail)
  else peer.resume()
}

function hand(
  peer: Socket,
  session: NonNullable<SocketAnswer['session']>,
  reply: Reply,
  tap: Tap,
  secure: () => Promise<TLSSocket>,
  fail: (error: unknown) => void,
): void {
  const failed = (error: unknown) => fail(reply.fails(error))
  emitFor(reply, peer, tap, failed)
  const startTls = async () => {
    const secured = await secure()
    emitFor(reply, secured, tap, failed)
    return secured
  }
  tap.runIn(reply.frame, () => {
    new Promise((resolve) => resolve(session(peer, { startTls }))).catch(failed)
  })
  // Nobody reads: then the end is not seen either.
  if (peer.readableFlowing === null && peer.listenerCount('readable') === 0) peer.resume()
}

const TLS_HANDSHAKE = 0x16

/** What comes next; never, where the client hangs up. */
function firstOf(peer: Socket): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const look = () => {
      const first: Uint8Array | null = peer.read()
      if (first === null) return
      peer.off('readable', look)
      resolve(first)
    }
    peer.on('readable', look)
  })
}

/** Notes what arrives, before whoever reads it. */
class Sent {
  readonly #chunks: Buffer[] = []

  get all(): string | Uint8Array | undefined {
    return this.#chunks.length === 0 ? undefined : readable(Buffer.concat(this.#chunks))
  }

  watch(peer: Socket): void {
    const { push } = peer
    peer.push = (chunk: unknown, ...rest) => {
      if (ArrayBuffer.isView(chunk)) this.note(chunk as Uint8Array)
      return Reflect.apply(push, peer, [chunk, ...rest])
    }
  }

  note(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk))
  }

  /** What comes now is no longer what the code sent, but that in TLS. */
  ignore(peer: Socket): void {
    Reflect.deleteProperty(peer, 'push')
  }
}

function perform(
  script: SocketScript,
  peer: Socket,
  reply: Reply,
  secure: (unread: Uint8Array) => Promise<Socket>,
  fail: (error: unknown) => void,
): void {
  const { steps } = script
  const inbox = new StreamInbox()
  let line = peer
  const hear = (chunk: Uint8Array) => {
    inbox.push(chunk)
    play.advance()
  }
  const listen = (to: Socket) => {
    line = to
    to.on('data', hear)
    to.once('end', () => play.ended())
    to.once('close', () => play.ended())
  }
  const startTls = async () => {
    line.off('data', hear)
    listen(await secure(inbox.drain()))
  }
  const play = new Performance({
    steps,
    inbox,
    perform: (step, last) => (step.kind === 'startTls' ? startTls() : act(line, step, last)),
    deviate: (at, came) => fail(reply.deviates(deviation(steps, at, came))),
    fail: (error) => fail(reply.fails(error)),
  })
  reply.owes(() => play.left)
  listen(peer)
  play.advance()
}

export function deviation(steps: readonly Step[], at: number, came: unknown): Deviation {
  return { step: at + 1, steps, came }
}

function act(peer: Socket, { kind, args }: Step, last: unknown): unknown {
  const [arg] = args
  if (kind === 'wait') return new Promise((resolve) => setTimeout(resolve, arg as number))
  if (kind === 'close') peer.end()
  if (kind === 'reset') peer.resetAndDestroy()
  return kind === 'send' ? say(arg, last, DATA, (data) => void peer.write(data)) : undefined
}
