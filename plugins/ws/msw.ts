/** Takes msw's handlers of WebSockets as they are: msw answers, we record. Nothing of msw is loaded here, since whoever has handlers has loaded it. */
import { type PrintCall, type Register, RuleSyntaxError } from '../../src/plugin.ts'
import type { MswConnection } from './msw-connection.ts'

/** What `ws.link(…).addEventListener` gives (msw 2 and 3). */
export interface LinkHandler {
  readonly kind: 'websocket'
  readonly url: string | RegExp
  test(url: string): boolean
  /** Tells the listeners of a connection that fits; one for another address is left alone. */
  run(connection: MswConnection): Promise<unknown>
}

const EXPECTED = "handlers of msw: ws.link('wss://…').addEventListener('connection', …)"

/** @returns `tripwire.ws.use` */
export function useHandlers(register: Register, print: PrintCall) {
  return (...given: readonly unknown[]): void => {
    if (given.length === 0) throw new RuleSyntaxError('there is no handler', EXPECTED)
    const handlers = given.map(checked)
    // As in msw, all that fit hear the connection, also those of other calls: they are one mock, and find the others.
    const url = (address: unknown) => handlers.some((handler) => handler.test(String(address)))
    const links = handlers.map((handler) => print('ws.link', [handler.url]))
    const mock = register({ url }, { handlers }, `tripwire.ws.use(${[...new Set(links)].join(', ')})`, {
      fallback: true,
    })
    mock.always()
    mock.optional()
  }
}

/** @throws RuleSyntaxError */
function checked(handler: unknown): LinkHandler {
  const { kind, test, run, info } = (handler ?? {}) as Partial<LinkHandler> & { readonly info?: unknown }
  if (kind === 'websocket' && typeof test === 'function' && typeof run === 'function') return handler as LinkHandler
  if (typeof info === 'object' && typeof run === 'function')
    throw new RuleSyntaxError('it answers requests', 'tripwire.http.use(…) for handlers of requests')
  throw new RuleSyntaxError('it is no handler of WebSockets', EXPECTED)
}
