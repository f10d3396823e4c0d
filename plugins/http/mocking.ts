/** Mocks and assertions of requests: what `tripwire.http` reads and prints. */
import {
  type FactPatterns,
  isA,
  isRegExp,
  type Mocking,
  parseQuery,
  queryOf,
  RuleSyntaxError,
  SafeSet,
} from '../../src/plugin.ts'
import { reachForMocks } from './first-mock.ts'
import { DEFAULT_PORTS } from './layer.ts'
import { useHandlers } from './msw.ts'
import { readReply } from './reply.ts'
import { serve } from './serve.ts'

const FORMS =
  "'GET https://api.example.com/path', a URL, a RegExp for the address, or { method, url, query, headers, body }"
const TEXT = /^(?:([A-Z]+)\s+)?(.+)$/s
const ADDRESS = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]*\]|[^/:?#\s]+)(?::(\d{1,5}|\*))?(\/[^?#\s]*)?(?:\?([^#\s]*))?$/
const KEYS = new SafeSet(['method', 'url', 'query', 'headers', 'body'])

const made: Mocking = {
  serve,
  extend: (register) => ({ use: useHandlers(register) }),
  example: '{ json: {} }',
  forwards: true,
  prepare: reachForMocks,
  readPattern,
  readReply,
  derive: ({ facts }) => ({ query: queryOf(String(facts.url)), headers: undefined, body: undefined, ...facts }),
  controlled(facts) {
    const named: (string | [string, string])[] = ['method', ['url', 'host']]
    if (facts.query !== undefined) named.push('query')
    if (facts.body !== undefined) named.push('body')
    return named
  },
  print({ facts }) {
    const address = String(facts.url).split('?')[0]
    return { pattern: `'${facts.method} ${address}'`, names: ['method', 'url'] }
  },
}

/** Asked for by the first mock or assertion: files without any need none of it. */
export function mocking(): Mocking {
  return made
}

function readPattern(pattern: unknown): FactPatterns {
  if (typeof pattern === 'string') return readText(pattern)
  if (isA(pattern, 'URL')) return readAddress(pattern.href)
  if (isRegExp(pattern)) return { url: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no pattern', FORMS)
  const { url, ...rest } = pattern as Record<string, unknown>
  const unknown = Object.keys(pattern).find((key) => !KEYS.has(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a request has no '${unknown}'`, FORMS)
  const address =
    typeof url === 'string' || isA(url, 'URL') ? readAddress(String(url)) : url === undefined ? {} : { url }
  if (Object.keys(pattern).length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  return { ...address, ...rest }
}

function readText(text: string): FactPatterns {
  const [, method, address] = TEXT.exec(text.trim()) ?? []
  return { ...(method !== undefined && { method }), ...readAddress(address ?? '') }
}

/** `url` is there as a fact of its own, to say that the address is named; its parts are what is compared. */
function readAddress(text: string): FactPatterns {
  const parts = ADDRESS.exec(text)
  if (parts === null) throw new RuleSyntaxError(`'${text}' is no address`, FORMS)
  const [, scheme, host, port, path, search] = parts
  if (scheme !== undefined && !(scheme in DEFAULT_PORTS))
    throw new RuleSyntaxError(`'${scheme}:' is no scheme of this protocol`, "'http://' or 'https://'")
  const defaults = scheme === undefined ? Object.values(DEFAULT_PORTS) : DEFAULT_PORTS[scheme]
  return {
    ...(scheme !== undefined && { scheme }),
    host,
    ...(port !== '*' && { port: port === undefined ? defaults : Number(port) }),
    ...(path !== undefined && path !== '/**' && { path }),
    ...(path === undefined && search === undefined && scheme !== undefined && { path: '/' }),
    ...(search !== undefined && { query: parseQuery(search) }),
  }
}
