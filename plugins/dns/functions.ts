import type { Layer, Tap } from '../../src/plugin.ts'

const RECORDS: Readonly<Record<string, string>> = {
  resolve4: 'A',
  resolve6: 'AAAA',
  resolveAny: 'ANY',
  resolveCaa: 'CAA',
  resolveCname: 'CNAME',
  resolveMx: 'MX',
  resolveNaptr: 'NAPTR',
  resolveNs: 'NS',
  resolvePtr: 'PTR',
  resolveSoa: 'SOA',
  resolveSrv: 'SRV',
  resolveTlsa: 'TLSA',
  resolveTxt: 'TXT',
}
const NAMES = ['lookup', 'lookupService', 'resolve', 'reverse', ...Object.keys(RECORDS)]

type Fn = (...args: unknown[]) => unknown
/** `net.isIP`. */
type IsIP = (text: string) => number

const { nextTick } = process

/** The callback forms: a stopped call hands the error to its callback, later, as a failed query does. */
export function guardCallbacks(tap: Tap, owner: Record<string, unknown>, isIP: IsIP): void {
  each(tap, owner, (original, name) => {
    return function (this: unknown, ...args: unknown[]) {
      // What follows its callback a function of Node ignores.
      const callback = args.find((arg) => typeof arg === 'function') as Fn | undefined
      const error = callback && judge(tap, isIP, name, args)
      if (callback === undefined || error === undefined) return Reflect.apply(original, this, args)
      nextTick(callback, error)
      return {}
    }
  })
}

/** The promise forms: a stopped call rejects. */
export function guardPromises(tap: Tap, owner: Record<string, unknown>, isIP: IsIP): void {
  each(tap, owner, (original, name) => {
    return function (this: unknown, ...args: unknown[]) {
      const error = judge(tap, isIP, name, args)
      return error === undefined ? Reflect.apply(original, this, args) : Promise.reject(error)
    }
  })
}

function each(tap: Tap, owner: Record<string, unknown>, wrap: (original: Fn, name: string) => Fn): void {
  for (const name of NAMES) {
    if (typeof owner[name] === 'function')
      tap.patch(owner as Record<string, Fn>, name, (original) => wrap(original, name))
  }
}

/** The error to fail with, or undefined when the call may go on; arguments that Node refuses go on to be refused. */
function judge(tap: Tap, isIP: IsIP, name: string, args: readonly unknown[]): Error | undefined {
  const [hostname, second] = args
  if (typeof hostname !== 'string') return undefined
  // A lookup of nothing or of an address asks nobody (each `listen` on an address makes one); a query for nothing asks for the root.
  if (name === 'lookup' && (hostname === '' || isIP(hostname) !== 0)) return undefined
  const layer = layerOf(name, hostname, second)
  const outcome = tap.judge(layer)
  if (outcome.kind === 'block') return outcome.error
  return outcome.kind === 'refuse' ? notFound(layer) : undefined
}

function layerOf(name: string, hostname: string, second: unknown): Layer {
  const rrtype =
    RECORDS[name] ?? (name === 'resolve' ? (typeof second === 'string' ? second.toUpperCase() : 'A') : undefined)
  const operation = rrtype === undefined ? name : 'resolve'
  return { protocol: 'dns', operation: `dns:${operation}`, facts: { hostname, ...(rrtype && { rrtype }) } }
}

/** What Node gives for a name that nobody knows. */
function notFound({ operation, facts }: Layer): Error {
  const syscall = operation === 'dns:lookup' ? 'getaddrinfo' : `query${facts.rrtype ?? ''}`
  const error = new Error(`${syscall} ENOTFOUND ${facts.hostname}`)
  return Object.assign(error, { errno: -3008, code: 'ENOTFOUND', syscall, hostname: facts.hostname })
}
