/**
 * Answers plain requests of `fetch` where undici would look for a connection: undici is told of the answer, in its own terms, what its client
 * would have read off the wire. What `fetch` makes of it (redirects, decompression, aborts, `Response`) is Node's. Anything that is not plain
 * goes over the wire: see docs/decisions/0017.
 */
import { builtIn, originals, type Reply, SafeSet, type Tap } from '../../src/plugin.ts'
import { readBody } from './body.ts'
import type { HttpAnswer, HttpReply } from './reply.ts'
import { bodyOf, headersOf } from './send.ts'
import type { DispatchOptions } from './undici-dispatch.ts'
import { clientOf, isFetchHandler, type UndiciClient } from './undici-handler.ts'

// Captured at load: tests replace them.
const { Buffer, Date: HostDate, setImmediate } = originals

interface FetchOptions extends DispatchOptions {
  readonly headers?: unknown
  readonly body?: unknown
}

type RequestBody = AsyncIterable<Uint8Array>

const BARE_METHODS = new SafeSet(['GET', 'DELETE', 'OPTIONS'])
const BODY_METHODS = new SafeSet(['POST', 'PUT', 'PATCH'])
/** Statuses that have no body; servers and clients have rules of their own for each. */
const BODILESS = new SafeSet([204, 205, 304])
/** Headers that say how a connection is used, or that Node's server and undici's client write themselves. */
const OF_WIRE = new SafeSet(
  'connection content-length date expect host keep-alive proxy-connection set-cookie te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
)
const NAME = /^[A-Za-z][\w!#$%&'*+.^`|~-]*$/
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/
/** Both ends refuse headers of 16 KiB. */
const MOST_HEADERS = 8192
/** What a socket gives at once. */
const MOST_AT_ONCE = 65_536

/** What others may listen to, and nothing but a client and a connection tells. */
const CHANNELS = ['request:create', 'request:bodySent', 'request:bodyChunkSent', 'request:bodyChunkReceived']
  .concat(['request:headers', 'request:trailers', 'request:error', 'client:sendHeaders'])
  .concat(['client:beforeConnect', 'client:connected', 'client:connectError'])
  .map((name) => `undici:${name}`)

/**
 * @param dispatch undici's own function
 * @param goOn sends the request over the wire after all
 * @returns whether the request is answered here, or sent on from here
 */
export function answerFetch(
  tap: Tap,
  reply: Reply,
  options: FetchOptions,
  handler: object,
  { dispatch, goOn }: { dispatch: object; goOn(): unknown },
): boolean {
  if (reply.tentative || reply.passThrough || !isFetchHandler(handler, dispatch)) return false
  const { fixed } = reply.answer as HttpAnswer
  if (fixed === undefined || !isPlain(fixed) || CHANNELS.some((name) => tap.overheard(name))) return false
  const headers = requestHeaders(options)
  if (headers === undefined) return false
  // A new connection would be there in another turn of the event loop: what the code does until then comes before anything is sent.
  setImmediate(() => {
    const exchange = { reply, fixed, headers, client: clientOf(handler) }
    tap.runIn(reply.frame, () => answer(exchange, options.body as RequestBody | undefined, goOn))
  })
  return true
}

function isPlain({ status, statusText, body, trailers, delay, error }: HttpReply): boolean {
  if (statusText || trailers !== undefined || delay || error !== undefined) return false
  if (status !== undefined && BODILESS.has(status)) return false
  return body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array
}

/** The headers as a server reads them; undefined for what is not plain. */
function requestHeaders({
  origin,
  method,
  path,
  headers,
  body,
  upgrade,
}: FetchOptions): Record<string, string> | undefined {
  if (upgrade || typeof origin !== 'string' || typeof path !== 'string' || typeof method !== 'string') return undefined
  const hasBody = body !== null && body !== undefined
  if (!BODY_METHODS.has(method) && (hasBody || !BARE_METHODS.has(method))) return undefined
  if (hasBody && !isGenerator(body)) return undefined
  if (typeof headers !== 'object' || headers === null) return undefined
  const known: Record<string, string> = { host: origin.slice(origin.indexOf('//') + 2), connection: 'keep-alive' }
  let size = path.length
  let length: string | undefined
  for (const key of Object.keys(headers)) {
    const value: unknown = (headers as Record<string, unknown>)[key]
    const name = key.toLowerCase()
    if (typeof value !== 'string' || !isPlainHeader(key, value)) return undefined
    size += name.length + value.length
    if (name === 'content-length') length = value
    else if (OF_WIRE.has(name)) return undefined
    else known[name] = value
  }
  if (size > MOST_HEADERS || (hasBody ? !/^[1-9]\d*$/.test(length ?? '') : (length ?? '0') !== '0')) return undefined
  if (BODY_METHODS.has(method)) known['content-length'] = length ?? '0'
  return known
}

function isPlainHeader(name: string, value: string): boolean {
  return NAME.test(name) && VALUE.test(value)
}

/** What `fetch` makes of a body; streams of Node have ways of their own to fail. */
function isGenerator(body: unknown): body is RequestBody {
  const { pipe, [Symbol.asyncIterator]: iterate } = body as Record<PropertyKey, unknown>
  return typeof iterate === 'function' && pipe === undefined
}

interface Exchange {
  readonly reply: Reply
  readonly fixed: HttpReply
  readonly headers: Record<string, string>
  readonly client: UndiciClient
}

function answer(exchange: Exchange, body: RequestBody | null | undefined, goOn: () => unknown): void {
  const { fixed, client } = exchange
  const given = headersOf(fixed)
  if (!areSendable(given)) return void goOn()
  client.start()
  if (client.ended) return
  // The answer of a server takes a turn as well.
  const answered = (sent: Buffer) => setImmediate(() => respond(exchange, given, sent))
  if (body === null || body === undefined) answered(NOTHING)
  else readAll(body, client).then((sent) => sent && answered(sent))
}

const NOTHING = Buffer.alloc(0)

function areSendable(headers: Readonly<Record<string, string | string[]>>): headers is Record<string, string> {
  let size = 0
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (typeof value !== 'string' || !isPlainHeader(name, value) || OF_WIRE.has(name)) return false
    size += name.length + value.length
  }
  return size <= MOST_HEADERS
}

