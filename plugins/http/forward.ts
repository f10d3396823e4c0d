/** Lets a request that reached the worker on to the real host: how `passThrough` learns its body. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { builtIn, originals, type Reply, SafeSet, type Tap } from '../../src/plugin.ts'
import { tlsOf, toldOf } from './client-tls.ts'
import { forwardHttp2 } from './forward-http2.ts'

const { isIP } = originals

/** Headers that belong to one connection, not to the request. */
const OF_CONNECTION = new SafeSet(['connection', 'keep-alive', 'transfer-encoding', 'http2-settings'])

export async function forward(
  request: IncomingMessage | Http2ServerRequest,
  body: Buffer,
  response: ServerResponse,
  reply: Reply,
  tap: Tap,
  fail: (error: Error) => void,
): Promise<void> {
  const { scheme, host, port, path, socketPath } = reply.facts
  if (isHttp2(request) && (await forwardHttp2(request, body, response as never, reply, tap, fail))) return
  const module = builtIn(scheme === 'https' ? 'node:https' : 'node:http')
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined && !name.startsWith(':') && !OF_CONNECTION.has(name)) headers[name] = value
  if (body.length > 0) headers['content-length'] = String(body.length)
  const target =
    socketPath === undefined
      ? { host: String(host).replace(/^\[|\]$/g, ''), port: Number(port) }
      : { socketPath: String(socketPath) }
  await tap.runIn(reply.frame, () =>
    tap.within(tap.passed({ protocol: 'http', operation: 'http:request', facts: reply.facts }), async () => {
      const real = module.request({
        ...target,
        method: request.method,
        path: String(path),
        headers,
        agent: new module.Agent({ keepAlive: false }),
        ...(scheme === 'https' && { ...(isIP(String(host)) === 0 && { servername: String(host) }), ...tlsOf(reply) }),
      })
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        real.once('response', resolve)
        real.once('error', reject)
      })
      response.once('close', () => real.destroy())
      real.end(body)
      try {
        const answer = await answered
        response.writeHead(answer.statusCode ?? 502, sendable(answer))
        await new Promise((resolve, reject) => {
          response.once('close', resolve)
          // The real host may break off in the middle.
          answer.once('error', reject)
          answer.once('end', () => {
            if (answer.rawTrailers.length > 0) response.addTrailers(answer.trailers as Record<string, string>)
            response.end()
          })
          answer.pipe(response, { end: false })
        })
      } catch (error) {
        fail(toldOf(error as Error, reply))
      }
    }),
  )
}

function isHttp2(request: IncomingMessage | Http2ServerRequest): request is Http2ServerRequest {
  return request.httpVersionMajor === 2
}

function sendable({ headers }: IncomingMessage): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !OF_CONNECTION.has(name))
  return Object.fromEntries(kept) as Record<string, string | string[]>
}
