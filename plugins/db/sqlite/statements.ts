/** SQL as SQLite reads it, as far as it has to be understood without it. */
import { type Catalogue, readsOnly, type Token } from '../relations.ts'
import { verbOf } from '../statements.ts'

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?|;|[\w$\u0080-\uffff]+|\s+|./g
const BLANK = /^(?:\s|--|\/\*)/
const TRIGGER = /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER$/

/** The statements of a text, without those that are empty. In a trigger a semicolon ends nothing, until `; END;` (as `sqlite3_complete` has it). */
export function splitStatements(sql: string): string[] {
  const statements: string[] = []
  let text = ''
  let words: string[] = []
  let isTrigger = false
  const end = () => {
    if (words.length > 0) statements.push(text.trim())
    text = ''
    words = []
    isTrigger = false
  }
  for (const token of sql.match(TOKEN) ?? []) {
    if (token === ';' && !(isTrigger && !(words.at(-1) === 'END' && words.at(-2) === ';'))) {
      end()
      continue
    }
    text += token
    if (BLANK.test(token)) continue
    words.push(token.toUpperCase())
    if (words.length <= 7) isTrigger ||= TRIGGER.test(words.join(' '))
  }
  end()
  return statements
}

const CONTROL = new Set(['begin', 'commit', 'end', 'rollback', 'savepoint', 'release', 'attach', 'detach'])
/** Settings that are part of what a database holds. */
const KEPT = /^pragma\s+(?:\w+\s*\.\s*)?(?:user_version|application_id|schema_version)\s*[=(]/i
const CATALOGUE = /sqlite_|pragma_/i
const RELATIONS = /^(?:sqlite_(?:temp_)?(?:master|schema)|pragma_\w+)$/
const HARMLESS =
  /^(?:pragma_\w+|count|min|max|sum|total|avg|group_concat|string_agg|coalesce|ifnull|nullif|iif|lower|upper|trim|ltrim|rtrim|substr|substring|replace|instr|length|printf|format|quote|hex|typeof|abs|round|cast|like|glob|json_\w+|row_number|rank|dense_rank|sqlite_version|unicode|char)$/
const OF_SQLITE: Catalogue = {
  isRelation: (name) => RELATIONS.test(name),
  isHarmless: (name) => HARMLESS.test(name),
}
const SERVER =
  /^select\s+(?:(?:sqlite_version|sqlite_source_id|changes|total_changes|last_insert_rowid)\s*\(\s*\)|1)(?:\s+as\s+["'`]?\w+["'`]?)?$/i

/** Whether a statement steers the connection, or asks what drivers ask on their own: nobody has to assert it. @param folded by `foldStatement` */
export function isQuiet(folded: string): boolean {
  const known = quiet.get(folded)
  if (known !== undefined) return known
  if (quiet.size >= MOST_KEPT) quiet.clear()
  const is = isSteering(folded)
  quiet.set(folded, is)
  return is
}

/** Code runs the same again and again. */
const quiet = new Map<string, boolean>()
const MOST_KEPT = 500

function isSteering(folded: string): boolean {
  const verb = verbOf(folded)
  if (CONTROL.has(verb)) return true
  if (verb === 'pragma') return !KEPT.test(folded)
  if (verb !== 'select') return false
  return SERVER.test(folded) || (CATALOGUE.test(folded) && readsOnly(tokensOf(folded), OF_SQLITE))
}

function tokensOf(sql: string): Token[] {
  return (sql.match(TOKEN) ?? [])
    .filter((text) => !BLANK.test(text))
    .map((text): Token => {
      if (/^["'`[]/.test(text)) return { kind: text.startsWith("'") ? 'text' : 'name', text: text.slice(1, -1) }
      return { kind: /^[\w$\u0080-\uffff]/.test(text) ? 'word' : 'other', text }
    })
}
