import type { Socket } from 'node:net'
import type { Family, MockHandle } from '../../src/plugin.ts'
import type { DatagramPeer } from './conversations.ts'
import type { SocketLine } from './mocking.ts'
import type { SocketScript } from './script.ts'
import type { FailureName } from './unreachable.ts'

/** A connection by its parts; what is left out fits anything. */
export interface SocketPattern {
  readonly transport?: 'tcp' | 'tls' | 'udp' | 'unix'
  readonly host?: string | RegExp
  readonly port?: number | '*'
  /** Of a unix socket. */
  readonly path?: string | RegExp
  /** npm package of a client that is known by name: `nodemailer`, `mqtt`. */
  readonly client?: string
}

/** Facts that an assertion adds to its pattern. */
export interface SocketFacts {
  readonly transport?: unknown
  readonly host?: unknown
  readonly port?: unknown
  readonly path?: unknown
  readonly client?: unknown
  /** What the code sent: text, or bytes where it is none; of UDP a list of packets. */
  readonly sent?: unknown
}

/** The connection fails instead, as Node fails: refused, reset, timed out, the host out of reach. */
export interface SocketFailure {
  readonly error: FailureName | Error
}

/** What the worker's end of a connection does: a script, or a function that is given it; it takes what comes and says nothing when left out. */
export type SocketReply<Given extends unknown[]> = SocketScript | ((...given: Given) => unknown) | SocketFailure

/** `tripwire.sockets`. */
export interface SocketsFamily extends Family {
  /**
   * Answers connections in sandboxes, each with a peer of its own; of UDP what one socket sends to one place.
   *
   * @example tripwire.sockets.mock('tcp://mail.example.com:25', tripwire.sockets.script().send('220 ready\r\n').expect('QUIT\r\n').close())
   */
  mock(pattern: `udp://${string}`, reply?: SocketReply<[peer: DatagramPeer]>): MockHandle
  mock(pattern: string | URL | SocketPattern, reply?: SocketReply<[peer: Socket, line: SocketLine]>): MockHandle
  passThrough(pattern: string | URL | SocketPattern): MockHandle
  /** @example tripwire.sockets.assert('tcp://mail.example.com:25', { sent: 'QUIT\r\n' }) */
  assert(pattern: string | URL | SocketPattern, facts?: SocketFacts): void
  /** A script without steps: `.expect(data)`, `.send(data)`, `.startTls()`, `.wait(ms)`, `.close()` and `.reset()` each give a longer one. */
  script(): SocketScript
}
