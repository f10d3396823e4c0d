/** What is known of HTTP/2 sessions beside what they show. */
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { SafeWeakMap } from '../../src/plugin.ts'

type Request = (
  this: ClientHttp2Session,
  headers?: OutgoingHttpHeaders,
  options?: { endStream?: boolean },
) => ClientHttp2Stream

/** The options that they were opened with. */
export const optionsOf = new SafeWeakMap<object, object>()

let unjudged: Request | undefined

/** @param request `ClientHttp2Session.prototype.request` as it was before it was patched */
export function keepRequest(request: Request): void {
  unjudged = request
}

/** A request that is part of a call which was judged. */
export function requestUnjudged(session: ClientHttp2Session, ...args: Parameters<Request>): ClientHttp2Stream {
  return Reflect.apply(unjudged ?? session.request, session, args)
}
