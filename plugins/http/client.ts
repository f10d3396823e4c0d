/**
 * `node:http` and `node:https` requests. They only announce themselves: the verdict falls where the socket connects, so that what answers
 * above (msw, nock, light-my-request) is no business of ours. A request on a warm socket makes no connect and is judged when it gets it.
 */
import type { Agent, ClientRequest } from 'node:http'
import type { Layer, OpenCall, Outcome, Tap } from '../../src/plugin.ts'
import { unreachable } from './failure.ts'
import { connectionLayer, DEFAULT_PORTS, isSameEndpoint, requestLayer } from './layer.ts'

type Http = typeof import('node:http')
type RequestOptions = import('node:https').RequestOptions & { socketPath?: string | null }

/** Undocumented, and called by Node itself on the prototype (Node 0.12 to 26). */
interface AgentInternals {
  addRequest(request: ClientRequest, options: RequestOptions, ...rest: unknown[]): void
  createSocket(request: ClientRequest, options: RequestOptions, callback: unknown): void
}
/** `_parent` is null on a socket that wraps no other. */
type Connection = object & { readonly _parent?: object | null }
// Captured at load: tests replace it.
const { URL } = globalThis

/** `server` is set on what a server accepted, and `_handle` on what is no imitation. */
interface OpenSocket {
  readonly _handle: object | null
  readonly server: object | null
  readonly encrypted: boolean
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
}
interface RequestInternals {
  onSocket(socket: Connection | null | undefined, error?: Error): void
}

export function guardClient(tap: Tap, http: Http, connectIsOurs: () => boolean): void {
  const calls = new WeakMap<ClientRequest, OpenCall>()
  /** Real connections, by what was judged when they were opened. */
  const connections = new WeakMap<object, Layer>()
  /** Sockets of interceptors, by the call that each may have let through: then they lead outside, and stay open. */
  const passedThrough = new WeakMap<object, OpenCall>()

  const agent = http.Agent.prototype as unknown as AgentInternals
  // Runs in the caller's context, also for requests that wait for a free socket (Node 20 to 26).
  tap.patch(agent, 'addRequest', (original) => {
    return function addRequest(this: Agent, request, options, ...rest) {
      const call = tap.current() ?? tap.open(() => layerOf(request, options))
      calls.set(request, call)
      return tap.within(call, () => Reflect.apply(original, this, [request, options, ...rest]))
    }
  })
  // A waiting request is connected in the context of the one that ended: bring it back to its own.
  tap.patch(agent, 'createSocket', (original) => {
    return function createSocket(this: Agent, request, options, callback) {
      const create = () => Reflect.apply(original, this, [request, options, callback])
      const call = calls.get(request)
      return call === undefined || tap.current() === call ? create() : tap.within(call, create)
    }
  })
  tap.patch(http.ClientRequest.prototype as unknown as RequestInternals, 'onSocket', (original) => {
    return function onSocket(this: ClientRequest, socket, error) {
      const call = calls.get(this) ?? tap.current()
      if (call !== undefined && socket && !error) meet(this, call, socket)
      call?.close()
      return Reflect.apply(original, this, [socket, error])
    }
  })

  function meet(request: ClientRequest, call: OpenCall, socket: Connection): void {
    if (call.outcome !== undefined) {
      const lower = call.call.layers.at(-1)
      if (call.outcome.kind === 'pass' && lower) connections.set(socket, lower)
    } else {
      const connection = connections.get(socket) ?? (socket._parent ? connections.get(socket._parent) : undefined)
      const passed = passedThrough.get(socket)
      // What interceptors answer comes on sockets of theirs; a connection that was let out leads outside, whoever stands above us by now.
      if (connection !== undefined && (connectIsOurs() || !Object.hasOwn(socket, 'connect')))
        stop(request, call, call.settle(connection))
      else if (passed?.outcome?.kind === 'pass') stop(request, call, call.settle(passed.call.layers.at(-1)))
      else if (connection === undefined) {
        const opened = openedByHand(socket)
        if (opened === undefined) passedThrough.set(socket, standBy(request, call))
        else stop(request, call, call.settle(opened))
      }
    }
    tap.hop.use(socket, call.call.frame)
  }

  function stop(request: ClientRequest, call: OpenCall, outcome: Outcome): void {
    if (outcome.kind === 'block') request.destroy(outcome.error)
    else if (outcome.kind === 'refuse') request.destroy(unreachable(call.call.layers[0]?.facts ?? {}))
  }

  /**
   * A socket of an interceptor (msw, nock): what it answers is no business of ours. What it lets through it connects itself, later and in
   * the same frame; user callbacks run there too, so only a connection to the same place is this request's.
   */
  function standBy(request: ClientRequest, { call }: OpenCall): OpenCall {
    const layer = call.layers.find(({ protocol }) => protocol === 'http') as Layer
    const open = () =>
      tap.open(() => layer, { claims: (lower) => tap.frame() === call.frame && isSameEndpoint(lower, layer) })
    const passThrough = tap.runIn(call.frame, open)
    request.once('close', () => passThrough.close())
    return passThrough
  }
}

