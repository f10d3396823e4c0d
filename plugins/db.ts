/**
 * Watches connections of database drivers, by name: the connection is that of `sockets`, the driver is read from the stack once per new
 * connection. Opening decides; queries on an open connection belong to it.
 *
 * Bypassed by: drivers in native addons (pg-native, oracledb's thick mode), databases in files.
 */
import { resolve } from 'node:path'
import {
  definePlugin,
  type Layer,
  type Mocking,
  type PolicyContext,
  packageOf,
  pathBelow,
  type RuleFields,
  type RulePlace,
  RuleSyntaxError,
  type StackFrame,
  suggest,
  type Tap,
} from '../src/plugin.ts'
import { isUsed } from './db/answers.ts'
import { DRIVERS, PRODUCTS } from './db/drivers.ts'
import { loginOf, watchLogins } from './db/logins.ts'
import { mockingOf } from './db/mocking.ts'
import { keepCallers } from './db/queues.ts'
import { keepSenders } from './db/senders.ts'
import type { Library } from './db/sqlite-mocks.ts'

const URL_RULE = /^([a-z]+):\/\/(?:([^/:@?#\s]+|\[[^\]]+\]))?(?::(\d{1,5}|\*))?(?:\/([^/?#\s]*))?$/
const FILE_RULE = /^(sqlite|duckdb|lmdb|leveldb|rocksdb):(?!\/\/)(.+)$/s
const EXPECTED = "'db:postgres://host[:port][/database]' or 'db:sqlite:data/app.db'"
const HOME = process.cwd()
const MOST_SHOWN = 120
const ON_ENGINE =
  'the connection leads to an embedded database, which answers in sandboxes: send it in one, or end the client with the sandbox that it was opened in'

const ON_DISK =
  'a database file is judged by the folders of fs.write, and of fs.read where it is opened for reading only'

/** Products that are given commands, and no statements. */
const COMMANDS = ['redis', 'mongodb']

/** Products that scripts answer, and no engine. */
const SCRIPTED = ['redis', 'mysql', 'mongodb']

/** Mocks are made by the test, on its own; what they are served with is the plugin's. */
let installed: Tap | undefined
/** better-sqlite3, as it was loaded last. */
let library: Library | undefined
let made: Mocking | undefined

export const db = definePlugin({
  name: 'db',
  operations: {
    connect: { safety: 'unsafe', summary: 'connects to a database', opens: true },
    query: { safety: 'unsafe', summary: 'runs a statement on an embedded database' },
    control: { safety: 'unsafe', summary: 'steers a session on an embedded database', opens: true },
    open: { safety: 'unsafe', summary: 'opens a database file, or makes it', opens: true },
    read: { safety: 'safe', summary: 'opens a database file for reading only', opens: true },
  },
  facts: {
    product: 'word',
    driver: 'word',
    host: 'host',
    port: 'port',
    database: 'word',
    user: 'word',
    replicaSet: 'word',
    path: 'file',
    text: 'text',
    params: 'data',
    rows: 'data',
    error: 'data',
    transaction: 'data',
  },
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
  describe,
  remedy,
  lifts: [
    { over: 'sockets', lift },
    { over: 'fs', lift: liftFile },
  ],
  get mocking() {
    made ??= mockingOf(
      () => installed as Tap,
      () => library,
    )
    return made
  },
  install(tap) {
    installed = tap
    watchLogins(tap)
    keepCallers(tap, isUsed)
    keepSenders(tap, isUsed)
    tap.onceLoaded(['/better-sqlite3/lib/index.js'], (exported) => {
      library = exported as Library
    })
  },
})

function lift(lower: Layer, stack: () => readonly StackFrame[]): Layer | undefined {
  if (lower.operation !== 'sockets:connect' || lower.facts.transport === 'udp') return undefined
  const found = driverOf(stack())
  if (!found) return undefined
  const { host, port, path } = lower.facts
  const { driver, ...login } = loginOf(found.name) ?? {}
  const facts = {
    product: found.product,
    driver: found.name,
    ...(path === undefined ? { host, port } : { path }),
    database: undefined,
    user: undefined,
    ...login,
  }
  return { protocol: 'db', operation: 'db:connect', facts }
}

/** A database in a file: whoever reports the file says which driver opens it. */
function liftFile({ operation, facts }: Layer): Layer | undefined {
  const { driver, product, path } = facts
  if (driver === undefined) return undefined
  const what = operation === 'fs:write' ? 'db:open' : 'db:read'
  return { protocol: 'db', operation: what, facts: { product, driver, path } }
}

/** The package nearest to the socket that is a driver, by the name that people know it by. */
function driverOf(frames: readonly StackFrame[]): { name: string; product: string } | undefined {
  for (const { file } of frames) {
    const name = packageOf(file)
    const driver = name !== undefined && Object.hasOwn(DRIVERS, name) ? DRIVERS[name] : undefined
    if (name !== undefined && driver) return { name: driver.name ?? name, product: driver.product }
  }
  return undefined
}

function describe({ operation, facts }: Layer): string {
  if (operation === 'db:query' || operation === 'db:control')
    return `the ${COMMANDS.includes(String(facts.product)) ? 'command' : 'statement'} ${shorten(wordsOf(facts))} on ${placeOf(facts)}`
  if (operation !== 'db:connect') {
    const reading = operation === 'db:read' ? ' for reading' : ''
    return `opening the ${facts.product} database ${facts.path} with ${facts.driver}${reading}`
  }
  return `${facts.driver} to ${placeOf(facts)}${facts.user === undefined ? '' : ` as ${facts.user}`}`
}

/** What a statement says: of a command of Redis, the arguments are half; one of MongoDB is about a collection. */
function wordsOf({ product, text, params }: Layer['facts']): string {
  if (!COMMANDS.includes(String(product)) || !Array.isArray(params)) return String(text)
  const shown = params.map((param) => {
    if (typeof param === 'string') return param
    return ArrayBuffer.isView(param) ? `<${param.byteLength} bytes>` : param?.collection
  })
  return [text, ...shown]
    .filter((word) => word !== undefined)
    .join(' ')
    .replaceAll(/\s+/g, ' ')
}

/** Long statements are cut: all of it is among the facts. */
function shorten(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text
}

function placeOf({ path, host, port }: Layer['facts']): string {
  if (path !== undefined) return String(path)
  return `${String(host).includes(':') ? `[${host}]` : host}:${port}`
}

function parseRule(text: string, { dir }: RulePlace): RuleFields {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) }
  const [, kind, file] = FILE_RULE.exec(text) ?? []
  if (kind !== undefined && file !== undefined)
    return {
      operation: ['open', 'read', 'query', 'control'],
      product: kind,
      path: file.startsWith('**') ? file : resolve(dir ?? HOME, file),
    }
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

function remedy({ operation, facts }: Layer, { sandboxed, place: { rules } }: PolicyContext) {
  const ofFile = operation === 'db:open' || operation === 'db:read'
  if (ofFile || facts.product === 'sqlite') {
    // A rule is read on other machines, too.
    const near = pathBelow(rules, String(facts.path)) ?? facts.path
    return { rule: `db:${facts.product}:${near}`, hint: ofFile ? ON_DISK : ON_ENGINE }
  }
  const onEngine = operation !== 'db:connect'
  // Its connection leads to scripts, which a rule changes nothing of.
  if (onEngine && sandboxed && SCRIPTED.includes(String(facts.product))) return { rule: '' }
  const hint = onEngine
    ? { hint: ON_ENGINE }
    : sandboxed && !['postgres', ...SCRIPTED].includes(String(facts.product))
      ? { hint: hintFor(facts) }
      : {}
  if (facts.path !== undefined) return { rule: `db:unix:${facts.path}`, ...hint }
  const usual = PRODUCTS[String(facts.product)] === facts.port
  const host = String(facts.host)
  const place = `${host.includes(':') ? `[${host}]` : host}${usual ? '' : `:${facts.port}`}`
  return { rule: `db:${facts.product}://${place}${facts.database === undefined ? '' : `/${facts.database}`}`, ...hint }
}

/** What can stand in its place. */
function hintFor({ path, host, port }: Layer['facts']): string {
  const place = path === undefined ? `tcp://${String(host).includes(':') ? `[${host}]` : host}:${port}` : `unix:${path}`
  return `queries are not mocked; mock the function that makes them, tripwire.mock(orders, 'find'), or the bytes of the connection, tripwire.sockets.mock('${place}', …)`
}
