/** Lets a request of an HTTP/2 client on to the real host, in HTTP/2: its trailers are half of what gRPC says. */
import type {
  ClientHttp2Session,
  Http2ServerRequest,
  Http2ServerResponse,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from 'node:http2'
import { builtIn, type Reply, type Tap } from '../../src/plugin.ts'
import { tlsOf } from './client-tls.ts'
import { requestUnjudged } from './sessions.ts'

/** @returns whether the real host speaks HTTP/2; nothing was sent if it does not */
export async function forwardHttp2(
  request: Http2ServerRequest,
  body: Buffer,
  response: Http2ServerResponse,
  reply: Reply,
  tap: Tap,
  fail: (error: Error) => void,
): Promise<boolean> {
  const session = await connect(reply, tap).catch(fail)
  if (session === undefined) return true
  if (session === 'http/1') return false
  const stream = requestUnjudged(session, { ...request.headers }, { endStream: body.length === 0 })
  if (body.length > 0) stream.end(body)
  response.once('close', () => stream.close())
  stream.once('trailers', (trailers) => response.addTrailers(trailers))
  try {
    const head = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>((resolve, reject) => {
      stream.once('response', resolve)
      for (const each of [stream, session]) each.once('error', reject)
    })
    const { ':status': status = 502, ...headers } = head
    response.writeHead(status, headers)
    await new Promise<void>((resolve, reject) => {
      response.once('close', resolve)
      // The real host may break off in the middle.
      stream.once('error', reject)
      stream.once('end', () => response.end())
      stream.pipe(response, { end: false })
    })
  } catch (error) {
    fail(error as Error)
  } finally {
    session.close()
  }
  return true
}

/** A session of its own; `'http/1'` where the real host speaks that only. */
function connect(reply: Reply, tap: Tap): Promise<ClientHttp2Session | 'http/1'> {
  const { scheme, host, port } = reply.facts
  const http2 = builtIn('node:http2')
  const tls = scheme === 'https' ? { ...tlsOf(reply), ALPNProtocols: ['h2', 'http/1.1'] } : {}
  const layer = { protocol: 'http', operation: 'http:request', facts: reply.facts }
  return new Promise((resolve, reject) => {
    const session = tap.runIn(reply.frame, () =>
      tap.within(tap.passed(layer), () => http2.connect(`${scheme}://${host}:${port}`, tls)),
    )
    session.on('error', reject)
    session.once('connect', () => {
      const speaks = scheme === 'http' || session.alpnProtocol === 'h2'
      if (!speaks) session.destroy()
      resolve(speaks ? session : 'http/1')
    })
  })
}
