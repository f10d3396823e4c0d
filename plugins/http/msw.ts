/**
 * Takes msw's request handlers as they are: msw answers, we record. Nothing of msw is loaded here, since whoever has handlers has loaded it.
 */
import { builtIn, type FactPatterns, isRegExp, originals, type Register, RuleSyntaxError } from '../../src/plugin.ts'
import type { HttpAnswer } from './reply.ts'

/** What msw 2 and 3 have in common. */
interface RequestHandler {
  readonly info: {
    readonly header?: string
    /** Of `http.get(path)`. */
    readonly path?: string | RegExp
    readonly method?: string | RegExp
    /** Of `graphql.query(name)`. */
    readonly operationType?: string
    readonly operationName?: unknown
  }
  /** Where GraphQL is served; `*` for anywhere. */
  readonly endpoint?: string | RegExp
  readonly options?: { readonly once?: boolean }
  run(args: { readonly request: Request; readonly requestId: string }): Promise<{ readonly response?: Response } | null>
}

const { URL } = originals

/** @returns `tripwire.http.use` */
export function useHandlers(register: Register) {
  return (...handlers: readonly unknown[]): void => {
    const known = handlers.map(checked)
    // As in msw: of one call the first that fits answers, of several the latest call's.
    for (const handler of known.toReversed()) {
      const answer: HttpAnswer = { of: (request) => responseOf(handler, request), declines: true }
      const text = `tripwire.http.use(${handler.info.header ?? 'a handler'})`
      const mock = register(patternsOf(handler), answer, text, { fallback: true })
      if (!handler.options?.once) mock.always()
      mock.optional()
    }
  }
}

/** @throws RuleSyntaxError */
function checked(handler: unknown): RequestHandler {
  const { info, run, kind } = (handler ?? {}) as Partial<RequestHandler> & { readonly kind?: unknown }
  if (kind === 'websocket')
    throw new RuleSyntaxError('it answers WebSockets', 'tripwire.ws.use(…) for handlers of ws.link')
  if (typeof info === 'object' && typeof run === 'function') return handler as RequestHandler
  throw new RuleSyntaxError(
    'it is no request handler',
    "handlers of msw: http.get('https://…', …), graphql.query('Name', …)",
  )
}

/** A handler that has nothing to say leaves the request to the next. */
async function responseOf(handler: RequestHandler, request: Request): Promise<Response | undefined> {
  const result = await handler.run({ request, requestId: builtIn('node:crypto').randomUUID() })
  return result?.response
}

function patternsOf({ info, endpoint }: RequestHandler): FactPatterns {
  if (info.operationType === undefined) {
    const { method = '*', path = '*' } = info
    return { ...(method !== '*' && { method }), url: addressTest(path) }
  }
  return { method: ['GET', 'POST'], url: addressTest(endpoint ?? '*'), body: operationTest(info) }
}

/** As msw reads paths: `:name` stands for a segment, `*` for anything; the query does not count. */
function addressTest(path: string | RegExp): (url: unknown) => boolean {
  if (typeof path !== 'string') return (url) => path.test(bare(String(url)))
  const source = bare(path)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/(\/):\w+\??/g, '$1[^/]+')
  const fits = new RegExp(`^${source}/?$`)
  return (url) => fits.test(bare(String(url)))
}

function bare(url: string): string {
  const plain = url.replace(/[?#].*$/, '')
  return plain.endsWith('/') && URL.canParse(plain) && new URL(plain).pathname === '/' ? plain.slice(0, -1) : plain
}

/** A GraphQL request says its operation in its body. */
function operationTest({ operationType = 'all', operationName }: RequestHandler['info']): (body: unknown) => boolean {
  return (body) => {
    const { query, operationName: named } = (body ?? {}) as {
      readonly query?: unknown
      readonly operationName?: unknown
    }
    if (typeof query !== 'string') return false
    const [, type = 'query', name] = /^\s*(?:(query|mutation|subscription)\b\s*(\w*))?/.exec(query) ?? []
    if (operationType !== 'all' && operationType !== type) return false
    const wanted = typeof operationName === 'string' || isRegExp(operationName) ? operationName : undefined
    if (wanted === undefined) return true
    const present = String(named ?? name ?? '')
    return typeof wanted === 'string' ? wanted === present : wanted.test(present)
  }
}
