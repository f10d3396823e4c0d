/** What a mock of a request may answer, and what the server inside the worker makes of it. */
import type { Readable } from 'node:stream'
import { isA, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { FAILURES, type FailureName } from './network-failures.ts'

// Captured at load: tests replace them.
const { isInteger } = Number

/** The parts of an answer; `json`, `text` and `body` exclude each other. */
export interface HttpReply {
  /** Status code; 200 unless given. */
  readonly status?: number
  readonly statusText?: string
  readonly headers?: Readonly<Record<string, string | number | readonly string[] | undefined>> | Headers
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as plain text. */
  readonly text?: string
  /** Bytes, a stream, or an async iterable of chunks. */
  readonly body?: string | Uint8Array | ReadableStream | Readable | AsyncIterable<string | Uint8Array>
  /** Sent after the body. */
  readonly trailers?: Readonly<Record<string, string>>
  /** Milliseconds before the answer starts. */
  readonly delay?: number
  /** Fails instead, as Node fails: the peer refuses, resets, never answers, or its name is not known. */
  readonly error?: FailureName | Error
}

/** A reply, or a function of the request. */
export type HttpReplyInput =
  | HttpReply
  | Response
  | ((request: Request) => HttpReply | Response | undefined | Promise<HttpReply | Response | undefined>)

export type Given = HttpReply | Response | undefined

/** What the seam is given: always the same reply, or a function of the request. */
export interface HttpAnswer {
  readonly fixed?: HttpReply
  readonly of?: (request: Request) => Given | Promise<Given>
  /** Whether a function that gives nothing leaves the request to the next mock. */
  readonly declines?: boolean
}

const KEYS = ['status', 'statusText', 'headers', 'json', 'text', 'body', 'trailers', 'delay', 'error']
export const EXPECTED =
  "a reply such as { json: {} }, { status: 404 } or { error: 'refused' }, a Response, or a function of the request"

/** @throws RuleSyntaxError */
export function readReply(reply: unknown): HttpAnswer {
  if (typeof reply === 'function') return { of: async (request) => checked(await reply(request), 'the function gave') }
  const fixed = checked(reply ?? {}, 'the reply is')
  if (isA(fixed, 'Response')) return { of: () => fixed.clone() }
  return { fixed: fixed ?? {} }
}

/** @throws RuleSyntaxError */
function checked(reply: unknown, what: string): HttpReply | Response | undefined {
  if (reply === undefined) return undefined
  if (isA(reply, 'Response')) {
    if (!reply.bodyUsed) return reply
    throw new RuleSyntaxError(`${what} a Response whose body was read already`, 'a Response that nobody has read')
  }
  if (typeof reply !== 'object' || reply === null) throw new RuleSyntaxError(`${what} ${String(reply)}`, EXPECTED)
  const unknown = Object.keys(reply).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw new RuleSyntaxError(`a reply has no '${unknown}'`, `one of ${KEYS.join(', ')}`, suggest(unknown, KEYS))
  }
  const { status, error, delay, ...rest } = reply as HttpReply
  const { text, body } = rest
  if (text !== undefined && typeof text !== 'string')
    throw new RuleSyntaxError(
      `its text is ${typeof text === 'object' ? 'an object' : String(text)}`,
      'text; json for any other value',
    )
  if (body !== undefined && body !== null && !isBody(body))
    throw new RuleSyntaxError(
      `its body is ${typeof body === 'object' ? 'an object' : String(body)}`,
      'text, bytes, a stream or chunks; json for any other value',
    )
  const bodies = ['json', 'text', 'body'].filter((key) => key in rest)
  if (bodies.length > 1)
    throw new RuleSyntaxError(`${bodies.join(' and ')} exclude each other`, 'one of json, text, body')
  if (status !== undefined && !(isInteger(status) && status >= 200 && status <= 599))
    throw new RuleSyntaxError(`the status is ${String(status)}`, 'a number from 200 to 599')
  if (delay !== undefined && !(typeof delay === 'number' && delay >= 0))
    throw new RuleSyntaxError(`the delay is ${String(delay)}`, 'milliseconds, from 0')
  if (typeof error === 'string' && !(error in FAILURES)) {
    const names = Object.keys(FAILURES)
    throw new RuleSyntaxError(`the error is '${error}'`, `${names.join(', ')} or an Error`, suggest(error, names))
  }
  return reply as HttpReply
}

function isBody(body: unknown): boolean {
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return true
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(body) as Record<symbol, unknown>
  return typeof later === 'function' || typeof now === 'function'
}
