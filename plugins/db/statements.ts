/** SQL as far as it has to be understood without an engine: where statements end, what is white space, and who asks. */
import { SafeMap } from '../../src/plugin.ts'
import { CATALOGUE, OF_POSTGRES } from './catalogue.ts'
import { readsOnly, type Token } from './relations.ts'

/** Quoted text and comments, in which nothing counts: `'…'`, `E'…\'…'`, `"…"`, `$tag$…$tag$`, `--` to the end of the line. */
const QUOTED = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$([A-Za-z_][\w]*)?\$/y
/** Those of MySQL: a backslash escapes in both quotes, names stand in backticks, and comments are to the end of the line after `#`, too. */
const QUOTED_BY_MYSQL = /'(?:[^'\\]|\\[\s\S]|'')*'?|"(?:[^"\\]|\\[\s\S]|"")*"?|`(?:[^`]|``)*`?/y
const SPACE_BY_MYSQL = /(?:\s+|--(?=\s|$)[^\n]*|#[^\n]*)+/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const SPACE = /(?:\s+|--[^\n]*)+/y

/** Whose SQL it is, as far as that makes a difference here. */
export type Dialect = 'postgres' | 'mysql'

interface Piece {
  readonly kind: 'space' | 'quoted' | 'word' | 'end' | 'other'
  readonly text: string
}

/** Cuts SQL into pieces, which put together are that SQL. */
export function* piecesOf(sql: string, dialect: Dialect = 'postgres'): Generator<Piece> {
  const isMysql = dialect === 'mysql'
  const [space, quotes] = isMysql ? [SPACE_BY_MYSQL, QUOTED_BY_MYSQL] : [SPACE, QUOTED]
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(sql)
  }
  while (at < sql.length) {
    let text = take(space)?.[0]
    let kind: Piece['kind'] = 'space'
    if (text === undefined && sql.startsWith('/*', at) && !(isMysql && isRunByMysql(sql, at)))
      text = sql.slice(at, endOfComment(sql, at, !isMysql))
    if (text === undefined) {
      const quoted = take(quotes)
      kind = 'quoted'
      text = quoted?.[0]
      if (text?.startsWith('$') && !isMysql) {
        const end = sql.indexOf(text, at + text.length)
        text = end < 0 ? sql.slice(at) : sql.slice(at, end + text.length)
      }
    }
    if (text === undefined) {
      text = take(WORD)?.[0]
      kind = 'word'
    }
    if (text === undefined) {
      text = sql[at] as string
      kind = text === ';' ? 'end' : 'other'
    }
    yield { kind, text }
    at += text.length
  }
}

// MySQL and MariaDB carry out what others take for these comments, from a version on: `/*!40000 …`, `/*M! …`.
function isRunByMysql(sql: string, at: number): boolean {
  return sql.startsWith('/*!', at) || sql.startsWith('/*M!', at)
}

/** @param nests whether comments do */
function endOfComment(sql: string, from: number, nests: boolean): number {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith('/*', at) && (nests || depth === 0)) {
      depth++
      at++
    } else if (sql.startsWith('*/', at)) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  return sql.length
}

/** The statements of a text, without those that are empty. */
export function splitStatements(sql: string, dialect: Dialect = 'postgres'): string[] {
  const statements: string[] = []
  let open = ''
  let isEmpty = true
  for (const { kind, text } of piecesOf(sql, dialect)) {
    if (kind === 'end') {
      if (!isEmpty) statements.push(open.trim())
      open = ''
      isEmpty = true
      continue
    }
    open += text
    if (kind !== 'space') isEmpty = false
  }
  if (!isEmpty) statements.push(open.trim())
  return statements
}

/** A statement in one line: white space and comments become one blank, and none at the ends and before the last semicolon. */
export function foldStatement(sql: string, dialect: Dialect = 'postgres'): string {
  const folds = foldsOf[dialect]
  const known = folds.get(sql)
  if (known !== undefined) return known
  if (folds.size >= MOST_KEPT) folds.clear()
  const folded = fold(sql, dialect)
  folds.set(sql, folded)
  return folded
}

/** Code asks the same again and again. */
const foldsOf = { postgres: new SafeMap<string, string>(), mysql: new SafeMap<string, string>() }
const MOST_KEPT = 500

function fold(sql: string, dialect: Dialect): string {
  let folded = ''
  let blank = false
  let ends = ''
  for (const { kind, text } of piecesOf(sql, dialect)) {
    if (kind === 'space') blank = true
    else if (kind === 'end') ends += `${blankIf(blank)};`
    else {
      if (folded !== '') folded += ends + blankIf(blank)
      folded += text
      ends = ''
    }
    if (kind !== 'space') blank = false
  }
  return folded
}

const blankIf = (is: boolean) => (is ? ' ' : '')

const CONTROL = new Set([
  ...['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'],
  ...['set', 'reset', 'show', 'discard', 'deallocate'],
])
/** What is asked of the server, and of nothing else. */
const SERVER =
  /^select\s+(?:pg_catalog\.)?(?:version|current_schema|current_database|current_user|pg_backend_pid)\s*(?:\(\s*\))?(?:\s+as\s+"?\w+"?)?$|^select\s+(?:\*\s+from\s+current_(?:schema|database)\(\)|1(?:\s+as\s+"?\w+"?)?)$/i

/** The first word of a statement, in lower case. */
export function verbOf(sql: string): string {
  for (const { kind, text } of piecesOf(sql)) {
    if (kind === 'word') return text.toLowerCase()
    if (kind !== 'space' && text !== '(') return ''
  }
  return ''
}

/** Whether a statement steers the session, or asks what drivers ask on their own: nobody has to assert it. @param folded by `foldStatement` */
export function isQuiet(folded: string): boolean {
  const verb = verbOf(folded)
  if (CONTROL.has(verb)) return true
  if (verb !== 'select') return false
  return SERVER.test(folded) || (CATALOGUE.test(folded) && readsOnly(tokensOf(folded), OF_POSTGRES))
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  for (const { kind, text } of piecesOf(sql)) {
    if (kind === 'word') tokens.push({ kind, text })
    else if (kind === 'quoted' && text.startsWith('"'))
      tokens.push({ kind: 'name', text: text.slice(1, -1).replaceAll('""', '"') })
    else if (kind === 'quoted') tokens.push({ kind: 'text', text })
    else if (kind !== 'space') tokens.push({ kind: 'other', text })
  }
  return tokens
}
