/**
 * Watches connections of database drivers, by name: the connection is that of `sockets`, the driver is read from the stack once per new
 * connection. Opening decides; queries on an open connection belong to it.
 *
 * Bypassed by: drivers in native addons (pg-native, oracledb's thick mode), databases in files.
 */
import { definePlugin, type Layer, RuleSyntaxError, type StackFrame, suggest } from '../src/plugin.ts'
import { DRIVERS, PRODUCTS } from './db/drivers.ts'
import { currentLogin, watchPg } from './db/pg-client.ts'

const PACKAGE = /[/\\]node_modules[/\\](@[^/\\]+[/\\][^/\\]+|[^@/\\][^/\\]*)[/\\](?!.*[/\\]node_modules[/\\])/
const URL_RULE = /^([a-z]+):\/\/(?:([^/:@?#\s]+|\[[^\]]+\]))?(?::(\d{1,5}|\*))?(?:\/([^/?#\s]*))?$/
const EXPECTED = "'db:postgres://host[:port][/database]'"

export const db = definePlugin({
  name: 'db',
  operations: { connect: { safety: 'unsafe', summary: 'connects to a database' } },
  facts: { product: 'word', driver: 'word', host: 'host', port: 'port', database: 'word', user: 'word', path: 'file' },
  synonyms: [
    'pg',
    'postgresql',
    'postgres',
    'mysql',
    'redis',
    'rediss',
    'mongodb',
    'mongo',
    'mssql',
    'sql',
    'database',
  ],
  parseRule,
  describe: ({ facts }) => `${facts.driver} to ${placeOf(facts)}${facts.user === undefined ? '' : ` as ${facts.user}`}`,
  remedy,
  lifts: { over: 'sockets', lift },
  install: watchPg,
})

function lift(lower: Layer, stack: () => readonly StackFrame[]): Layer | undefined {
  if (lower.operation !== 'sockets:connect' || lower.facts.transport === 'udp') return undefined
  const name = driverOf(stack())
  const driver = name && DRIVERS[name]
  if (!driver) return undefined
  const { host, port, path } = lower.facts
  const login = name === 'pg' ? currentLogin() : undefined
  const facts = {
    product: driver.product,
    driver: name,
    ...(path === undefined ? { host, port } : { path }),
    database: undefined,
    user: undefined,
    ...login,
  }
  return { protocol: 'db', operation: 'db:connect', facts }
}

/** The package nearest to the socket that is a driver. */
function driverOf(frames: readonly StackFrame[]): string | undefined {
  for (const { file } of frames) {
    const name = PACKAGE.exec(file)?.[1]?.replace('\\', '/')
    if (name !== undefined && name in DRIVERS) return name
  }
  return undefined
}

function placeOf(facts: Layer['facts']): string {
  return facts.path === undefined ? `${facts.host}:${facts.port}` : String(facts.path)
}

function parseRule(text: string) {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) }
  const url = URL_RULE.exec(text)
  if (url === null) {
    const word = /^[a-z]+/.exec(text)?.[0] ?? ''
    const near =
      word in PRODUCTS
        ? [`db:${word}://localhost`]
        : suggest(word, Object.keys(PRODUCTS)).map((name) => `db:${name}://…`)
    throw new RuleSyntaxError('it is no database URL', EXPECTED, near)
  }
  const [, scheme = '', host, port, database] = url
  if (!(scheme in PRODUCTS))
    throw new RuleSyntaxError(
      `'${scheme}' is no database that is known by name`,
      EXPECTED,
      suggest(scheme, Object.keys(PRODUCTS)),
    )
  return {
    product: PRODUCT_OF[scheme] ?? scheme,
    ...(host !== undefined && { host }),
    ...(port === undefined ? { port: PRODUCTS[scheme] as number } : port !== '*' && { port: Number(port) }),
    ...(database && { database }),
  }
}

const PRODUCT_OF: Readonly<Record<string, string>> = { postgresql: 'postgres', rediss: 'redis' }

function remedy({ facts }: Layer) {
  if (facts.path !== undefined) return { rule: `db:unix:${facts.path}` }
  const usual = PRODUCTS[String(facts.product)] === facts.port
  const host = String(facts.host)
  const place = `${host.includes(':') ? `[${host}]` : host}${usual ? '' : `:${facts.port}`}`
  return { rule: `db:${facts.product}://${place}${facts.database === undefined ? '' : `/${facts.database}`}` }
}
