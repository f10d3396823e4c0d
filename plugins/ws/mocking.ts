/** Mocks and assertions of WebSockets: what `tripwire.ws` reads and prints. */
import {
  type FactPatterns,
  isA,
  isError,
  isRegExp,
  type Mocking,
  parseQuery,
  parseUrlRule,
  queryOf,
  RuleSyntaxError,
  Script,
  suggest,
} from '../../src/plugin.ts'
import { type LinkHandler, useHandlers } from './msw.ts'
import type { WsPeer } from './peer.ts'
import { SCHEMES } from './schemes.ts'
import { WsScript } from './script.ts'
import { serve } from './serve.ts'

const FORMS = "'wss://feed.example.com/path', a URL, a RegExp for the address, or { url, query, protocols }"
const REPLIES = 'tripwire.ws.script() with steps, a function of the peer, { status: 401 }, or { error: an Error }'
const KEYS = ['url', 'query', 'protocols']
const REPLY_KEYS = ['status', 'headers', 'body', 'error']

/** The handshake is turned down, as a server does that answers it by HTTP; or it fails. */
export interface WsRefusal {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly error?: Error
}

/** What the worker's end of a WebSocket does. */
export interface WsAnswer {
  readonly script?: WsScript
  readonly session?: (peer: WsPeer, request: Request) => unknown
  readonly refusal?: WsRefusal
  /** Of msw's. */
  readonly handlers?: readonly LinkHandler[]
}

const made: Mocking = {
  serve,
  example: '(peer) => {}',
  needs: 'ws',
  readPattern,
  readReply,
  derive: ({ facts }) => ({ query: queryOf(String(facts.url)), protocols: undefined, sent: undefined, ...facts }),
  controlled(facts, answer) {
    const named: (string | [string, string])[] = [['url', 'host']]
    if (facts.query !== undefined) named.push('query')
    if (hasAny(facts.protocols)) named.push('protocols')
    // A script has said already what is sent.
    if (hasAny(facts.sent) && (answer as WsAnswer | undefined)?.script === undefined) named.push('sent')
    return named
  },
  print: ({ facts }) => ({ pattern: `'${String(facts.url).split('?')[0]}'`, names: ['url'] }),
  extend: (register, print) => ({ script: () => new WsScript(), use: useHandlers(register, print) }),
}

/** Asked for by the first mock or assertion: files without any need none of it. */
export function mocking(): Mocking {
  return made
}

function hasAny(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0
}

function readPattern(pattern: unknown): FactPatterns {
  if (typeof pattern === 'string' || isA(pattern, 'URL')) return readAddress(String(pattern))
  if (isRegExp(pattern)) return { url: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no pattern', FORMS)
  const keys = Object.keys(pattern)
  if (keys.length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const unknown = keys.find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    const hint = unknown === 'sent' ? '; what is sent is not known when it opens: expect it in a script' : ''
    throw new RuleSyntaxError(`a WebSocket has no '${unknown}' to choose it by${hint}`, FORMS, suggest(unknown, KEYS))
  }
  const { url, ...rest } = pattern as Record<string, unknown>
  if (typeof url !== 'string' && !isA(url, 'URL')) return pattern as FactPatterns
  return { ...readAddress(String(url)), ...rest }
}

/** Without a path it is the root, unless it says `/**`; the query is compared where it is written. */
function readAddress(text: string): FactPatterns {
  const [address = '', ...search] = text.split('?')
  if (!/^wss?:\/\//.test(address)) throw new RuleSyntaxError(`'${text}' is no address of a WebSocket`, FORMS)
  const fields = parseUrlRule(address, SCHEMES)
  const isRoot = /^wss?:\/\/[^/]+$/.test(address)
  return {
    ...fields,
    ...(isRoot && { path: '/' }),
    ...(search.length > 0 && { query: parseQuery(search.join('?')) }),
  }
}

function readReply(reply: unknown): WsAnswer {
  if (reply === undefined) return {}
  if (reply instanceof Script) return { script: reply as WsScript }
  if (typeof reply === 'function') return { session: reply as NonNullable<WsAnswer['session']> }
  if (typeof reply !== 'object' || reply === null) throw new RuleSyntaxError(`the reply is ${String(reply)}`, REPLIES)
  const unknown = Object.keys(reply).find((key) => !REPLY_KEYS.includes(key))
  if (unknown !== undefined)
    throw new RuleSyntaxError(`a reply has no '${unknown}'`, REPLIES, suggest(unknown, REPLY_KEYS))
  const { status, error } = reply as WsRefusal
  if (status === undefined && !isError(error))
    throw new RuleSyntaxError('the reply says neither status nor error', REPLIES)
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599))
    throw new RuleSyntaxError(`the status is ${String(status)}`, 'a number from 200 to 599')
  return { refusal: reply as WsRefusal }
}
