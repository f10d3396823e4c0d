/** Mocks and assertions of databases: what `tripwire.db` reads and prints. The engines and the wire are loaded by the first that is asked for. */
import type { Socket } from 'node:net'
import {
  type Asserting,
  builtIn,
  type FactPatterns,
  type Facts,
  isA,
  isAsymmetric,
  isRegExp,
  type Layer,
  type Mocking,
  type PrintCall,
  type Redirected,
  type Register,
  RuleSyntaxError,
  suggest,
  type Tap,
} from '../../src/plugin.ts'
import type { Database, Embedded, PostgresOptions } from './family.ts'
import { foldStatement } from './statements.ts'

// Captured at load: tests fake timers.
const { setTimeout, clearTimeout } = globalThis

const FORMS = 'a statement, a RegExp or a matcher for one, or { text, params, transaction, database }'
const KEYS = ['text', 'params', 'rows', 'error', 'transaction', 'host', 'port', 'path', 'database', 'user', 'driver']
const OPTIONS = ['schema', 'seed', 'engine', 'login']
const SOURCES = 'SQL, the path of a file or of a folder, a URL, a function of { exec, engine }, or a list of these'
const LOGINS = ['scram-sha-256', 'md5', 'password']
const ENGINES = ['pg-mem', 'pglite']
const URLS = "'postgres://[user:password@]host[:port]/database', the password as encodeURIComponent writes it"

/** What a mock of this protocol answers with. */
export interface DbAnswer {
  readonly embedded: Embedded
  /** Rows or an error that are given in the engine's place. */
  readonly script?: Script | undefined
}

export interface Script {
  readonly rows?: readonly Readonly<Record<string, unknown>>[]
  readonly error?: { readonly code: string; readonly message: string }
}

/** The part that is loaded later. */
interface Part {
  createPostgres(options: PostgresOptions, parts: object): Embedded
}

/** @param tapOf the tap of the plugin, once it is installed */
export function mockingOf(tapOf: () => Tap): Mocking {
  return {
    example: '',
    readPattern,
    readReply: (reply) => reply,
    suggest: ({ facts }) =>
      facts.product === 'postgres' ? `await tripwire.db.postgres('${urlOf(facts)}')` : undefined,
    derive,
    controlled: (facts) => (hasParams(facts) ? ['text', 'params'] : ['text']),
    print: ({ facts }) => ({ pattern: quoted(String(facts.text)), names: ['text'] }),
    serve: (peer, connection, tap) => serve(peer, connection, tap),
    extend: (register, print, asserting) => ({
      mock: () => {
        throw new RuleSyntaxError(
          'databases are not answered call by call',
          'await tripwire.db.postgres(url), and db.script(sql, { rows }) of what that gives',
        )
      },
      passThrough: () => {
        throw new RuleSyntaxError(
          'connections to databases are let through by rules',
          "tripwire.allow('db:postgres://…')",
        )
      },
      postgres: (url: unknown, options?: unknown) => postgres({ register, print, asserting }, tapOf(), url, options),
    }),
  }
}

function serve(peer: Socket, connection: Redirected, tap: Tap): void {
  peer.on('error', () => {}) // The client hung up.
  const { reply } = connection
  if (reply === undefined) return void peer.destroy()
  tap.hub.follow(peer)
  const { embedded } = reply.answer as DbAnswer
  embedded.accept(peer, connection, tap)
}

const hasParams = ({ params }: Facts) => Array.isArray(params) && params.length > 0

/** Facts of a statement that are not there yet. */
function derive({ operation, facts }: Layer): Facts {
  if (operation === 'db:open' || operation === 'db:read') return facts
  const { text, params, rows, error, transaction, ...place } = facts
  return { ...place, text, params, rows, error, transaction }
}

