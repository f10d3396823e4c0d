/**
 * `fetch`, undici 6 to 8 and everything on them. undici tells of each request in the caller's context, before it looks for a connection;
 * that channel cannot block, but a request whose own start hook throws is rejected by undici itself, and the connection stays usable
 * for its neighbours (Node 20 to 26).
 */

import type { Socket } from 'node:net'
import type { Frame, Layer, OpenCall, Outcome, Reply, Tap } from '../../src/plugin.ts'
import { SafeSet, SafeWeakMap } from '../../src/plugin.ts'
import { unreachable } from './failure.ts'
import { connectionLayer, DEFAULT_PORTS, isSameEndpoint, requestLayer } from './layer.ts'
import { type DispatchOptions, originsOf, watchDispatchers } from './undici-dispatch.ts'
import { routeUndici, type UndiciRoute } from './undici-route.ts'

interface UndiciRequest {
  readonly origin?: string | URL
  readonly method: string
  readonly path: string
  readonly upgrade?: string | null
}

// Captured at load: tests replace them.
const { URL, URLSearchParams } = globalThis

/** What undici calls on a request before it writes it: `onConnect` in 6 and 7, `onRequestStart` from 8.0 (Node 26) on. */
const START_HOOKS = ['onConnect', 'onRequestStart']

/** @param onWrite told the connection that undici is about to write a request to, and the frame of that request */
export function guardUndici(
  tap: Tap,
  connectIsOurs: () => boolean,
  onWrite: (socket: object, frame: Frame) => void,
): UndiciRoute {
  const calls = new SafeWeakMap<object, OpenCall>()
  const stopped = new SafeWeakMap<object, Error>()
  /** What mocks answer to requests; each is told to the connection that the request is written to. */
  const replies = new SafeWeakMap<object, Reply>()
  /** Connections by a call on them: one that an interceptor let through leads outside, and its next request makes no connect. */
  const carried = new SafeWeakMap<object, OpenCall>()
  const isMaking = watchConnects(tap)
  // What interceptors let through they connect themselves, later; else others may connect to the same place meanwhile.
  const open = (layer: Layer) =>
    tap.open(() => layer, {
      claims: (lower) => isSameEndpoint(lower, layer) && (!connectIsOurs() || isMaking(lower)),
    })
  const judge = (call: OpenCall, layer: Layer) => errorOf(call.settle(connectionLayer(layer.facts)), layer)

  const route = routeUndici(tap, (dispatcher, options) => {
    const [origin] = connectIsOurs() ? originsOf(dispatcher, options) : []
    const layer = origin && layerOfDispatch(options, origin)
    return layer && origin ? { call: tap.open(() => layer), origin } : undefined
  })
  const arriving = watchDispatchers(tap, (options, origin) => {
    const routed = route.routed()
    if (routed !== undefined) return { call: routed.call, error: undefined }
    const layer = connectIsOurs() ? layerOfDispatch(options, origin) : undefined
    if (layer === undefined) return undefined
    const call = open(layer)
    const error = judge(call, layer)
    if (error !== undefined) call.close()
    return { call, error }
  })
  tap.subscribe('undici:request:create', (message) => {
    const { request } = message as { request: UndiciRequest }
    const announced = arriving()
    const routed = route.routed()
    if (routed !== undefined) replies.set(request, routed.reply)
    const known = routed?.call ?? announced?.call
    if (known !== undefined) {
      calls.set(request, known)
      return
    }
    const layer = layerOf(request)
    if (layer === undefined || isTunnel(request)) return
    const call = announced ? tap.runIn(announced.frame, () => open(layer)) : open(layer)
    calls.set(request, call)
    if (!connectIsOurs()) return
    const error = judge(call, layer)
    if (error === undefined) return
    stopped.set(request, error)
    const start = () => {
      throw error
    }
    for (const hook of START_HOOKS) {
      Object.defineProperty(request, hook, { value: start, configurable: true, writable: true })
    }
  })
  tap.subscribe('undici:client:sendHeaders', (message) => {
    const { request, socket } = message as { request: UndiciRequest; socket?: Socket }
    const call = calls.get(request)
    const reply = replies.get(request)
    const redirected = reply && socket && tap.hub.of(socket)
    if (redirected) redirected.reply = reply
    // A tunnel makes a connection of its own, which is judged; one that carried requests before was let out for those.
    if (call === undefined && socket && isTunnel(request) && carried.has(socket)) judgeTunnel(tap, socket)
    if (call === undefined) return
    if (socket) onWrite(socket, call.call.frame)
    const earlier = socket && carried.get(socket)
    if (call.outcome === undefined && earlier?.outcome?.kind === 'pass') {
      const layer = call.call.layers.find(({ protocol }) => protocol === 'http') as Layer
      const error = judge(call, layer)
      if (error !== undefined) stopped.set(request, error)
    } else if (socket && earlier?.outcome?.kind !== 'pass') {
      carried.set(socket, call)
    }
    // Nothing is written yet: should a later undici rename its hook again, the connection is lost, but the request does not leave.
    const error = stopped.get(request)
    if (error !== undefined) socket?.destroy(error)
    else if (socket) tap.hop.use(socket, call.call.frame)
    // No verdict yet: written to an interceptor, whose pass-through is still to connect.
    if (call.outcome !== undefined) call.close()
  })
  for (const end of ['undici:request:headers', 'undici:request:error', 'undici:request:trailers']) {
    tap.subscribe(end, (message) => calls.get((message as { request: object }).request)?.close())
  }
  return route
}

