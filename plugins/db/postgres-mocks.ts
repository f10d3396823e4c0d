/** Embedded Postgres, as tests make it and script it. The engine and the wire are loaded by the first. */
import { builtIn, isA, RuleSyntaxError, suggest, type Tap } from '../../src/plugin.ts'
import { answerAt, type DbAnswer, type Made } from './answers.ts'
import type { Database, EmbeddedPostgres, PostgresOptions } from './family.ts'
import { readPattern } from './patterns.ts'
import { readUrl, SCHEMES } from './place.ts'
import { foldStatement } from './statements.ts'

// Captured at load: tests fake timers.
const { setTimeout, clearTimeout } = globalThis

const OPTIONS = ['schema', 'seed', 'engine', 'login']
const SOURCES = 'SQL, the path of a file or of a folder, a URL, a function of { exec, engine }, or a list of these'
const LOGINS = ['scram-sha-256', 'md5', 'password']
const ENGINES = ['pg-mem', 'pglite']

/** What a script gives in the engine's place. */
export interface Script {
  readonly rows?: readonly Readonly<Record<string, unknown>>[]
  readonly error?: { readonly code: string; readonly message: string }
}

/** The part that is loaded later. */
interface Part {
  createPostgres(options: PostgresOptions, parts: object): EmbeddedPostgres
}

/** `tripwire.db.postgres` */
export function postgres(made: Made, tap: Tap, url: unknown, options: unknown): Promise<Database> {
  const { register, print, asserting } = made
  const { place, account, text: shown } = readUrl(url, SCHEMES.postgres)
  const read = readOptions(options)
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
  answerAt(made, patterns, embedded, print('tripwire.db.postgres', [shown]))
  return embedded.ready
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