/** The connection of a socket that was open before somebody made a request on it; undefined for what an interceptor imitates. */
function openedByHand(socket: Connection): Layer | undefined {
  if (Object.hasOwn(socket, 'connect')) return undefined
  const { _handle, server, encrypted, remoteAddress, remotePort } = socket as Partial<OpenSocket>
  if (!_handle || server || remoteAddress === undefined || remotePort === undefined) return undefined
  return connectionLayer({ scheme: encrypted ? 'https' : 'http', host: remoteAddress, port: remotePort })
}

/**
 * Requests that bring their own connection and no agent pass no agent at all (`ws` does so): they are announced where they are made.
 */
export function announceAgentless(tap: Tap, module: { request: unknown; get: unknown }, scheme: string): void {
  for (const name of ['request', 'get'] as const) {
    tap.patch(module as Record<'request' | 'get', (...args: unknown[]) => unknown>, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const options = args.find((arg) => typeof arg === 'object' && arg !== null && !(arg instanceof URL)) as
          | (RequestOptions & { createConnection?: unknown })
          | undefined
        const make = () => Reflect.apply(original, this, args)
        if (typeof options?.createConnection !== 'function' || options.agent) return make()
        const url = args[0] instanceof URL ? args[0] : typeof args[0] === 'string' ? tryUrl(args[0]) : undefined
        return tap.within(
          tap.open(() => layerFromOptions(options, url, scheme)),
          make,
        )
      }
    })
  }
}

function tryUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function layerFromOptions(options: RequestOptions, url: URL | undefined, scheme: string): Layer {
  const protocol = (options.protocol ?? url?.protocol ?? `${scheme}:`).slice(0, -1)
  const headers = (options.headers ?? {}) as Record<string, unknown>
  const upgrade = Object.entries(headers).find(([name]) => name.toLowerCase() === 'upgrade')?.[1]
  return requestLayer({
    method: (options.method ?? 'GET').toUpperCase(),
    scheme: protocol,
    host: options.hostname ?? options.host ?? url?.hostname ?? 'localhost',
    port: Number(options.port || url?.port || options.defaultPort || DEFAULT_PORTS[protocol]),
    path: options.path ?? (url ? url.pathname + url.search : '/'),
    upgrade: upgrade === undefined ? undefined : String(upgrade),
    socketPath: options.socketPath ?? undefined,
  })
}

function layerOf(request: ClientRequest, options: RequestOptions): Layer {
  const scheme = (options.protocol ?? request.protocol ?? 'http:').slice(0, -1)
  const upgrade = request.getHeader('upgrade')
  return requestLayer({
    method: request.method,
    scheme,
    host: options.host ?? options.hostname ?? 'localhost',
    port: Number(options.port || options.defaultPort || DEFAULT_PORTS[scheme]),
    path: request.path,
    upgrade: upgrade === undefined ? undefined : String(upgrade),
    socketPath: options.socketPath ?? undefined,
  })
}
