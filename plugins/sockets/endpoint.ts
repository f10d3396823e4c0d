import type { Facts, Hub } from '../../src/plugin.ts'

// Captured at load: tests replace them.
const { isArray } = Array
const { isInteger } = Number

/** Options of a connect, however it was called: `(port, host)`, `(options)`, `(path)`, or `net.connect`'s normalised array. */
export interface ConnectOptions {
  readonly port?: unknown
  readonly host?: unknown
  readonly path?: unknown
  readonly lookup?: unknown
}

/** What `socket.connect(...args)` connects to; undefined when Node will refuse the arguments itself. */
export function optionsOf(args: readonly unknown[]): ConnectOptions | undefined {
  const [first, second] = args
  // Node marks its own normalised arguments with a private symbol: an array that holds options and a callback.
  if (isArray(first)) return first[0] as ConnectOptions
  if (typeof first === 'object' && first !== null) return first as ConnectOptions
  if (typeof first === 'string' && !isPort(first)) return { path: first }
  if (first === undefined || first === null) return undefined
  return { port: first, host: typeof second === 'string' ? second : undefined }
}

function isPort(text: string): boolean {
  return text.trim() !== '' && Number(text) >= 0
}

/** The facts of a connect; undefined for arguments that Node throws on. */
export function factsOf(options: ConnectOptions | undefined, secure: boolean): Facts | undefined {
  if (options === undefined) return undefined
  if (typeof options.path === 'string' && options.path !== '') return { transport: 'unix', path: options.path }
  const port = Number(options.port)
  if (options.port === undefined || options.port === null || !isInteger(port) || port < 0 || port > 65_535)
    return undefined
  if (options.host !== undefined && options.host !== null && typeof options.host !== 'string') return undefined
  return { transport: secure ? 'tls' : 'tcp', host: options.host || 'localhost', port }
}

/** The key of an endpoint among the own ones. */
export function keyOf(facts: Facts): string {
  if (facts.transport === 'unix') return `unix:${facts.path}`
  return `${facts.transport === 'udp' ? 'udp' : 'tcp'}:${facts.port}`
}

/** Facts with the name of a mocked host, where the client has an address that stands for it. */
export function namedBy<T extends Facts | undefined>(hub: Hub, facts: T): T {
  const host = facts === undefined ? undefined : hub.hostAt(String(facts.host))
  return host === undefined ? facts : { ...facts, host }
}
