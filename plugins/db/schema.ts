/** Where a schema comes from: SQL, a file, a folder of migrations, or a function. */
import { RuleSyntaxError } from '../../src/plugin.ts'
import type { DatabaseSetup, SchemaSource } from './family.ts'

export interface Files {
  readFileSync(path: string | URL, encoding: 'utf8'): string
  readdirSync(path: string | URL): string[]
  statSync(path: string | URL): { isDirectory(): boolean }
}

const EXPECTED = 'SQL, a file of it, a folder of migrations (1_orders.sql, 2_users.sql, …), or a function'

/** A path has no white space at its ends and no semicolon; and it has none at all, ends as files of SQL do, or is a folder. */
const PATH = /^[^\s;](?:[^\n;]*[^\s;])?$/

/** The work that a source is, step by step: one that gives a promise is to be waited for before the next. */
export function* stepsOf(
  source: SchemaSource | undefined,
  setup: SetupOfFiles,
  files: Files,
  join: (...parts: string[]) => string,
): Generator<() => unknown> {
  if (source === undefined) return
  // A function's own statements are in no file.
  const own: DatabaseSetup<unknown> = { exec: (sql) => setup.exec(sql), engine: setup.engine }
  if (typeof source === 'function') yield () => (source as (db: DatabaseSetup<unknown>) => unknown)(own)
  else if (Array.isArray(source))
    for (const each of source as readonly SchemaSource[]) yield* stepsOf(each, setup, files, join)
  else for (const { sql, file } of textsOf(source as string | URL, files, join)) yield () => setup.exec(sql, file)
}

/** What runs statements, and is told which file they are in. */
interface SetupOfFiles {
  exec(sql: string, file?: string): unknown
  readonly engine: object
}

/** The statements of a text, each with where it stands, if that is a file: `db/1_orders.sql:12`. */
export function* placed(
  statements: readonly string[],
  sql: string,
  file: string | undefined,
): Generator<{ readonly sql: string; readonly at: string | undefined }> {
  let end = 0
  for (const statement of statements) {
    const from = sql.indexOf(statement, end)
    end = from + statement.length
    yield { sql: statement, at: file && `${file}:${sql.slice(0, from).split('\n').length}` }
  }
}

/** A text of SQL, and the file that it is from. */
interface Text {
  readonly sql: string
  readonly file?: string
}

/** Files of a folder go by their names, numbers by their size: `2_b.sql` before `10_a.sql`. */
function textsOf(source: string | URL, files: Files, join: (...parts: string[]) => string): Text[] {
  const isText =
    typeof source === 'string' && !(PATH.test(source) && (/\.sql$|^\S+$/i.test(source) || isFolder(source, files)))
  if (isText) return [{ sql: source }]
  const read = (file: string | URL): Text => ({
    sql: textOf(file, files),
    file: typeof file === 'string' ? file : decodeURIComponent(file.pathname),
  })
  if (!isFolder(source, files)) return [read(source)]
  const names = files.readdirSync(source).filter((name) => /\.sql$/i.test(name) && !/\.down\.sql$|^down\./i.test(name))
  if (names.length === 0) throw new RuleSyntaxError(`the folder '${source}' holds no .sql file`, EXPECTED)
  const inOrder = names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const at = (name: string) =>
    typeof source === 'string' ? join(source, name) : new URL(name, `${source.href.replace(/\/?$/, '/')}`)
  return inOrder.map((name) => read(at(name)))
}

/** @throws RuleSyntaxError where nothing is: Node's own error has no line of the user's in it */
function textOf(file: string | URL, files: Files): string {
  try {
    return files.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    throw new RuleSyntaxError(`there is no '${file}' (a relative path starts at the current folder)`, EXPECTED)
  }
}

function isFolder(source: string | URL, files: Files): boolean {
  try {
    return files.statSync(source).isDirectory()
  } catch {
    // What is not there is no folder; where it was to be a file, reading it says so.
    return false
  }
}
