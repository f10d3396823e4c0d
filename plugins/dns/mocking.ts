/** Mocks and assertions of questions to name servers: what `tripwire.dns` reads and prints. */
import { type FactPatterns, isRegExp, type Mocking, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { TYPES } from './record-types.ts'
import { readAnswer } from './records.ts'

const FORMS = "'api.example.com', '*.example.com', 'MX example.com', a RegExp for the name, or { hostname, rrtype }"
const KEYS = ['hostname', 'rrtype']
const TEXT = /^(?:([A-Z]+)\s+)?([^/?#\s@]+)$/

const NAME = "'host.example.com'"
const EXAMPLES: Readonly<Record<string, string>> = {
  AAAA: "'fd00::1'",
  CNAME: NAME,
  NS: NAME,
  PTR: NAME,
  MX: "{ exchange: 'mail.example.com', priority: 10 }",
  'dns:reverse': NAME,
  'dns:lookupService': NAME,
  SRV: "{ name: 'host.example.com', port: 443 }",
  TXT: "[['v=spf1 -all']]",
}

const made: Mocking = {
  example: ({ operation, facts }) => EXAMPLES[String(facts.rrtype ?? operation)] ?? "'10.0.0.1'",
  readPattern,
  // A function is asked when the question is.
  readReply: (reply) => (typeof reply === 'function' ? reply : readAnswer(reply)),
  controlled: ({ rrtype }) => (rrtype === undefined ? ['hostname'] : ['hostname', 'rrtype']),
  print({ facts: { hostname, rrtype } }) {
    return { pattern: `'${rrtype === undefined ? '' : `${rrtype} `}${hostname}'`, names: KEYS }
  },
}

/** Asked for by the first mock or assertion: files without any need none of it. */
export function mocking(): Mocking {
  return made
}

function readPattern(pattern: unknown): FactPatterns {
  if (typeof pattern === 'string') return readText(pattern.trim())
  if (isRegExp(pattern)) return { hostname: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no pattern', FORMS)
  const keys = Object.keys(pattern)
  if (keys.length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const unknown = keys.find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a question has no '${unknown}'`, FORMS, suggest(unknown, KEYS))
  return pattern as FactPatterns
}

function readText(text: string): FactPatterns {
  const parts = TEXT.exec(text)
  if (parts === null) throw new RuleSyntaxError(`'${text}' is no host name`, FORMS)
  const [, rrtype, hostname] = parts
  const types: readonly string[] = [...TYPES, 'ANY']
  if (rrtype !== undefined && !types.includes(rrtype))
    throw new RuleSyntaxError(`there are no ${rrtype} records`, `one of ${types.join(', ')}`, suggest(rrtype, types))
  return { ...(rrtype !== undefined && { rrtype }), hostname }
}
