/** Lets msw's handlers answer a mocked WebSocket, and leads to the real server where one of them asks for it. */
import type { IncomingMessage } from 'node:http'
import { builtIn, type Reply, type Tap } from '../../src/plugin.ts'
import type { LinkHandler } from './msw.ts'
import { ClientHandle, type MswConnection, ServerHandle } from './msw-connection.ts'
import type { WsPackage, WsPeer } from './peer.ts'

/** Headers of the handshake itself, which the real one writes anew. */
const OF_HANDSHAKE = /^(?:host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*)$/

export interface Played {
  readonly handlers: readonly LinkHandler[]
  readonly peer: WsPeer
  readonly request: IncomingMessage
  readonly protocols: string[]
  readonly reply: Reply
  readonly tap: Tap
  /** Messages of the peer's as code compares them. */
  messageOf(data: unknown, isBinary: boolean): string | Uint8Array
  /** Ends the connection with an error of the test's own. */
  fail(error: unknown): void
  /** Ends it with an error that is told already. */
  stop(error: Error): void
}

/** Rejects with what a listener threw. */
export async function playHandlers({ handlers, peer, request, protocols, reply, tap, messageOf, fail, stop }: Played) {
  const address = String(reply.facts.url)
  const client = new ClientHandle(address, peer, fail)
  const connect = (server: ServerHandle) => {
    const error = reply.lets()
    if (error === undefined) return onward(server)
    stop(error)
    return undefined
  }
  const server = new ServerHandle(client, connect, fail)
  const connection: MswConnection = {
    client,
    server,
    info: { protocols: protocols.length > 0 ? protocols : undefined },
  }
  client.context = connection
  server.context = connection
  const carry = (frames: unknown[]) => {
    for (const frame of frames) client.carry(frame as string)
  }
  peer.on('message', (data, isBinary) => {
    const message = messageOf(data, isBinary)
    // Where the real server is asked, it answers for itself.
    if (!server.isReal) carry(client.each(() => client.extension?.receive?.(message, connection)))
    if (!client.tellMessage(message) && server.isReal) server.carry(message)
  })
  peer.on('close', (code, reason) => {
    client.closed(code, String(reason))
    server.end()
  })
  const open = client.hold()
  await Promise.all(handlers.filter((handler) => handler.test(address)).map((handler) => handler.run(connection)))
  open(server.isReal ? [] : client.each(() => client.extension?.connect?.(connection)))

  function onward(to: ServerHandle): WsPeer {
    const { WebSocket } = tap.peer('ws') as WsPackage
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !OF_HANDSHAKE.test(name)))
    const module = builtIn(address.startsWith('wss:') ? 'node:https' : 'node:http')
    const layer = { protocol: 'ws', operation: 'ws:connect', facts: reply.facts }
    const real = tap.within(
      tap.passed(layer),
      // By an agent: without one, `ws` opens its connections itself, each as a call of its own.
      () => new WebSocket(address, protocols, { headers, perMessageDeflate: false, agent: new module.Agent() }),
    )
    real.on('open', () => to.opened())
    real.on('message', (data, isBinary) => to.came(messageOf(data, isBinary)))
    real.on('error', () => to.failed())
    real.on('close', (code, reason) => to.closed(code, String(reason)))
    return real
  }
}
