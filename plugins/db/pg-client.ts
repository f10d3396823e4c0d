/** Who pg connects as: its connection knows only host and port, the client above it knows the rest. */
import type { Tap } from '../../src/plugin.ts'

export interface Login {
  readonly user?: string
  readonly database?: string
}

interface PgClient {
  readonly user?: unknown
  readonly database?: unknown
  connect(...args: unknown[]): unknown
}

let login: Login | undefined

/** The login of the client that is connecting at this moment. */
export function currentLogin(): Login | undefined {
  return login
}

/** Wraps pg's client once it is loaded, each copy of it. */
export function watchPg(tap: Tap): void {
  tap.onceLoaded(/[/\\]pg[/\\]lib[/\\]client\.js$/, (exported) => wrapClient(tap, exported))
}

function wrapClient(tap: Tap, exported: { prototype?: PgClient }): void {
  if (typeof exported.prototype?.connect !== 'function') return
  tap.patch(exported.prototype, 'connect', (original) => {
    return function connect(this: PgClient, ...args: unknown[]) {
      const { user, database } = this
      login = { ...(typeof user === 'string' && { user }), ...(typeof database === 'string' && { database }) }
      try {
        return Reflect.apply(original, this, args)
      } finally {
        login = undefined
      }
    }
  })
}
