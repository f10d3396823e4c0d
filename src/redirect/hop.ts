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
  readonly _parent?: object | null
  readonly _handle?: object | null
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
  /** By the handle of the accepted connection, which the proxy of it that HTTP/2 shows has as well. */
  const byHandle = new WeakMap<object, object>()

  function clientOf(serverSocket: ServerSocket): object | undefined {
    const { _parent, _handle } = serverSocket
    const known =
      clients.get(serverSocket) ??
      (_parent ? clients.get(_parent) : undefined) ??
      (_handle ? byHandle.get(_handle) : undefined)
    if (known !== undefined) return known
    const found = serverSocket.remotePort === undefined ? fromQueue(serverSocket) : fromPort(serverSocket.remotePort)
    if (found === undefined) return undefined
    clients.set(serverSocket, found)
    if (_handle) byHandle.set(_handle, found)
    return found
  }

  function fromPort(port: number): object | undefined {
    for (const client of waiting) {
      if (client.destroyed || client.localPort === port) waiting.delete(client)
      if (client.localPort === port) return client
    }
    return undefined
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