/** @returns whether a connection is one that undici is making: it tells of each before it connects */
function watchConnects(tap: Tap): (lower: Layer) => boolean {
  const announced = new SafeSet<Layer>()
  let made: Layer | undefined
  const take = (matches: (connection: Layer) => boolean): boolean => {
    for (const connection of announced) if (matches(connection)) return announced.delete(connection)
    return false
  }
  tap.subscribe('undici:client:beforeConnect', (message) => void announced.add(endpointOf(message)))
  for (const end of ['undici:client:connected', 'undici:client:connectError']) {
    tap.subscribe(end, (message) => {
      const { facts } = endpointOf(message)
      take((connection) => connection.facts.host === facts.host && connection.facts.port === facts.port)
    })
  }
  return (lower) => {
    if (lower !== made && take((connection) => isSameEndpoint(lower, connection))) made = lower
    return lower === made
  }
}

function endpointOf(message: unknown): Layer {
  const { hostname, port, protocol } = (message as { connectParams: Record<string, unknown> }).connectParams
  const scheme = String(protocol).replace(/:$/, '')
  return connectionLayer({ scheme, host: hostname, port: Number(port || DEFAULT_PORTS[scheme]) })
}

function errorOf(outcome: Outcome, layer: Layer): Error | undefined {
  if (outcome.kind === 'block') return outcome.error
  return outcome.kind === 'refuse' ? unreachable(layer.facts) : undefined
}

/** A proxy's CONNECT carries another request, which is judged under its own name; its connection is judged as such. */
function isTunnel(request: UndiciRequest): boolean {
  return request.method === 'CONNECT'
}

function judgeTunnel(tap: Tap, socket: Socket & { encrypted?: boolean }): void {
  const { remoteAddress: host, remotePort: port } = socket
  const layer = connectionLayer({ scheme: socket.encrypted ? 'https' : 'http', host, port })
  const error = errorOf(tap.judge(layer), layer)
  if (error !== undefined) socket.destroy(error)
}

interface Place {
  readonly scheme: string
  readonly host: string
  readonly port: number
}

/** Most requests in a row go to one place, and reading it costs as much as the rest of a request's facts. */
let last: { readonly origin: string; readonly place: Place | undefined } | undefined

/** Undefined for what is no origin. */
function placeOf(origin: string): Place | undefined {
  if (last?.origin === origin) return last.place
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  const scheme = url?.protocol.slice(0, -1) ?? ''
  const place = url && { scheme, host: url.hostname, port: Number(url.port || DEFAULT_PORTS[scheme]) }
  last = { origin, place }
  return place
}

function layerOf({ origin, method, path, upgrade }: UndiciRequest): Layer | undefined {
  const place = origin === undefined ? undefined : placeOf(String(origin))
  return place && requestLayer({ method, ...place, path, upgrade: upgrade ?? undefined })
}

/** Undefined for options that undici itself will refuse. */
function layerOfDispatch({ method, path, query, upgrade }: DispatchOptions, origin: string | URL): Layer | undefined {
  if (typeof method !== 'string' || typeof path !== 'string') return undefined
  const search = query && typeof query === 'object' ? `?${new URLSearchParams(query as Record<string, string>)}` : ''
  return layerOf({ origin, method, path: path + search, upgrade: typeof upgrade === 'string' ? upgrade : null })
}
