/** What a request of Node's client asks for: as it was written once it is, since until then everything about it can be changed. */
import type { ClientRequest } from 'node:http'
import type { Layer } from '../../src/plugin.ts'
import { DEFAULT_PORTS, requestLayer } from './layer.ts'

export type RequestOptions = import('node:https').RequestOptions & {
  socketPath?: string | null
  createConnection?: unknown
}

/** `_header` holds the first line and the headers once they are put together (undocumented, Node 0.12 to 26). */
interface Internals {
  readonly _header?: string | null
  readonly host?: string
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly upgrade: string | undefined
}

// Captured at load: tests replace it.
const { URL } = globalThis

/** What a request asks for: as it was written, once it is. Reading what was written is kept for what differs from what the request says. */
function asked(request: ClientRequest): Asked {
  const { _header: header } = request as unknown as Internals
  const { method, path } = request
  if (typeof header !== 'string') return { method, path, upgrade: upgradeOf(request) }
  // A list of headers, and `expect`, are written by the constructor, which keeps none of them.
  const isKept = request.hasHeader('host') || !/\r\nupgrade:/i.test(header)
  if (isKept && header.startsWith(path, method.length + 1) && header.startsWith(method))
    return { method, path, upgrade: upgradeOf(request) }
  const [writtenMethod = '', writtenPath = ''] = header.slice(0, header.indexOf('\r\n')).split(' ')
  return { method: writtenMethod, path: writtenPath, upgrade: /\r\nupgrade: *([^\r]*)/i.exec(header)?.[1] }
}

function upgradeOf(request: ClientRequest): string | undefined {
  const upgrade = request.getHeader('upgrade')
  return upgrade === undefined ? undefined : String(upgrade)
}

/** A request by itself and what its agent was told of where it goes. */
export function layerOf(request: ClientRequest, options: RequestOptions): Layer {
  const scheme = (options.protocol ?? request.protocol ?? 'http:').slice(0, -1)
  return requestLayer({
    ...asked(request),
    scheme,
    host: options.host ?? options.hostname ?? 'localhost',
    port: Number(options.port || options.defaultPort || DEFAULT_PORTS[scheme]),
    socketPath: options.socketPath ?? undefined,
  })
}

/** A request that nobody announced, by itself and the connection that it was given. */
export function layerOn(request: ClientRequest, { facts }: Layer): Layer {
  const { host = 'localhost' } = request as unknown as Internals
  return facts.path === undefined
    ? layerOf(request, { host, port: Number(facts.port) })
    : layerOf(request, { host, socketPath: String(facts.path) })
}

/** What a request asks for, where that is not what was judged. */
export function changedSince({ facts }: Layer, request: ClientRequest): Layer | undefined {
  const now = asked(request)
  const isSameUpgrade = now.upgrade?.toLowerCase() === facts.upgrade
  if (now.method === facts.method && now.path === facts.path && isSameUpgrade) return undefined
  const { scheme, host, port, socketPath } = facts as {
    scheme: string
    host: string
    port: number
    socketPath?: string
  }
  const layer = requestLayer({ ...now, scheme, host, port, socketPath })
  // Agents of proxies write the whole address where there was a path.
  return now.method === facts.method && layer.facts.url === facts.url && isSameUpgrade ? undefined : layer
}

/** A request that is about to be made, by the arguments of `http.request`. */
export function layerFromArguments(args: readonly unknown[], options: RequestOptions, usual: string): Layer {
  const url = args[0] instanceof URL ? args[0] : typeof args[0] === 'string' ? tryUrl(args[0]) : undefined
  const scheme = (options.protocol ?? url?.protocol ?? `${usual}:`).slice(0, -1)
  const headers = (options.headers ?? {}) as Record<string, unknown>
  const upgrade = Object.entries(headers).find(([name]) => name.toLowerCase() === 'upgrade')?.[1]
  return requestLayer({
    method: (options.method ?? 'GET').toUpperCase(),
    scheme,
    host: options.hostname ?? options.host ?? url?.hostname ?? 'localhost',
    port: Number(options.port || url?.port || options.defaultPort || DEFAULT_PORTS[scheme]),
    path: options.path ?? (url ? url.pathname + url.search : '/'),
    upgrade: upgrade === undefined ? undefined : String(upgrade),
    socketPath: options.socketPath ?? undefined,
  })
}

function tryUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
