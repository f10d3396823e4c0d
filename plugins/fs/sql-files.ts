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

/** The files of each statement, in order. */
export function filesIn(sql: string): SqlFile[] {
  if (!/attach|vacuum/i.test(sql)) return []
  const files: SqlFile[] = []
  let statement: string[] = []
  for (const token of [...(sql.match(TOKEN) ?? []), ';']) {
    if (BLANK.test(token)) continue
    if (token !== ';') statement.push(token)
    else {
      const file = fileOf(statement)
      if (file) files.push(file)
      statement = []
    }
  }
  return files
}

function fileOf(tokens: readonly string[]): SqlFile | undefined {
  const words = tokens.map((token) => token.toUpperCase())
  if (words[0] === 'ATTACH') {
    const from = words[1] === 'DATABASE' ? 2 : 1
    return named(tokens, from, words.lastIndexOf('AS'))
  }
  const into = words[0] === 'VACUUM' ? words.indexOf('INTO') : -1
  return into < 0 ? undefined : named(tokens, into + 1, tokens.length)
}

function named(tokens: readonly string[], from: number, to: number): SqlFile | undefined {
  const expression = tokens.slice(from, to < 0 ? tokens.length : to)
  const [only = ''] = expression
  if (expression.length === 0) return undefined
  if (expression.length > 1) return { kind: 'computed', text: expression.join(' ') }
  if (QUOTED.test(only)) return { kind: 'name', name: unquoted(only) }
  if (only === '?') {
    const number = tokens.slice(0, from).filter((token) => token === '?').length
    return { kind: 'bound', key: number }
  }
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
