/** What a `select` reads and calls, as far as that is seen without an engine: whether it is of the catalogue alone. */

/** A piece of SQL that means something. A `name` is what was quoted as one; it and a `text` are without their quotes. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'other'
  readonly text: string
}

/** What a product has of its own. All are asked in lower case; `schema` is what stands before the last dot. */
export interface Catalogue {
  isRelation(name: string, schema: string | undefined): boolean
  /** Whether calling it changes nothing, and reads nothing else. */
  isHarmless(name: string, schema: string | undefined): boolean
}

interface Level {
  /** In a FROM clause, up to the word that ends it. */
  isFrom: boolean
  /** Where a relation has to stand next. */
  expects: boolean
  /** `extract(epoch from …)`: no clause. */
  takesFrom: boolean
}

const ENDS_FROM = new Set(
  'where group having order limit offset fetch for window union intersect except returning'.split(' '),
)
const BEFORE_RELATION = new Set(['from', 'join'])
const TAKES_FROM = new Set(['extract', 'substring', 'trim', 'overlay'])
const BEGINS_SELECT = new Set(['select', 'values', 'with'])
const FILLS = new Set(['only', 'lateral'])
/** Words after which a word with `(` is no alias with its columns, and which are no functions before one. */
const KEYWORDS = new Set(
  `select distinct all where and or not on in is like ilike glob between then else when case end having by limit offset any some exists from
  join using as union intersect except over filter order group values similar to with lateral only array row rows cast isnull notnull partition
  within recursive materialized escape asc desc left right full inner outer cross natural ordinality fetch for window collate interval`.split(
    /\s+/,
  ),
)
/** Types that are written with a length. */
const TYPES = new Set(
  'varchar char character varying numeric decimal bit time timestamp timestamptz float nvarchar int integer'.split(' '),
)

/** Whether all that a `select` reads is of the catalogue, at least one relation is, and what it calls is harmless. */
export function readsOnly(tokens: readonly Token[], catalogue: Catalogue): boolean {
  const levels: Level[] = [{ isFrom: false, expects: false, takesFrom: false }]
  let found = false
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token
    const level = levels.at(-1) as Level
    const word = token.kind === 'word' ? token.text.toLowerCase() : ''
    if (token.text === '(' && token.kind === 'other') {
      const isNested = level.expects
      levels.push({ isFrom: isNested, expects: isNested, takesFrom: false })
    } else if (token.text === ')' && token.kind === 'other') {
      if (levels.length > 1) levels.pop()
      const outer = levels.at(-1) as Level
      outer.expects = false
    } else if (token.text === ',' && token.kind === 'other') {
      if (level.isFrom) level.expects = true
    } else if (BEGINS_SELECT.has(word) && (word !== 'with' || level.expects)) {
      // `from (select …` is no join in brackets; `with ordinality` begins nothing.
      Object.assign(level, { isFrom: false, expects: false, takesFrom: false })
    } else if (word === 'into') return false
    else if (word === 'table' && !level.isFrom) {
      level.expects = true
    } else if (BEFORE_RELATION.has(word) && !(word === 'from' && isOperator(level, tokens, at))) {
      level.isFrom = true
      level.expects = true
    } else if (ENDS_FROM.has(word) && !level.expects) {
      level.isFrom = false
    } else if (isName(token, level) && !(level.expects && FILLS.has(word))) {
      const { parts, next } = dotted(tokens, at)
      const isCall = tokens[next]?.text === '(' && tokens[next]?.kind === 'other'
      const [name = '', schema] = [parts.at(-1), parts.length > 1 ? parts.slice(0, -1).join('.') : undefined]
      if (level.expects) {
        if (isCall ? !catalogue.isHarmless(name, schema) : !catalogue.isRelation(name, schema)) return false
        found = true
        level.expects = false
      } else if (isCall && isFunction(tokens, at, name, level) && !catalogue.isHarmless(name, schema)) return false
      at = next - 1
      if (isCall) {
        levels.push({ isFrom: false, expects: false, takesFrom: TAKES_FROM.has(name) })
        at = next
      }
    }
  }
  return found
}

/** SQLite takes a text for a name where only that can stand. */
const isName = ({ kind }: Token, { expects }: Level) =>
  kind === 'word' || kind === 'name' || (expects && kind === 'text')

/** `is distinct from`, and the `from` of what is called with one. */
function isOperator(level: Level, tokens: readonly Token[], at: number): boolean {
  const before = (steps: number) => tokens[at - steps]?.text.toLowerCase()
  return level.takesFrom || (before(1) === 'distinct' && (before(2) === 'is' || before(2) === 'not'))
}

const isDottable = (token: Token | undefined) => token !== undefined && token.kind !== 'other'

/** A name with what is before its dots, all in lower case. */
function dotted(tokens: readonly Token[], from: number): { readonly parts: readonly string[]; readonly next: number } {
  const parts = [(tokens[from] as Token).text.toLowerCase()]
  let next = from + 1
  while (tokens[next]?.text === '.' && isDottable(tokens[next + 1])) {
    parts.push((tokens[next + 1] as Token).text.toLowerCase())
    next += 2
  }
  return { parts, next }
}

/** A word with `(` that is neither a key word, nor a type, nor another name with its columns. */
function isFunction(tokens: readonly Token[], at: number, name: string, { isFrom }: Level): boolean {
  const { kind, text } = tokens[at] as Token
  if (kind === 'word' && KEYWORDS.has(text.toLowerCase())) return false
  const before = tokens[at - 1]
  if (before?.text === ':' || (TYPES.has(name) && before?.kind === 'word')) return false
  if (!isFrom || before === undefined) return true
  if (before.kind === 'word') return before.text.toLowerCase() !== 'as' && KEYWORDS.has(before.text.toLowerCase())
  return before.kind === 'other' && before.text !== ')'
}
