/** The worker's end of mocked connections: a real socket, played by a script or handed to a function of the test's. */
import type { Socket } from 'node:net'
import { type Deviation, Performance, type Redirected, type Reply, type Step, type Tap } from '../../src/plugin.ts'
import type { SocketAnswer } from './mocking.ts'
import { readable, type SocketScript, StreamInbox } from './script.ts'

// Captured at load: tests fake timers.
const { setTimeout } = globalThis

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
  const sent = collect(peer)
  const error = reply.complete({
    get sent() {
      return sent()
    },
  })
  const fail = (reason: unknown) => {
    client.destroy(reason as Error)
    peer.destroy()
  }
  if (error !== undefined) fail(error)
  else if (script !== undefined) perform(script, peer, reply, fail)
  else if (session !== undefined) hand(peer, session, reply, tap, fail)
  else peer.resume()
}

function hand(
  peer: Socket,
  session: NonNullable<SocketAnswer['session']>,
  reply: Reply,
  tap: Tap,
  fail: (error: unknown) => void,
): void {
  const failed = (error: unknown) => fail(reply.fails(error))
  inFrame(peer, reply, tap, failed)
  tap.runIn(reply.frame, () => {
    new Promise((resolve) => resolve(session(peer))).catch(failed)
  })
  // Nobody reads: then the end is not seen either.
  if (peer.readableFlowing === null && peer.listenerCount('readable') === 0) peer.resume()
}

/** Notes what arrives, before whoever reads it. */
function collect(peer: Socket): () => string | Uint8Array | undefined {
  const chunks: Buffer[] = []
  const { push } = peer
  peer.push = (chunk: unknown, ...rest) => {
    if (ArrayBuffer.isView(chunk)) chunks.push(Buffer.from(chunk as Uint8Array))
    return Reflect.apply(push, peer, [chunk, ...rest])
  }
  return () => (chunks.length === 0 ? undefined : readable(Buffer.concat(chunks)))
}

function perform(script: SocketScript, peer: Socket, reply: Reply, fail: (error: unknown) => void): void {
  const { steps } = script
  const inbox = new StreamInbox()
  const play = new Performance({
    steps,
    inbox,
    perform: (step, last) => act(peer, step, last),
    deviate: (at, came) => fail(reply.deviates(deviation(steps, at, came))),
    fail: (error) => fail(reply.fails(error)),
  })
  reply.owes(() => play.left)
  peer.on('data', (chunk) => {
    inbox.push(chunk)
    play.advance()
  })
  peer.once('end', () => play.ended())
  peer.once('close', () => play.ended())
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
  if (kind !== 'send') return undefined
  const data = typeof arg === 'function' ? arg(last) : arg
  if (typeof data?.then === 'function') return data.then((text: string) => void peer.write(text))
  peer.write(data)
  return undefined
}

/** What a function of the test's does on events of its peer belongs to the sandbox of the call, and fails as the function itself. */
function inFrame(peer: Socket, reply: Reply, tap: Tap, failed: (error: unknown) => void): void {
  const { emit } = peer
  const own = (...args: Parameters<Socket['emit']>) => {
    try {
      return tap.runIn(reply.frame, () => Reflect.apply(emit, peer, args))
    } catch (error) {
      failed(error)
      return true
    }
  }
  Object.defineProperty(peer, 'emit', { value: own, writable: true, configurable: true, enumerable: false })
}
