/**
 * Carries the frame of a request over to the own server that handles it: the accepted connection's remote port is the client's local
 * port. Pull-based: the server side asks at the moment of its event, so it does not matter which of the two events fires first.
 */
import { Note, SafeMap, SafeSet, SafeWeakMap } from '../core/collections.ts'
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

/** Whose request a client socket carries at the moment. */
class FrameOf extends Note {
  #frame: Frame | undefined
  static get(socket: object): Frame | undefined {
    return #frame in socket ? socket.#frame : undefined
  }
  static set(socket: object, frame: Frame): void {
    const noted = #frame in socket ? socket : (new FrameOf(socket) as FrameOf)
    noted.#frame = frame
  }
  static update(socket: object, frame: Frame): void {
    if (#frame in socket) socket.#frame = frame
  }
}

/** The client end of an accepted connection. */
class ClientOf extends Note {
  #client: WeakRef<object> | undefined
  static get(socket: object): WeakRef<object> | undefined {
    return #client in socket ? socket.#client : undefined
  }
  static set(socket: object, client: WeakRef<object>): void {
    const noted = #client in socket ? socket : (new ClientOf(socket) as ClientOf)
    noted.#client = client
  }
}

export function createHop(): Hop {
  // Clients are held weakly all over: a server that keeps a connection must not keep the client that nobody holds any more (undici closes
  // the connections of a client that was collected).
  /** Clients of own TCP servers whose accepted end has not been met yet. */
  const waiting = new SafeSet<WeakRef<ClientSocket>>()
  /** Clients of own unix servers, in the order in which they connected: the kernel accepts in that order. */
  const queued = new SafeMap<string, WeakRef<object>[]>()
  const streams = new SafeWeakMap<object, { readonly stream: Stream; readonly frame: Frame }[]>()
  /** By the handle of the accepted connection, which the proxy of it that HTTP/2 shows has as well. */
  const byHandle = new SafeWeakMap<object, WeakRef<object>>()

  function clientOf(serverSocket: ServerSocket): object | undefined {
    const { _parent, _handle } = serverSocket
    const known =
      ClientOf.get(serverSocket) ??
      (_parent ? ClientOf.get(_parent) : undefined) ??
      (_handle ? byHandle.get(_handle) : undefined)
    if (known !== undefined) return known.deref()
    const found = serverSocket.remotePort === undefined ? fromQueue(serverSocket) : fromPort(serverSocket.remotePort)
    if (found === undefined) return undefined
    ClientOf.set(serverSocket, found)
    if (_handle) byHandle.set(_handle, found)
    return found.deref()
  }

  function fromPort(port: number): WeakRef<object> | undefined {
    for (const held of waiting) {
      const client = held.deref()
      if (client === undefined || client.destroyed || client.localPort === port) waiting.delete(held)
      if (client?.localPort === port) return held
    }
    return undefined
  }

  function fromQueue(serverSocket: ServerSocket): WeakRef<object> | undefined {
    if (queued.size === 0) return undefined
    const address = (serverSocket._server ?? serverSocket.server)?.address?.()
    return typeof address === 'string' ? queued.get(address)?.shift() : undefined
  }

  return {
    client(socket, frame, key) {
      FrameOf.set(socket, frame)
      if (!key.startsWith('unix:')) {
        waiting.add(new WeakRef(socket))
        return
      }
      const path = key.slice('unix:'.length)
      const queue = queued.get(path)
      if (queue) queue.push(new WeakRef(socket))
      else queued.set(path, [new WeakRef(socket)])
    },
    use(socket, frame) {
      FrameOf.update(socket, frame)
      const parent = (socket as { _parent?: object })._parent
      if (parent) FrameOf.update(parent, frame)
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
      return FrameOf.get(client)
    },
  }
}