/** Undefined where the request failed meanwhile. */
async function readAll(body: RequestBody, client: UndiciClient): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) {
      if (client.ended) return undefined
      chunks.push(chunk)
    }
  } catch (error) {
    client.fail(error)
  }
  return client.ended ? undefined : Buffer.concat(chunks)
}

function respond({ reply, fixed, headers, client }: Exchange, given: Record<string, string>, sent: Buffer): void {
  // The request has been written: the server reads it, also when the client has gone by now.
  reply.complete({ headers, body: readBody(sent, headers['content-type']) })
  let bytes: Buffer
  try {
    bytes = bytesOf(bodyOf(fixed))
  } catch (error) {
    client.fail(reply.fails(error))
    return
  }
  if (client.ended) return
  const status = fixed.status ?? 200
  const raw: Buffer[] = []
  for (const name of Object.keys(given)) raw.push(Buffer.from(name), Buffer.from(given[name] as string))
  raw.push(CONTENT_LENGTH, Buffer.from(String(bytes.length)), DATE, Buffer.from(date()), CONNECTION, KEEP_ALIVE)
  const statusText = builtIn('node:http').STATUS_CODES[status] ?? 'unknown'
  client.respond({ status, statusText, headers: raw, chunks: chunksOf(bytes) })
}

const [CONTENT_LENGTH, DATE, CONNECTION, KEEP_ALIVE] = ['content-length', 'Date', 'Connection', 'keep-alive'].map(
  (text) => Buffer.from(text),
) as [Buffer, Buffer, Buffer, Buffer]

let second = 0
let text = ''

/** As Node's server has it: made once a second. */
function date(): string {
  const now = new HostDate()
  const present = Math.floor(now.getTime() / 1000)
  if (present !== second) {
    second = present
    text = now.toUTCString()
  }
  return text
}

function bytesOf(body: HttpReply['body'] | null): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body ? Buffer.from(body as Uint8Array) : NOTHING
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += MOST_AT_ONCE) chunks.push(bytes.subarray(at, at + MOST_AT_ONCE))
  return chunks
}
