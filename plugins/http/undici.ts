/**
 * `fetch`, undici 6 to 8 and everything on them. undici tells of each request in the caller's context, before it looks for a connection;
 * that channel cannot block, but a request whose own `onConnect` throws is rejected by undici itself, and the connection stays usable
 * for its neighbours (Node 20, 24, 26; undici 6, 7, 8).
 */
import { type Layer, normaliseHost, type OpenCall, type Outcome, type Tap } from '../../src/plugin.ts'
import { unreachable } from './failure.ts'
import { connectionLayer, DEFAULT_PORTS, requestLayer } from './layer.ts'

interface UndiciRequest {
  readonly origin?: string | URL
  readonly method: string
  readonly path: string
  readonly upgrade?: string | null
  onConnect?: (abort: (error?: Error) => void) => void
}

export function guardUndici(tap: Tap, connectIsOurs: () => boolean): void {
  const calls = new WeakMap<object, OpenCall>()

  tap.subscribe('undici:request:create', (message) => {
    const { request } = message as { request: UndiciRequest }
    const layer = layerOf(request)
    if (layer === undefined || isTunnel(request)) return
    const call = tap.open(() => layer, { claims: (lower) => isSameEndpoint(lower, layer) })
    calls.set(request, call)
    if (!connectIsOurs()) return
    const error = errorOf(call.settle(connectionLayer(layer.facts)), layer)
    if (error === undefined) return
    const onConnect = () => {
      throw error
    }
    Object.defineProperty(request, 'onConnect', { value: onConnect, configurable: true, writable: true })
  })
  tap.subscribe('undici:client:sendHeaders', (message) => {
    const { request, socket } = message as { request: object; socket?: object }
    const call = calls.get(request)
    if (call === undefined) return
    if (socket) tap.hop.use(socket, call.call.frame)
    call.close()
  })
  for (const end of ['undici:request:error', 'undici:request:trailers']) {
    tap.subscribe(end, (message) => calls.get((message as { request: object }).request)?.close())
  }
}

function errorOf(outcome: Outcome, layer: Layer): Error | undefined {
  if (outcome.kind === 'block') return outcome.error
  return outcome.kind === 'refuse' ? unreachable(layer.facts) : undefined
}

/** A proxy's CONNECT carries another request, which is judged under its own name; its connection is judged as such. */
function isTunnel(request: UndiciRequest): boolean {
  return request.method === 'CONNECT'
}

function layerOf({ origin, method, path, upgrade }: UndiciRequest): Layer | undefined {
  if (origin === undefined) return undefined
  const url = new URL(origin)
  const scheme = url.protocol.slice(0, -1)
  return requestLayer({
    method,
    scheme,
    host: url.hostname,
    port: Number(url.port || DEFAULT_PORTS[scheme]),
    path,
    upgrade: upgrade ?? undefined,
  })
}

function isSameEndpoint(lower: Layer, { facts }: Layer): boolean {
  if (lower.protocol !== 'sockets' || lower.facts.port !== facts.port) return false
  return normaliseHost(String(lower.facts.host)) === normaliseHost(String(facts.host))
}
