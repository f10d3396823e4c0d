/** The files that a text of SQL opens: `ATTACH` and `VACUUM INTO`, which SQLite carries out itself, on a database in memory too. */

/** What names a file in a statement. */
export type SqlFile =
  | { readonly kind: 'name'; readonly name: string }
  /** A parameter: the key of a named one, or the number of a positional one, from 0. */
  | { readonly kind: 'bound'; readonly key: string | number }
  /** An expression, as it is written: what it gives nobody knows before it runs. */
  | { readonly kind: 'computed'; readonly text: string }

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|;|[\w$]+|[?:@$#]\w*|\s+|./g
const BLANK = /^(?:\s|--|\/\*)/
const QUOTED = /^(?:'|"|`|\[)/

/** Where a file is named. */
interface Place {
  readonly file: SqlFile
  /** Of the token, for what is no expression of several. */
  readonly from: number
  readonly to: number
}

interface Token {
  readonly text: string
  readonly at: number
}

/** The files of each statement, in order. */
export function filesIn(sql: string): SqlFile[] {
  return placesIn(sql).map(({ file }) => file)
}

/** Gives the files that a text names other names. @param names in the order of `filesIn`; undefined for those that stay */
export function renamed(sql: string, names: readonly (string | undefined)[]): string {
  let text = ''
  let at = 0
  placesIn(sql).forEach(({ file, from, to }, index) => {
    const name = names[index]
    if (name === undefined || file.kind !== 'name') return
    text += `${sql.slice(at, from)}'${name.replaceAll("'", "''")}'`
    at = to
  })
  return text + sql.slice(at)
}

function placesIn(sql: string): Place[] {
  if (!/attach|vacuum/i.test(sql)) return []
  const places: Place[] = []
  let statement: Token[] = []
  let at = 0
  for (const text of [...(sql.match(TOKEN) ?? []), ';']) {
    const token = { text, at }
    at += text.length
    if (BLANK.test(text)) continue
    if (text !== ';') statement.push(token)
    else {
      const place = placeIn(statement)
      if (place) places.push(place)
      statement = []
    }
  }
  return places
}

function placeIn(tokens: readonly Token[]): Place | undefined {
  const words = tokens.map(({ text }) => text.toUpperCase())
  if (words[0] === 'ATTACH') {
    const from = words[1] === 'DATABASE' ? 2 : 1
    return named(tokens, from, words.lastIndexOf('AS'))
  }
  const into = words[0] === 'VACUUM' ? words.indexOf('INTO') : -1
  return into < 0 ? undefined : named(tokens, into + 1, tokens.length)
}

function named(tokens: readonly Token[], from: number, to: number): Place | undefined {
  const expression = tokens.slice(from, to < 0 ? tokens.length : to)
  const [first] = expression
  const last = expression.at(-1)
  if (first === undefined || last === undefined) return undefined
  const texts = expression.map(({ text }) => text)
  const file = fileOf(texts, tokens.slice(0, from))
  return file && { file, from: first.at, to: last.at + last.text.length }
}

function fileOf(expression: readonly string[], before: readonly Token[]): SqlFile | undefined {
  const [only = ''] = expression
  if (expression.length > 1) return { kind: 'computed', text: expression.join(' ') }
  if (QUOTED.test(only)) return { kind: 'name', name: unquoted(only) }
  if (only === '?') return { kind: 'bound', key: before.filter(({ text }) => text === '?').length }
  if (/^\?\d+$/.test(only)) return { kind: 'bound', key: Number(only.slice(1)) - 1 }
  if (/^[:@$]\w+$/.test(only)) return { kind: 'bound', key: only }
  // An identifier that names no column is taken for a text.
  return /^\w+$/.test(only) && !/^null$/i.test(only) ? { kind: 'name', name: only } : undefined
}

function unquoted(token: string): string {
  const quote = token[0] === '[' ? ']' : (token[0] as string)
  return token.slice(1, -1).replaceAll(quote + quote, quote)
}

/** What a parameter stands for in a call of a prepared statement: an object names the named ones, with or without their prefix. */
export function boundValue(key: string | number, args: readonly unknown[]): unknown {
  const [first] = args
  const isNamed = typeof first === 'object' && first !== null && !Array.isArray(first) && !ArrayBuffer.isView(first)
  if (typeof key === 'number') return isNamed ? args[key + 1] : Array.isArray(first) ? first[key] : args[key]
  const values = (isNamed ? first : {}) as Readonly<Record<string, unknown>>
  return values[key] ?? values[key.slice(1)]
}

/** The arguments of such a call with another value for a parameter. */
export function withBound(key: string | number, args: readonly unknown[], value: unknown): unknown[] {
  const [first, ...rest] = args
  const isNamed = typeof first === 'object' && first !== null && !Array.isArray(first) && !ArrayBuffer.isView(first)
  if (typeof key === 'string') {
    const values = (isNamed ? first : {}) as Readonly<Record<string, unknown>>
    return [{ ...values, [key in values ? key : key.slice(1)]: value }, ...rest]
  }
  if (Array.isArray(first)) return [first.with(key, value), ...rest]
  return args.map((arg, at) => (at === key + (isNamed ? 1 : 0) ? value : arg))
}
