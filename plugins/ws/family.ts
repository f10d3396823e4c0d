import type { Family, MockHandle } from '../../src/plugin.ts'
import type { WsRefusal } from './mocking.ts'
import type { WsPeer } from './peer.ts'
import type { WsScript } from './script.ts'

/** A WebSocket by its parts; what is left out fits anything. */
export interface WsPattern {
  /** An address without its query, with `*` and `**`; or a RegExp for the whole of it. */
  readonly url?: string | URL | RegExp
  readonly query?: unknown
  /** The subprotocols that the client offers, in its order. */
  readonly protocols?: unknown
}

/** Facts that an assertion adds to its pattern. */
export interface WsFacts {
  readonly url?: unknown
  readonly query?: unknown
  readonly protocols?: unknown
  /** The messages that the code sent: text as strings, binary as bytes. */
  readonly sent?: unknown
}

/** What the worker's end of a WebSocket does: a script, a function that is given it, or no handshake; it takes messages and says nothing when left out. */
export type WsReply = WsScript | ((peer: WsPeer, request: Request) => unknown) | WsRefusal

/** `tripwire.ws`; its mocks need the package `ws`. */
export interface WsFamily extends Family {
  /**
   * Answers WebSockets in sandboxes, each with a peer of its own.
   *
   * @throws MissingPeerError when the package `ws` is not installed
   * @example tripwire.ws.mock('wss://feed.example.com', tripwire.ws.script().expect('subscribe').send({ price: 1 }).close(1000))
   */
  mock(pattern: string | URL | RegExp | WsPattern, reply?: WsReply): MockHandle
  passThrough(pattern: string | URL | RegExp | WsPattern): MockHandle
  /** @example tripwire.ws.assert('wss://feed.example.com', { sent: ['subscribe'] }) */
  assert(pattern: string | URL | RegExp | WsPattern, facts?: WsFacts): void
  /** A script without steps: `.expect(message)`, `.send(message)`, `.ping()`, `.wait(ms)`, `.close(code)`, `.terminate()` each give a longer one. */
  script(): WsScript
  /**
   * Takes msw's handlers of WebSockets as they are; they may answer any number of connections, or none. As in msw, all that fit hear the
   * same connection, those of the latest call first; a mock of the same scope is asked before them. `server.connect()` leads to the real server, under the ceilings in force; the connection has to be asserted.
   *
   * @example tripwire.ws.use(ws.link('wss://feed.example.com').addEventListener('connection', ({ client }) => client.send('hello')))
   */
  use(...handlers: readonly object[]): void
}
