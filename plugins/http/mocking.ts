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
import { DEFAULT_PORTS } from './layer.ts'
import { readReply } from './reply.ts'

const FORMS =
  "'GET https://api.example.com/path', a URL, a RegExp for the address, or { method, url, query, headers, body }"
const TEXT = /^(?:([A-Z]+)\s+)?(.+)$/s
const ADDRESS = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]*\]|[^/:?#\s]+)(?::(\d{1,5}|\*))?(\/[^?#\s]*)?(?:\?([^#\s]*))?$/
const KEYS = new SafeSet(['method', 'url', 'query', 'headers', 'body'])

export const mocking: Omit<Mocking, 'serve'> = {
  example: '{ json: {} }',
  forwards: true,
  prepare() {
    const reach = firstMock
    firstMock = undefined
    reach?.()
  },
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

let firstMock: (() => void) | undefined

/** `reach` runs before the first mock answers: what it loads is too heavy for those who mock nothing. */
export function onFirstMock(reach: () => void): void {
  firstMock = reach
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

/** The body as code compares it: JSON as values, text as text, anything else as bytes; undefined when there is none. */
export function readBody(bytes: Buffer, type: string | undefined): unknown {
  if (bytes.length === 0) return undefined
  const media = (type ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const text = decode(bytes)
  if (text === undefined) return new Uint8Array(bytes)
  if (media === 'application/json' || media.endsWith('+json')) return tryJson(text)
  if (media === 'application/x-www-form-urlencoded') return parseQuery(text)
  const isText =
    media === '' || media.startsWith('text/') || media.startsWith('application/') || media.startsWith('multipart/')
  return isText && !bytes.includes(0) ? text : new Uint8Array(bytes)
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
