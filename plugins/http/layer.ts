import { type Facts, type Layer, normaliseHost } from '../../src/plugin.ts'

export const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }

export interface RequestParts {
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly port: number
  /** With its query. */
  readonly path: string
  readonly upgrade?: string | undefined
  readonly socketPath?: string | undefined
}

/** A request as a layer. */
export function requestLayer({ method, scheme, host, port, path, upgrade, socketPath }: RequestParts): Layer {
  const facts: Facts = {
    method,
    // A proxy is asked for a whole address.
    url: /^https?:\/\//i.test(path) ? path : `${originOf(scheme, host, port)}${path}`,
    scheme,
    host,
    port,
    path,
    ...(upgrade !== undefined && { upgrade: upgrade.toLowerCase() }),
    ...(socketPath !== undefined && { socketPath }),
  }
  return { protocol: 'http', operation: 'http:request', facts }
}

/** A session that is being opened: what will be asked on it is not known yet. */
export function sessionLayer(scheme: string | undefined, host: string, port: number): Layer {
  const name = scheme === undefined ? hostOf(host, port) : originOf(scheme, host, port)
  const facts: Facts = { method: undefined, url: name, scheme, host, port, path: undefined }
  return { protocol: 'http', operation: 'http:session', facts }
}

/** `https://api.example.com`, with the port where it is not the scheme's own. */
export function originOf(scheme: string, host: string, port: number): string {
  return `${scheme}://${hostOf(host, DEFAULT_PORTS[scheme] === port ? undefined : port)}`
}

function hostOf(host: string, port: number | undefined): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return port === undefined ? name : `${name}:${port}`
}

/** The connection that a request rides on, as the sockets plugin would report it. */
export function connectionLayer({ scheme, host, port, socketPath }: Facts): Layer {
  const facts: Facts =
    socketPath === undefined
      ? { transport: scheme === 'https' ? 'tls' : 'tcp', host, port }
      : { transport: 'unix', path: socketPath }
  return { protocol: 'sockets', operation: 'sockets:connect', facts }
}

/** Whether a connection goes where a request goes. */
export function isSameEndpoint(lower: Layer, { facts }: Layer): boolean {
  if (lower.protocol !== 'sockets' || lower.facts.port !== facts.port) return false
  return normaliseHost(String(lower.facts.host)) === normaliseHost(String(facts.host))
}
