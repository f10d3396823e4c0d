/** What is used of the package `ws` (8): its types are a package of their own, which nobody should have to install. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

export type WsData = Buffer | ArrayBuffer | Buffer[]

/** The server's end of a WebSocket: a `WebSocket` of the package `ws`. */
export interface WsPeer {
  /** The subprotocol that was agreed on; empty when there is none. */
  readonly protocol: string
  readonly readyState: 0 | 1 | 2 | 3
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number
  send(data: string | Uint8Array | ArrayBuffer, done?: (error?: Error) => void): void
  ping(data?: string | Uint8Array): void
  pong(data?: string | Uint8Array): void
  close(code?: number, reason?: string): void
  /** Breaks the connection off: the client sees code 1006. */
  terminate(): void
  on(event: 'message', listener: (data: WsData, isBinary: boolean) => void): this
  on(event: 'close', listener: (code: number, reason: Buffer) => void): this
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
  on(event: 'error', listener: (error: Error) => void): this
  once(event: 'message', listener: (data: WsData, isBinary: boolean) => void): this
  once(event: 'close', listener: (code: number, reason: Buffer) => void): this
  once(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
  once(event: 'error', listener: (error: Error) => void): this
  emit(event: string, ...args: unknown[]): boolean
}

/** The client's end of one. */
export interface WsClient extends WsPeer {
  on(event: 'message', listener: (data: WsData, isBinary: boolean) => void): this
  on(event: 'close', listener: (code: number, reason: Buffer) => void): this
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
  on(event: 'error', listener: (error: Error) => void): this
  on(event: 'open', listener: () => void): this
}

export interface WsServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, ready: (peer: WsPeer) => void): void
}

export interface WsPackage {
  readonly WebSocket: new (url: string, protocols: readonly string[], options: object) => WsClient
  readonly WebSocketServer: new (options: object) => WsServer
}
