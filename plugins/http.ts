/**
 * Watches HTTP requests: `node:http`, `node:https`, `node:http2`, fetch and undici. Each request is judged, also on connections that are
 * warm; a request that needs a connection is judged where that would leave, so what msw, nock or MockAgent answer is never seen.
 *
 * Bypassed by: HTTP spoken by hand over a socket (judged as `sockets`), native clients.
 */
import {
  builtIn,
  definePlugin,
  type Frame,
  type Layer,
  parseUrlRule,
  RuleSyntaxError,
  SafeWeakMap,
} from '../src/plugin.ts'
import { announceAgentless } from './http/announce.ts'
import { guardClient } from './http/client.ts'
import { onFirstMock } from './http/first-mock.ts'
import { guardSessions, liftSession, watchSessions } from './http/http2.ts'
import { DEFAULT_PORTS, originOf } from './http/layer.ts'
import { mocking } from './http/mocking.ts'
import { rememberOrigins } from './http/origins.ts'
import { guardUndici } from './http/undici.ts'

let onFirstSession: (() => void) | undefined

export const http = definePlugin({
  name: 'http',
  operations: {
    request: {
      safety: { fact: 'method', safe: ['GET', 'HEAD', 'OPTIONS'] },
      summary: 'a request; GET, HEAD and OPTIONS are safe',
    },
    session: {
      safety: 'safe',
      opens: true,
      summary: 'opens an HTTP/2 session; each request on it is judged for itself',
    },
  },
  facts: {
    method: 'name',
    url: 'text',
    scheme: 'word',
    host: 'host',
    port: 'port',
    path: 'path',
    upgrade: 'word',
    socketPath: 'file',
    query: 'data',
    headers: 'headers',
    body: 'data',
  },
  schemes: DEFAULT_PORTS,
  verbs: true,
  synonyms: ['fetch', 'https', 'http2', 'request', 'axios', 'undici', 'url'],
  examples: ["'http'", "'GET https://api.example.com/**'", "M({ protocol: 'http', host: '*.example.com' })"],
  parseRule(text) {
    if (!text.startsWith('unix:')) return parseUrlRule(text, DEFAULT_PORTS)
    if (text === 'unix:') throw new RuleSyntaxError('the path is missing', "'http:unix:/path'")
    return { socketPath: text.slice('unix:'.length) }
  },
  describe: ({ operation, facts }) =>
    operation === 'http:session' ? `an HTTP/2 session with ${facts.url}` : `${facts.method} ${facts.url}`,
  remedy,
  judgesEachUse: true,
  get mocking() {
    return mocking()
  },
  lifts: {
    over: 'sockets',
    lift(lower, stack) {
      const session = liftSession(lower, stack)
      if (session !== undefined) onFirstSession?.()
      return session
    },
  },
  install(tap) {
    const net = builtIn('node:net')
    // While somebody stands above our connect (msw 3, nock 15), requests come by that they answer themselves: the sockets decide then.
    const connectIsOurs = () => tap.holds(net.Socket.prototype, 'connect')
    tap.onceBuiltIn('http', (module: typeof import('node:http')) => {
      const announcements = guardClient(tap, module, connectIsOurs)
      announceAgentless(tap, module, 'http', module, announcements)
      tap.onceBuiltIn('https', (https: typeof import('node:https')) =>
        announceAgentless(tap, https, 'https', module, announcements),
      )
    })
    rememberOrigins(tap)
    const undicis = new SafeWeakMap<object, Frame>()
    const route = guardUndici(tap, connectIsOurs, (socket, frame) => undicis.set(socket, frame))
    onFirstMock(() => route.reachBuiltin())
    watchSessions(tap, () => onFirstSession?.())
    onFirstSession = () => {
      onFirstSession = undefined
      guardSessions(tap, connectIsOurs, (socket) => undicis.get(socket))
    }
    tap.onUndo(() => {
      onFirstSession = undefined
    })
  },
})

function remedy({ operation, facts }: Layer) {
  if (facts.socketPath !== undefined) return { rule: `http:unix:${facts.socketPath}` }
  if (facts.scheme === undefined) return { rule: `http:${facts.url}` }
  const origin = originOf(String(facts.scheme), String(facts.host), Number(facts.port))
  if (operation === 'http:session') return { rule: `${origin}/**` }
  const path = String(facts.path).split('?')[0] as string
  // What a proxy is asked for, and the `*` of OPTIONS, is no path of a rule.
  if (!path.startsWith('/')) return { rule: `${facts.method} ${origin}/**`, ...hintFor(facts) }
  return { rule: `${facts.method} ${origin}${path}`, wider: `${origin}/**`, ...hintFor(facts) }
}

function hintFor({ host, port }: Layer['facts']): { hint?: string } {
  if (!/^(?:localhost|127\.0\.0\.1|\[?::1\]?)$/.test(String(host))) return {}
  if (port === 3000) {
    return {
      hint: 'http://localhost:3000 is the default origin of jsdom and happy-dom in Vitest: a relative URL such as fetch("/api") becomes a real request there',
    }
  }
  return {
    hint: `nothing in this test's process listens on port ${port}: start the server in the test or a hook, or allow it`,
  }
}
