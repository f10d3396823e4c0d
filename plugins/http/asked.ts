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

const written = new WeakMap<ClientRequest, Asked>()

/** Notes what is being put together at this moment. */
export function noteWritten(request: ClientRequest): void {
  written.set(request, present(request))
}

/** What was written; undefined while it can still be changed. */
export function writtenBy(request: ClientRequest): Asked | undefined {
  const noted = written.get(request)
  if (noted !== undefined) return noted
  // Headers in an array, and `expect`, are written by the constructor, which has checked them.
  const { _header } = request as unknown as Internals
  if (typeof _header !== 'string') return undefined
  const [method = '', path = ''] = _header.slice(0, _header.indexOf('\r\n')).split(' ')
  return { method, path, upgrade: /\r\nupgrade: *([^\r]*)/i.exec(_header)?.[1] }
}

function present(request: ClientRequest): Asked {
  const upgrade = request.getHeader('upgrade')
  return { method: request.method, path: request.path, upgrade: upgrade === undefined ? undefined : String(upgrade) }
}

/** A request by itself and what its agent was told of where it goes. */
export function layerOf(request: ClientRequest, options: RequestOptions): Layer {
  const scheme = (options.protocol ?? request.protocol ?? 'http:').slice(0, -1)
  return requestLayer({
    ...(writtenBy(request) ?? present(request)),
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

/** What was written, where that is not what was judged. */
export function changedSince({ facts }: Layer, request: ClientRequest): Layer | undefined {
  const asked = writtenBy(request)
  if (asked === undefined) return undefined
  const isSameUpgrade = asked.upgrade?.toLowerCase() === facts.upgrade
  if (asked.method === facts.method && asked.path === facts.path && isSameUpgrade) return undefined
  const { scheme, host, port, socketPath } = facts as {
    scheme: string
    host: string
    port: number
    socketPath?: string
  }
  const now = requestLayer({ ...asked, scheme, host, port, socketPath })
  // Agents of proxies write the whole address where there was a path.
  return asked.method === facts.method && now.facts.url === facts.url && isSameUpgrade ? undefined : now
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
