/**
 * Watches what connects (TCP, TLS, unix sockets) and what sends packets (UDP), at the lowest public functions of Node. HTTP, WebSockets
 * and databases ride on it: they annotate a connection, which is judged once, under their name.
 *
 * Bypassed by: descriptors opened elsewhere, native addons with sockets of their own, other processes.
 */
import { builtIn, definePlugin, isLoopbackHost, type Layer, normaliseHost, type PolicyContext } from '../src/plugin.ts'
import { nameClient, rememberClients, SPOKEN } from './sockets/clients.ts'
import { guardConnect } from './sockets/connect.ts'
import { guardDatagrams } from './sockets/datagrams.ts'
import { keyOf } from './sockets/endpoint.ts'
import { mocking } from './sockets/mocking.ts'
import { guardReuse } from './sockets/reuse.ts'
import { parseSocketRule } from './sockets/rule.ts'
import { carryFrames, noteServers } from './sockets/servers.ts'
import { trustMocks } from './sockets/trust.ts'

export const sockets = definePlugin({
  name: 'sockets',
  operations: {
    connect: { safety: 'unsafe', summary: 'opens a TCP, TLS or unix connection, or binds a UDP socket to one peer' },
    send: { safety: 'unsafe', summary: 'sends a UDP packet' },
    join: { safety: 'unsafe', summary: 'joins a multicast group, which tells the network' },
    listen: { safety: 'safe', summary: 'listens on a port or path; passes by default' },
  },
  facts: { client: 'word', transport: 'word', host: 'host', port: 'port', path: 'file', sent: 'data' },
  synonyms: ['net', 'tcp', 'tls', 'udp', 'socket', 'dgram', 'unix'],
  settings: { loopback: { type: 'enum', values: ['own', 'any', 'none'], default: 'own' } },
  parseRule: parseSocketRule,
  describe,
  remedy: (layer) => ({ rule: `sockets:${target(layer)}`, ...hintFor(layer) }),
  passes,
  lifts: { over: 'sockets', lift: nameClient },
  get mocking() {
    return mocking()
  },
  install(tap) {
    const net = builtIn('node:net')
    guardConnect(tap, net, guardReuse(tap, net))
    rememberClients(tap)
    noteServers(tap, net)
    carryFrames(tap, net)
    guardDatagrams(tap, builtIn('node:dgram'))
    tap.onceBuiltIn('tls', (tls: typeof import('node:tls')) => trustMocks(tap, tls))
  },
})

function describe({ operation, facts }: Layer): string {
  if (operation === 'sockets:listen')
    return facts.transport === 'unix' ? `a server on the unix socket ${facts.path}` : `a server on ${placeOf(facts)}`
  if (operation === 'sockets:join') return `joining the multicast group ${facts.host}`
  if (facts.transport === 'unix') return `a connection to the unix socket ${facts.path}`
  if (operation === 'sockets:send') return `a UDP packet to ${placeOf(facts)}`
  const spoken = SPOKEN[String(facts.client)]
  return spoken !== undefined
    ? `${facts.client} to ${placeOf(facts)} (${spoken.protocol}${facts.transport === 'tls' ? ' over TLS' : ''})`
    : `a ${String(facts.transport).toUpperCase()} connection to ${placeOf(facts)}`
}

function placeOf({ host, port }: Layer['facts']): string {
  return String(host).includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function target({ operation, facts }: Layer): string {
  if (facts.transport === 'unix') return `unix:${facts.path}`
  if (operation === 'sockets:listen') return `listen:${facts.port || '*'}`
  const host = String(facts.host)
  const place = `${facts.transport}://${host.includes(':') ? `[${host}]` : host}`
  return facts.port === undefined ? place : `${place}:${facts.port}`
}

/** Loopback that this worker serves is part of the test; the rest of the machine is not. */
function passes({ operation, facts }: Layer, { setting, own }: PolicyContext): boolean {
  if (operation === 'sockets:listen') return true
  const loopback = setting('loopback')
  if (loopback === 'none') return false
  if (facts.transport === 'unix') return own.has(keyOf(facts))
  if (isLoopbackHost(String(facts.host))) return loopback === 'any' || own.has(keyOf(facts))
  return own.has(keyOf(facts)) && isThisMachine(String(facts.host))
}

/** Servers tell of themselves under the addresses that this machine has in its network. */
function isThisMachine(host: string): boolean {
  const address = normaliseHost(host)
  return Object.values(builtIn('node:os').networkInterfaces()).some((faces) =>
    faces?.some((face) => face.address === address),
  )
}

function hintFor({ operation, facts }: Layer): { hint?: string } {
  if (operation === 'sockets:listen' || facts.transport === 'unix' || !isLoopbackHost(String(facts.host))) return {}
  return {
    hint: `nothing in this test's process listens on port ${facts.port}, so it is somebody else's: start the server in the test or a hook, or allow it`,
  }
}
