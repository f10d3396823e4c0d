/** URLs of databases, as the tests give them and as messages show them. */
import { type Facts, isA, RuleSyntaxError } from '../../src/plugin.ts'

/** How databases of one product are named by URLs. */
export interface Scheme {
  /** `Postgres` */
  readonly name: string
  /** What URLs begin with. */
  readonly begins: RegExp
  readonly port: number
  /** A URL, for those who wrote another. */
  readonly form: string
  /** The socket in a folder, where servers listen on those. */
  readonly socket?: (folder: string, port: number) => string
}

const ESCAPED = 'the password as encodeURIComponent writes it'

export const SCHEMES = {
  postgres: {
    name: 'Postgres',
    begins: /^postgres(?:ql)?:\/\//,
    port: 5432,
    form: `'postgres://[user:password@]host[:port]/database', ${ESCAPED}`,
    socket: (folder, port) => `${folder}/.s.PGSQL.${port}`,
  },
  redis: {
    name: 'Redis',
    begins: /^rediss?:\/\//,
    port: 6379,
    form: `'redis://[user:password@]host[:port][/number]', ${ESCAPED}`,
    socket: (path) => path,
  },
  mysql: {
    name: 'MySQL',
    begins: /^mysql:\/\//,
    port: 3306,
    form: `'mysql://[user:password@]host[:port]/database', ${ESCAPED}`,
    socket: (path) => path,
  },
  mongodb: {
    name: 'MongoDB',
    begins: /^mongodb:\/\//,
    port: 27_017,
    form: `'mongodb://[user:password@]host[:port][,host[:port]…][/database]', ${ESCAPED}`,
    socket: (path) => path,
  },
} as const satisfies Readonly<Record<string, Scheme>>

/** Where a database is, as its mocks have it; of several servers, where one of them is. */
export interface Place {
  readonly host?: string | readonly string[]
  readonly port?: number | readonly number[]
  readonly path?: string
  readonly database?: string
}

/** Where a database is, who is let in, and the URL without what nobody is to read. */
export interface Read {
  readonly place: Place
  readonly account: { readonly user?: string; readonly password: string } | undefined
  readonly text: string
  /** What follows the `?`. */
  readonly options: URLSearchParams
}

/** Of several servers, with what goes before them and what follows. */
const SERVERS = /^([a-z]+:\/\/(?:[^/]*@)?)([^/?@,]+(?:,[^/?@,]+)+)(.*)$/s

/** A URL that may name several servers. @throws RuleSyntaxError */
export function readServers(url: unknown, scheme: Scheme): Read {
  const [, before, list = '', after] = SERVERS.exec(String(url)) ?? []
  if (before === undefined) return readUrl(url, scheme)
  const each = list.split(',').map((server) => readUrl(before + server + after, scheme))
  const [{ place, account, options }] = each as [Read]
  const host = each.map(({ place }) => place.host as string)
  const port = [...new Set(each.map(({ place }) => place.port as number))]
  return { place: { ...place, host, port }, account, options, text: withoutSecrets(String(url)) }
}

/** @throws RuleSyntaxError */
export function readUrl(url: unknown, { name, begins, port: usual, form, socket }: Scheme): Read {
  const given = isA(url, 'URL') ? url.href : url
  const text = typeof given === 'string' ? withoutSecrets(given) : ''
  if (typeof given !== 'string' || !begins.test(given) || !URL.canParse(given))
    throw new RuleSyntaxError(
      `${text === '' ? 'it' : `'${withoutSecrets(String(given), '…@')}'`} is no URL of a ${name} database`,
      form,
    )
  const { hostname, port, pathname, username, password, searchParams } = new URL(given)
  if (/%(?![\da-f]{2})/i.test(username + password + pathname))
    throw new RuleSyntaxError(
      `'${text}' has a '%' that escapes nothing`,
      "'%25' for a '%' itself, as encodeURIComponent writes it",
    )
  const host = decodeURIComponent(hostname) || 'localhost'
  const database = decodeURIComponent(pathname.slice(1))
  const number = port === '' ? usual : Number(port)
  const folder = host.startsWith('/') ? host : searchParams.get('host')
  const at =
    socket !== undefined && folder?.startsWith('/')
      ? { path: socket(folder, number) }
      : { host: host.replace(/^\[|\]$/g, ''), port: number }
  const user = username === '' ? {} : { user: decodeURIComponent(username) }
  const account = password === '' ? undefined : { ...user, password: decodeURIComponent(password) }
  return { place: { ...at, ...(database !== '' && { database }) }, account, text, options: searchParams }
}

/** Up to the last `@`: passwords that nobody escaped have `@`, `/`, `?` and `#` as they are. */
function withoutSecrets(url: string, instead = ''): string {
  return url.replace(/^([^:]*:(?:\/\/)?).*@/s, `$1${instead}`).replaceAll(/([?&]password=)[^&#]*/gi, '$1…')
}

/** The URL that means the place of a call. */
export function urlOf({ product, host, port, path, database }: Facts): string {
  const name = database === undefined ? '' : `/${database}`
  if (path !== undefined) {
    const [, folder = String(path), number = undefined] = /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(String(path)) ?? []
    return `${product}://${encodeURIComponent(folder)}${number === undefined ? '' : `:${number}`}${name}`
  }
  const name6 = String(host).includes(':') ? `[${host}]` : host
  return `${product}://${name6}:${port}${name}`
}
