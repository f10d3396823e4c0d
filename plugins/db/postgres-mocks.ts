/** Embedded Postgres, as tests make it and script it. The engine and the wire are loaded by the first. */
import { builtIn, originals, RuleSyntaxError, suggest, type Tap } from '../../src/plugin.ts'
import { answerAt, type Made } from './answers.ts'
import { readKeys } from './engine-options.ts'
import type { Database, EmbeddedPostgres, PostgresOptions } from './family.ts'
import { readUrl, SCHEMES } from './place.ts'
import { scripting } from './scripts.ts'
import { foldStatement } from './statements.ts'

// Captured at load: tests fake timers.
const { setTimeout, clearTimeout } = originals

const OPTIONS = ['schema', 'seed', 'engine', 'login']
const LOGINS = ['scram-sha-256', 'md5', 'password']
const ENGINES = ['pg-mem', 'pglite']

/** The part that is loaded later. */
interface Part {
  createPostgres(options: PostgresOptions, parts: object): EmbeddedPostgres
}

/** `tripwire.db.postgres` */
export function postgres(made: Made, tap: Tap, url: unknown, options: unknown): Promise<Database> {
  const { place, account, text: shown } = readUrl(url, SCHEMES.postgres)
  const read = readOptions(options)
  const { createPostgres } = tap.part('postgres') as Part
  const patterns = { product: 'postgres', ...place }
  const embedded: EmbeddedPostgres = createPostgres(read, {
    clock: { setTimeout, clearTimeout },
    account: account && { ...account, method: read.login ?? 'scram-sha-256' },
    builtIn,
    peer: (name: string) => tap.peer(name, 'tripwire.db.postgres'),
    limit: tap.limit,
    fold: foldStatement,
    script: scripting(made, patterns, () => embedded),
  })
  answerAt(made, patterns, embedded, made.print('tripwire.db.postgres', [shown]))
  return embedded.ready
}

function readOptions(options: unknown): PostgresOptions {
  const read = readKeys<PostgresOptions>(options, OPTIONS)
  const { engine, login } = read
  if (login !== undefined && !LOGINS.includes(login))
    throw new RuleSyntaxError(`nobody logs in by '${login}'`, LOGINS.join(', '), suggest(String(login), LOGINS))
  if (engine !== undefined && !ENGINES.includes(engine))
    throw new RuleSyntaxError(`there is no engine '${engine}'`, ENGINES.join(' or '), suggest(String(engine), ENGINES))
  return read
}