function readPattern(pattern: unknown): FactPatterns {
  if (typeof pattern === 'string') return { text: folded(pattern) }
  if (isRegExp(pattern) || isAsymmetric(pattern)) return { text: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no statement', FORMS)
  const keys = Object.keys(pattern)
  if (keys.length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const unknown = keys.find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a statement has no '${unknown}'`, FORMS, suggest(unknown, KEYS))
  const { text } = pattern as { text?: unknown }
  return typeof text === 'string' ? { ...pattern, text: folded(text) } : (pattern as FactPatterns)
}

function folded(sql: string): string {
  const text = foldStatement(sql)
  if (text === '') throw new RuleSyntaxError('the statement is empty', FORMS)
  return text
}

function quoted(text: string): string {
  return /['\\]/.test(text) ? JSON.stringify(text) : `'${text}'`
}

/** Where a database is, as its mocks have it. */
interface Place {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly database?: string
}

/** Whether this worker has an embedded database. */
export const isUsed = () => used
let used = false

/** What the family is made with. */
interface Made {
  readonly register: Register
  readonly print: PrintCall
  readonly asserting: Asserting
}

function postgres({ register, print, asserting }: Made, tap: Tap, url: unknown, options: unknown): Promise<Database> {
  const { place, account, text: shown } = readUrl(url)
  const read = readOptions(options)
  const text = print('tripwire.db.postgres', [shown])
  used = true
  const { createPostgres } = tap.part('postgres') as Part
  const patterns = { product: 'postgres', ...place }
  const embedded = createPostgres(read, {
    clock: { setTimeout, clearTimeout },
    account: account && { ...account, method: read.login ?? 'scram-sha-256' },
    builtIn,
    peer: (name: string) => tap.peer(name, 'tripwire.db.postgres'),
    limit: tap.limit,
    fold: foldStatement,
    script: asserting.telling('db.script', (sql: unknown, script: unknown) => {
      const { text: statement } = readPattern(sql)
      if (statement === undefined)
        throw new RuleSyntaxError('it is no statement', 'a statement, a RegExp or a matcher for one')
      const answer: DbAnswer = { embedded, script: readScript(script) }
      return register({ ...patterns, operation: 'query', text: statement }, answer, print('db.script', [sql]))
    }),
  })
  const answer: DbAnswer = { embedded }
  const mock = register({ ...patterns, operation: ['connect', 'control', 'query'] }, answer, text, {
    last: true,
    fallback: true,
  })
  mock.always()
  mock.optional()
  return embedded.ready
}

/** Where a database is, who is let in, and the URL without what nobody is to read. */
interface Read {
  readonly place: Place
  readonly account: { readonly user?: string; readonly password: string } | undefined
  readonly text: string
}

function readUrl(url: unknown): Read {
  const given = isA(url, 'URL') ? url.href : url
  const text = typeof given === 'string' ? withoutSecrets(given) : ''
  if (typeof given !== 'string' || !/^postgres(?:ql)?:\/\//.test(given) || !URL.canParse(given))
    throw new RuleSyntaxError(
      `${text === '' ? 'it' : `'${withoutSecrets(String(given), '…@')}'`} is no URL of a Postgres database`,
      URLS,
    )
  const { hostname, port, pathname, username, password, searchParams } = new URL(given)
  if (/%(?![\da-f]{2})/i.test(username + password + pathname))
    throw new RuleSyntaxError(
      `'${text}' has a '%' that escapes nothing`,
      "'%25' for a '%' itself, as encodeURIComponent writes it",
    )
  const host = decodeURIComponent(hostname) || 'localhost'
  const database = decodeURIComponent(pathname.slice(1))
  const number = port === '' ? 5432 : Number(port)
  const folder = host.startsWith('/') ? host : searchParams.get('host')
  const at = folder?.startsWith('/')
    ? { path: `${folder}/.s.PGSQL.${number}` }
    : { host: host.replace(/^\[|\]$/g, ''), port: number }
  const user = username === '' ? {} : { user: decodeURIComponent(username) }
  const account = password === '' ? undefined : { ...user, password: decodeURIComponent(password) }
  return { place: { ...at, ...(database !== '' && { database }) }, account, text }
}

/** Up to the last `@`: passwords that nobody escaped have `@`, `/`, `?` and `#` as they are. */
function withoutSecrets(url: string, instead = ''): string {
  return url.replace(/^([^:]*:(?:\/\/)?).*@/s, `$1${instead}`).replaceAll(/([?&]password=)[^&#]*/gi, '$1…')
}

function readOptions(options: unknown): PostgresOptions {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null)
    throw new RuleSyntaxError('the options are no object', '{ schema, seed, engine, login }')
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key))
  if (unknown !== undefined)
    throw new RuleSyntaxError(
      `there is no option '${unknown}'`,
      '{ schema, seed, engine, login }',
      suggest(unknown, OPTIONS),
    )
  const { engine, login, schema, seed } = options as PostgresOptions
  for (const [name, source] of Object.entries({ schema, seed }))
    if (source !== undefined && !isSource(source))
      throw new RuleSyntaxError(`\`${name}\` holds something that gives no SQL`, SOURCES)
  if (login !== undefined && !LOGINS.includes(login))
    throw new RuleSyntaxError(`nobody logs in by '${login}'`, LOGINS.join(', '), suggest(String(login), LOGINS))
  if (engine !== undefined && !ENGINES.includes(engine))
    throw new RuleSyntaxError(`there is no engine '${engine}'`, ENGINES.join(' or '), suggest(String(engine), ENGINES))
  return options
}

function isSource(source: unknown): boolean {
  if (Array.isArray(source)) return source.every(isSource)
  return typeof source === 'string' || typeof source === 'function' || isA(source, 'URL')
}

function readScript(script: unknown): Script {
  const { rows, error } = (script ?? {}) as Script
  const isRows = Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null)
  const isError = typeof error?.code === 'string' && typeof error.message === 'string'
  if (isRows === isError)
    throw new RuleSyntaxError(
      'the script gives nothing',
      "{ rows: [{ id: 1 }] } or { error: { code: '23505', message: '…' } }",
    )
  return isRows ? { rows } : { error: error as { code: string; message: string } }
}

function urlOf({ host, port, path, database }: Facts): string {
  const name = database === undefined ? '' : `/${database}`
  if (path !== undefined) {
    const [, folder = '', number] = /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(String(path)) ?? []
    return `postgres://${encodeURIComponent(folder)}:${number ?? 5432}${name}`
  }
  const name6 = String(host).includes(':') ? `[${host}]` : host
  return `postgres://${name6}:${port}${name}`
}
