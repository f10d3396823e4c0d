/**
 * Carries the frame of a request over to the own server that handles it: the accepted connection's remote port is the client's local
 * port. Pull-based: the server side asks at the moment of its event, so it does not matter which of the two events fires first.
 */
import type { Frame } from '../core/frames.ts'
import type { Hop } from '../plugin.ts'

interface ClientSocket {
  readonly localPort?: number
  readonly destroyed?: boolean
}

interface ServerSocket {
  readonly remotePort?: number
  readonly server?: { address?(): unknown }
  readonly _server?: { address?(): unknown } | null
  readonly _parent?: object
}

interface Stream {
  readonly id?: number | undefined
}

export function createHop(): Hop {
  /** Clients of own TCP servers whose accepted end has not been met yet. */
  const waiting = new Set<ClientSocket>()
  /** Clients of own unix servers, in the order in which they connected: the kernel accepts in that order. */
  const queued = new Map<string, object[]>()
  const frames = new WeakMap<object, Frame>()
  const streams = new WeakMap<object, { readonly stream: Stream; readonly frame: Frame }[]>()
  const clients = new WeakMap<object, object>()
  /** By port, for the many faces of one accepted connection (a TLS socket, the proxy that HTTP/2 shows). */
  const accepted = new Map<number, WeakRef<object>>()

  function clientOf(serverSocket: ServerSocket): object | undefined {
    const known = clients.get(serverSocket)
    if (known !== undefined) return known
    const parent = serverSocket._parent
    if (parent !== undefined && clients.has(parent)) return clients.get(parent)
    const found = serverSocket.remotePort === undefined ? fromQueue(serverSocket) : fromPort(serverSocket.remotePort)
    if (found !== undefined) clients.set(serverSocket, found)
    return found
  }

  function fromPort(port: number): object | undefined {
    for (const client of waiting) {
      if (client.localPort === port) {
        waiting.delete(client)
        accepted.set(port, new WeakRef(client))
        return client
      }
      if (client.destroyed) waiting.delete(client)
    }
    return accepted.get(port)?.deref()
  }

  function fromQueue(serverSocket: ServerSocket): object | undefined {
    if (queued.size === 0) return undefined
    const address = (serverSocket._server ?? serverSocket.server)?.address?.()
    return typeof address === 'string' ? queued.get(address)?.shift() : undefined
  }

  return {
    client(socket, frame, key) {
      frames.set(socket, frame)
      if (!key.startsWith('unix:')) {
        waiting.add(socket)
        return
      }
      const path = key.slice('unix:'.length)
      const queue = queued.get(path)
      if (queue) queue.push(socket)
      else queued.set(path, [socket])
    },
    use(socket, frame) {
      if (frames.has(socket)) frames.set(socket, frame)
      const parent = (socket as { _parent?: object })._parent
      if (parent && frames.has(parent)) frames.set(parent, frame)
    },
    stream(socket, stream, frame) {
      const list = streams.get(socket)
      if (list === undefined) streams.set(socket, [{ stream, frame }])
      else list.push({ stream, frame })
    },
    frameOf(serverSocket, streamId) {
      const client = clientOf(serverSocket as ServerSocket)
      if (client === undefined) return undefined
      if (streamId !== undefined) {
        const list = streams.get(client)
        const at = list?.findIndex(({ stream }) => stream.id === streamId) ?? -1
        if (list !== undefined && at >= 0) return list.splice(at, 1)[0]?.frame
      }
      return frames.get(client)
    },
  }
}
