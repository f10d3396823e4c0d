/**
 * Watches every public function of `node:dns` that asks a name server: callbacks, promises and resolvers. Lookups that belong to a
 * connection are judged with it.
 *
 * Bypassed by: resolvers in native addons or WebAssembly; UDP sent by hand is watched by `sockets`.
 */
import {
  builtIn,
  definePlugin,
  isLoopbackHost,
  type Layer,
  packageOf,
  type StackFrame,
  type Tap,
} from '../src/plugin.ts'
import { guardCallbacks, guardPromises } from './dns/functions.ts'
import { mocking } from './dns/mocking.ts'
import { parseDnsRule } from './dns/rule.ts'

export const dns = definePlugin({
  name: 'dns',
  operations: {
    lookup: { safety: 'safe', summary: 'looks a name up as the system does' },
    lookupService: { safety: 'safe', summary: 'names the host and service of an address' },
    resolve: { safety: 'safe', summary: 'asks a name server for records' },
    reverse: { safety: 'safe', summary: 'asks for the names of an address' },
  },
  facts: { hostname: 'host', rrtype: 'name', client: 'word' },
  synonyms: ['lookup', 'resolve'],
  aside: true,
  get mocking() {
    return mocking()
  },
  prepares: ({ operation, facts }) =>
    operation === 'dns:lookup' ||
    (operation === 'dns:resolve' && (facts.client !== undefined || /^A(?:AAA)?$/.test(String(facts.rrtype)))),
  lifts: { over: 'dns', lift: nameClient },
  parseRule: parseDnsRule,
  describe,
  remedy: ({ facts }) => ({ rule: `dns:${facts.hostname}` }),
  /** The names of this machine are answered without asking anybody. */
  passes: ({ operation, facts }) => operation === 'dns:lookup' && isAnsweredHere(String(facts.hostname)),
  install(tap: Tap) {
    const { isIP } = builtIn('node:net')
    tap.onceBuiltIn('dns', (dns: typeof import('node:dns')) => {
      guardCallbacks(tap, dns as unknown as Record<string, unknown>, isIP)
      guardCallbacks(tap, dns.Resolver.prototype as unknown as Record<string, unknown>, isIP)
      guardPromises(tap, dns.promises as unknown as Record<string, unknown>, isIP)
      guardPromises(tap, dns.promises.Resolver.prototype as unknown as Record<string, unknown>, isIP)
    })
    // The same object as `dns.promises`, and a module of its own.
    tap.onceBuiltIn('dns/promises', () => void builtIn('node:dns'))
  },
})

const GRPC = '@grpc/grpc-js'

/** gRPC asks for the settings of a service (TXT) before it connects: that is none of the test's questions. */
function nameClient(lower: Layer, stack: () => readonly StackFrame[]): Layer | undefined {
  if (lower.facts.rrtype !== 'TXT' || !stack().some(({ file }) => packageOf(file) === GRPC)) return undefined
  return { ...lower, facts: { ...lower.facts, client: GRPC } }
}

/** As the system reads it, which asks a name server for `[::1]` and `127.0.0.1.`, and for nothing that is an address (never judged). */
function isAnsweredHere(host: string): boolean {
  return isLoopbackHost(host) && /^[\w-]+(?:\.[\w-]+)*$/.test(host)
}

function describe({ operation, facts }: Layer): string {
  if (operation === 'dns:resolve') return `a DNS query for ${facts.rrtype} records of ${facts.hostname}`
  if (operation === 'dns:reverse') return `a reverse DNS query for ${facts.hostname}`
  return `a DNS ${operation.slice('dns:'.length)} of ${facts.hostname}`
}
