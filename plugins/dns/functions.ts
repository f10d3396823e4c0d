import type { Layer, Reply, Tap } from '../../src/plugin.ts'
import { answer, failure, familyIn, type Question, type Result } from './answers.ts'
import { type Answer, readAnswer } from './records.ts'

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
      const at = args.findIndex((arg) => typeof arg === 'function')
      const callback = args[at] as Fn | undefined
      const taken = callback && judge(tap, isIP, name, args.slice(0, at))
      if (callback === undefined || taken === undefined) return Reflect.apply(original, this, args)
      if (taken instanceof Error) nextTick(callback, taken)
      else {
        // A tick apart from the promise: what the callback throws is an exception that nobody caught, as it is with Node.
        taken.then(
          ({ values }) => nextTick(callback, null, ...values),
          (error) => nextTick(callback, error),
        )
      }
      return {}
    }
  })
}

/** The promise forms: a stopped call rejects. */
export function guardPromises(tap: Tap, owner: Record<string, unknown>, isIP: IsIP): void {
  each(tap, owner, (original, name) => {
    return function (this: unknown, ...args: unknown[]) {
      const taken = judge(tap, isIP, name, args)
      if (taken === undefined) return Reflect.apply(original, this, args)
      return taken instanceof Error ? Promise.reject(taken) : taken.then(({ value }) => value)
    }
  })
}

function each(tap: Tap, owner: Record<string, unknown>, wrap: (original: Fn, name: string) => Fn): void {
  for (const name of NAMES) {
    if (typeof owner[name] === 'function')
      tap.patch(owner as Record<string, Fn>, name, (original) => wrap(original, name))
  }
}

/** The error to fail with, or a mock's answer; undefined when the call may go on. Arguments that Node refuses go on to be refused. */
function judge(tap: Tap, isIP: IsIP, name: string, args: readonly unknown[]): Error | Promise<Result> | undefined {
  const [hostname, second] = args
  if (typeof hostname !== 'string') return undefined
  // A lookup of nothing or of an address asks nobody (each `listen` on an address makes one); a query for nothing asks for the root.
  if (name === 'lookup' && (hostname === '' || isIP(hostname) !== 0 || !isFamily(second))) return undefined
  if (name === 'reverse' && isIP(hostname) === 0) return undefined
  const question: Question = {
    layer: layerOf(name, hostname, second),
    args: args.slice(1),
    syscall: syscallOf(name, second),
  }
  const outcome = tap.judge(question.layer)
  if (outcome.kind === 'block') return outcome.error
  if (outcome.kind === 'prepare') return answer(question, standIn(tap, hostname, question))
  if (outcome.kind === 'reply') return replied(question, outcome.reply)
  return outcome.kind === 'refuse' ? failure(question, 'ENOTFOUND') : undefined
}

async function replied(question: Question, reply: Reply): Promise<Result> {
  try {
    return await answer(question, reply.answer)
  } catch (error) {
    throw reply.fails(error)
  }
}

/** Of the family that is asked for; of both, the one that works everywhere. */
function standIn(tap: Tap, hostname: string, { layer, args }: Question): Answer {
  const { family } = familyIn(args)
  const isV6 = layer.facts.rrtype === 'AAAA' || family === 6
  return readAnswer(tap.hub.addressOf(hostname, isV6 ? 6 : 4))
}

/** What Node takes for a family, alone or among options. */
function isFamily(options: unknown): boolean {
  const family = typeof options === 'object' && options !== null ? (options as { family?: unknown }).family : options
  return [undefined, null, 0, 4, 6, 'IPv4', 'IPv6'].includes(family as number)
}

/** `queryMx`, as Node names what failed. */
function syscallOf(name: string, second: unknown): string {
  if (name === 'lookup') return 'getaddrinfo'
  if (name === 'lookupService') return 'getnameinfo'
  if (name === 'reverse') return 'getHostByAddr'
  const type = RECORDS[name] ?? (typeof second === 'string' ? second : 'A')
  return `query${type.charAt(0).toUpperCase()}${type.slice(1).toLowerCase()}`
}

function layerOf(name: string, hostname: string, second: unknown): Layer {
  const rrtype =
    RECORDS[name] ?? (name === 'resolve' ? (typeof second === 'string' ? second.toUpperCase() : 'A') : undefined)
  const operation = rrtype === undefined ? name : 'resolve'
  return { protocol: 'dns', operation: `dns:${operation}`, facts: { hostname, ...(rrtype && { rrtype }) } }
}
