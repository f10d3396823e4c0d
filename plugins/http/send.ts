/** Writes a mock's answer as a server writes it. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import { DATA, originals, RuleSyntaxError, SafeWeakSet } from '../../src/plugin.ts'
import type { HttpReply } from './reply.ts'

export type Outgoing = ServerResponse | Http2ServerResponse
type Body = HttpReply['body'] | undefined

// Captured at load: tests replace them.
const { isArray } = Array
const { stringify, Buffer } = originals
const { byteLength } = Buffer

/** Sends what a function or msw gave. */
export async function sendResponse(response: Outgoing, given: Response, method: string | undefined): Promise<void> {
  if (given.type === 'error') throw new TypeError('Failed to fetch')
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of given.headers) if (name !== 'set-cookie') headers[name] = value
  const cookies = given.headers.getSetCookie()
  if (cookies.length > 0) headers['set-cookie'] = cookies
  await write(response, given.status, given.statusText, headers, given.body ?? undefined, method)
}

/** Sends a reply. @throws RuleSyntaxError for one that cannot be sent */
export async function send(response: Outgoing, reply: HttpReply, method: string | undefined): Promise<void> {
  const { status = 200, statusText, trailers } = reply
  await write(response, status, statusText, headersOf(reply), bodyOf(reply), method, trailers)
}

/** The headers that a reply is sent with, beside those that a server adds; names in lower case. */
export function headersOf(reply: HttpReply): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  const given =
    reply.headers && 'getSetCookie' in reply.headers
      ? [...(reply.headers as Headers)]
      : Object.entries(reply.headers ?? {})
  for (const [name, value] of given)
    if (value !== undefined) headers[name.toLowerCase()] = isArray(value) ? value.map(String) : String(value)
  if ('json' in reply) headers['content-type'] ??= 'application/json'
  else if (reply.text !== undefined) headers['content-type'] ??= 'text/plain;charset=utf-8'
  return headers
}

/** @throws RuleSyntaxError for JSON that is none */
export function bodyOf(reply: HttpReply): Body {
  return 'json' in reply ? textOf(reply.json) : (reply.text ?? reply.body ?? undefined)
}

function textOf(json: unknown): string {
  try {
    return stringify(json) ?? 'null'
  } catch (error) {
    throw new RuleSyntaxError(`its json is none (${(error as Error).message.split('\n')[0]})`, 'a value that JSON has')
  }
}

/** Headers of a connection, which HTTP/2 refuses to send. */
const OF_HTTP1 = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']

/** Streams and generators that were sent: they give what they have once. */
const sent = new SafeWeakSet<object>()

async function write(
  outgoing: Outgoing,
  status: number,
  statusText: string | undefined,
  headers: OutgoingHttpHeaders,
  body: Body,
  method: string | undefined,
  trailers?: Readonly<Record<string, string>>,
): Promise<void> {
  // Both kinds write alike.
  const response = outgoing as ServerResponse
  // Text goes out in one piece with the headers.
  const bytes = typeof body === 'string' ? body : bytesOf(body)
  if (bytes === undefined) takeOnce(body as object)
  const bare = status === 204 || status === 304
  const { stream } = outgoing as Partial<Http2ServerResponse>
  if (stream !== undefined) for (const name of OF_HTTP1) delete headers[name]
  const isChunked = headers['transfer-encoding'] !== undefined || trailers !== undefined
  if (bytes !== undefined && !bare && !isChunked) headers['content-length'] ??= byteLength(bytes)
  if (stream === undefined && statusText) response.writeHead(status, statusText, headers)
  else response.writeHead(status, headers)
  const end = () => {
    if (trailers) response.addTrailers({ ...trailers })
    response.end()
  }
  if (bare || method === 'HEAD') return void response.end()
  if (bytes !== undefined && trailers === undefined) return void response.end(bytes)
  if (bytes !== undefined) {
    response.write(bytes)
    return end()
  }
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  for await (const chunk of Readable.from(body as AsyncIterable<string | Uint8Array>, { objectMode: true })) {
    if (response.destroyed || response.closed) return
    if (!DATA.can(chunk)) throw new RuleSyntaxError(`its body gave ${String(chunk)}`, `chunks of ${DATA.expected}`)
    if (!response.write(chunk))
      await Promise.race([closed, new Promise<void>((resolve) => response.once('drain', resolve))])
  }
  end()
}

/** Undefined for what comes in chunks. */
function bytesOf(body: Exclude<Body, string> | ArrayBuffer): string | Buffer | undefined {
  if (body === undefined) return ''
  return ArrayBuffer.isView(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : undefined
}

/** @throws RuleSyntaxError for what was sent already */
function takeOnce(body: object): void {
  const { next, pipe, getReader } = body as Record<string, unknown>
  if (![next, pipe, getReader].some((each) => typeof each === 'function')) return
  if (sent.has(body))
    throw new RuleSyntaxError(
      'its body was sent already, and gives what it has once',
      'a function that gives a body of its own to each request: () => ({ body: … })',
    )
  sent.add(body)
}
