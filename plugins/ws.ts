/**
 * Watches WebSockets of every client: the handshake is an HTTP request that asks for an upgrade (`ws`, undici's and the global WebSocket).
 * Opening decides; messages on an open connection belong to it.
 *
 * Bypassed by: WebSockets over HTTP/2, handshakes written by hand (judged as `sockets`).
 */
import { definePlugin, type Layer, parseUrlRule } from '../src/plugin.ts'
import { mocking } from './ws/mocking.ts'
import { SCHEMES } from './ws/schemes.ts'

export const ws = definePlugin({
  name: 'ws',
  operations: { connect: { safety: 'unsafe', summary: 'opens a WebSocket' } },
  facts: {
    url: 'text',
    scheme: 'word',
    host: 'host',
    port: 'port',
    path: 'path',
    query: 'data',
    protocols: 'data',
    sent: 'data',
  },
  schemes: SCHEMES,
  synonyms: ['websocket', 'websockets', 'WebSocket', 'wss'],
  parseRule: (text) => parseUrlRule(text, SCHEMES),
  describe: ({ facts }) => `a WebSocket to ${facts.url}`,
  remedy: ({ facts }) => ({ rule: String(facts.url).split('?')[0] as string }),
  lifts: { over: 'http', lift },
  get mocking() {
    return mocking()
  },
  install() {},
})

function lift({ facts }: Layer): Layer | undefined {
  if (facts.upgrade !== 'websocket') return undefined
  const scheme = facts.scheme === 'https' ? 'wss' : 'ws'
  const { host, port, path } = facts
  const url = String(facts.url).replace(/^https?:/, `${scheme}:`)
  return { protocol: 'ws', operation: 'ws:connect', facts: { url, scheme, host, port, path } }
}
