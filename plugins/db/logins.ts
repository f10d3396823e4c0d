/** Who a driver connects as: its connection knows only host and port, the client above it knows the rest. Never a password. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tap } from '../../src/plugin.ts'

export interface Login {
  readonly driver: string
  readonly user?: string
  readonly database?: string
  /** The set of servers that it looks for (MongoDB). */
  readonly replicaSet?: string
}

/** What a client of some driver holds: options as they came, whatever they are. */
type Known = Readonly<Record<string, unknown>>
type Method = (this: object, ...args: unknown[]) => unknown

/** A method of a driver in which it connects, or from which it will. */
interface Entry {
  readonly driver: string
  readonly files: readonly string[]
  /** Where the method is, in what the file exports. */
  owner(exported: Known): unknown
  readonly method: string
  login(
    self: Known,
    args: readonly unknown[],
  ): {
    readonly user?: unknown
    readonly database?: unknown
    readonly replicaSet?: unknown
  }
  /** Whether its socket is opened on a later stack, that does not show the user's line any more. */
  readonly later?: boolean
}

const prototypeOf = (made: unknown) => (made as Known | undefined)?.prototype
const known = (value: unknown): Known => (typeof value === 'object' && value !== null ? (value as Known) : {})

const ENTRIES: readonly Entry[] = [
  {
    driver: 'pg',
    files: ['/pg/lib/client.js'],
    owner: prototypeOf,
    method: 'connect',
    login: (client) => client,
  },
  {
    driver: 'mysql2',
    files: ['/mysql2/index.js', '/mysql2/promise.js'],
    owner: (exported) => exported,
    method: 'createConnection',
    login: (_, [options]) => (typeof options === 'string' ? loginOfUrl(options) : known(options)),
  },
  {
    driver: 'mysql2',
    files: ['/mysql2/lib/pool.js', '/mysql2/lib/base/pool.js'],
    owner: prototypeOf,
    method: 'getConnection',
    login: (pool) => known(known(pool.config).connectionConfig),
  },
  {
    driver: 'ioredis',
    files: ['/ioredis/built/Redis.js', '/ioredis/built/redis/index.js'],
    owner: (exported) => prototypeOf(exported.default),
    method: 'connect',
    login: ({ options }) => ({ user: known(options).username, database: known(options).db || undefined }),
    later: true,
  },
  {
    driver: 'redis',
    files: ['/@redis/client/dist/lib/client/index.js'],
    owner: (exported) => prototypeOf(exported.default),
    method: 'connect',
    login: ({ options }) => ({ user: known(options).username, database: known(options).database || undefined }),
    later: true,
  },
  {
    driver: 'mongodb',
    files: ['/mongodb/lib/mongo_client.js'],
    owner: (exported) => prototypeOf(exported.MongoClient),
    method: 'connect',
    // One connection serves all databases.
    login: ({ options }) => ({
      user: known(known(options).credentials).username,
      replicaSet: known(options).replicaSet,
    }),
    later: true,
  },
]

const logins = new AsyncLocalStorage<Login>()

/** The login of the client of that driver, which connects in this context. */
export function loginOf(driver: string): Login | undefined {
  const login = logins.getStore()
  return login?.driver === driver ? login : undefined
}

/** Wraps the clients once they are loaded, each copy of them. */
export function watchLogins(tap: Tap): void {
  for (const entry of ENTRIES) {
    tap.onceLoaded(entry.files, (exported) => {
      const owner = entry.owner(exported as Known) as Record<string, Method> | undefined
      if (typeof owner?.[entry.method] === 'function') wrap(tap, owner, entry)
    })
  }
}

function wrap(tap: Tap, owner: Record<string, Method>, { driver, method, login, later }: Entry): void {
  tap.patch(owner, method, (original) => {
    return function (this: object, ...args: unknown[]) {
      const { user, database, replicaSet } = login(this as Known, args)
      const connect = () => Reflect.apply(original as Method, this, args)
      const named = {
        driver,
        ...textOf('user', user),
        ...textOf('database', database),
        ...textOf('replicaSet', replicaSet),
      }
      const go = () => logins.run(named, connect)
      return later ? tap.here()(go) : go()
    }
  })
}

function textOf<K extends string>(key: K, value: unknown): Partial<Record<K, string>> {
  const isGiven = (typeof value === 'string' && value !== '') || typeof value === 'number'
  return isGiven ? ({ [key]: String(value) } as Record<K, string>) : {}
}

function loginOfUrl(text: string): { user?: string; database?: string } {
  if (!URL.canParse(text)) return {}
  const { username, pathname } = new URL(text)
  return { user: decodeURIComponent(username), database: pathname.slice(1) }
}
