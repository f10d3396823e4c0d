/** Mocks and assertions of connections: what `tripwire.sockets` reads and prints. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type FactPatterns,
  type Facts,
  isA,
  isAsymmetric,
  isError,
  isRegExp,
  type Mocking,
  RuleSyntaxError,
  Script,
  suggest,
} from '../../src/plugin.ts'
import type { DatagramPeer } from './conversations.ts'
import { parseSocketRule } from './rule.ts'
import { SocketScript } from './script.ts'
import { serve } from './serve.ts'
import { FAILURES, type FailureName } from './unreachable.ts'

const FORMS =
  "'tcp://mail.example.com:25', 'tls://…', 'udp://…', 'unix:/run/app.sock', or { transport, host, port, path, client }"
const REPLIES = "tripwire.sockets.script() with steps, a function of the peer's socket, or { error: 'refused' }"
const KEYS = ['transport', 'host', 'port', 'path', 'client']

/** What is done with a connection as a whole. */
export interface SocketLine {
  /** Goes on in TLS, as the server of STARTTLS does. @returns the decrypted end, once the client has changed as well */
  startTls(): Promise<TLSSocket>
}

/** What the worker's end of a connection does. */
export interface SocketAnswer {
  readonly script?: SocketScript
  readonly session?: (peer: Socket | DatagramPeer, line: SocketLine) => unknown
  readonly error?: FailureName | Error
}

const made: Mocking = {
  serve,
  example: '(socket) => {}',
  readPattern,
  readReply,
  derive: ({ operation, facts }) => (operation === 'sockets:listen' ? facts : { sent: undefined, ...facts }),
  controlled: (facts, answer) => [...placeOf(facts), ...(needsSent(facts, answer) ? ['sent'] : [])],
  print({ facts }) {
    if (facts.transport === 'unix') return { pattern: `'unix:${facts.path}'`, names: ['path'] }
    const host = String(facts.host)
    const place = `${facts.transport}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}`
    return {
      pattern: `'${place}${facts.port === undefined ? '' : `:${facts.port}`}'`,
      names: ['transport', 'host', 'port'],
    }
  },
  extend: () => ({ script: () => new SocketScript() }),
}

/** Asked for by the first mock or assertion: files without any need none of it. */
export function mocking(): Mocking {
  return made
}

function placeOf({ transport, port }: Facts): string[] {
  if (transport === 'unix') return ['path']
  return port === undefined ? ['host'] : ['host', 'port']
}

/** A script has said already what is sent. */
function needsSent({ sent }: Facts, answer: unknown): boolean {
  return (
    (answer as SocketAnswer | undefined)?.script === undefined &&
    (sent as { length?: number } | undefined)?.length !== undefined &&
    (sent as { length: number }).length > 0
  )
}

function readPattern(pattern: unknown): FactPatterns {
  const text = isA(pattern, 'URL') ? pattern.href.replace(/\/$/, '') : pattern
  if (typeof text === 'string') {
    if (/^listen(?::|$)/.test(text)) throw new RuleSyntaxError('listening is not mocked', FORMS)
    return parseSocketRule(text)
  }
  if (typeof text !== 'object' || text === null || isRegExp(text) || isAsymmetric(text))
    throw new RuleSyntaxError('it is no pattern', FORMS)
  const keys = Object.keys(text)
  if (keys.length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const unknown = keys.find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    const hint =
      unknown === 'sent' ? ' to choose it by; what is sent is not known when it opens: expect it in a script' : ''
    throw new RuleSyntaxError(`a connection has no '${unknown}'${hint}`, FORMS, suggest(unknown, KEYS))
  }
  return { operation: ['connect', 'send', 'join'], ...text }
}

function readReply(reply: unknown): SocketAnswer {
  if (reply === undefined) return {}
  if (reply instanceof Script) return { script: reply as SocketScript }
  if (typeof reply === 'function') return { session: reply as NonNullable<SocketAnswer['session']> }
  if (typeof reply !== 'object' || reply === null) throw new RuleSyntaxError(`the reply is ${String(reply)}`, REPLIES)
  const { error, ...rest } = reply as { error?: unknown }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined || error === undefined)
    throw new RuleSyntaxError(unknown === undefined ? 'the reply is empty' : `a reply has no '${unknown}'`, REPLIES)
  if (isError(error)) return { error }
  const names = Object.keys(FAILURES)
  if (typeof error !== 'string' || !names.includes(error))
    throw new RuleSyntaxError(
      `the error is '${String(error)}'`,
      `${names.join(', ')} or an Error`,
      suggest(String(error), names),
    )
  return { error: error as FailureName }
}

/** The error that a mock's connection fails with; undefined when it is made. */
export function failureOf(answer: unknown, facts: Facts): Error | undefined {
  const { error } = (answer ?? {}) as SocketAnswer
  return typeof error === 'string' ? FAILURES[error](facts) : error
}
