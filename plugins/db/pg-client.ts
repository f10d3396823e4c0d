/** Who pg connects as: its connection knows only host and port, the client above it knows the rest. */
import Module from 'node:module'
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

/** Wraps pg's client once it is loaded, through `require` or `import` (both end in this extension handler; Node 20 to 26). */
export function watchPg(tap: Tap): void {
  const extensions = (Module as unknown as { _extensions: Record<string, (module: NodeModule, file: string) => void> })
    ._extensions
  tap.patch(extensions, '.js', (original) => {
    return function (this: unknown, module: NodeModule, file: string) {
      Reflect.apply(original, this, [module, file])
      if (file.endsWith('client.js') && /[/\\]pg[/\\]lib[/\\]client\.js$/.test(file)) wrapClient(tap, module.exports)
    }
  })
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
