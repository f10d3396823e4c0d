/** What pg-mem throws, as Postgres would say it: its messages are those of Postgres, its codes mostly are not there. */
import { Failure, Limit } from './failure.ts'

type Reads = (found: RegExpExecArray) => Partial<Failure>
const none: Reads = () => ({})

/** SQLSTATE by message, the first that fits. */
const CODES: readonly (readonly [RegExp, string, Reads])[] = [
  [/duplicate key value violates unique constraint "([^"]*)"/, '23505', ([, constraint]) => ({ constraint })],
  [/null value in column "([^"]*)"/, '23502', ([, column]) => ({ column })],
  [/violates foreign key constraint "?([^"\s]*)"?/, '23503', ([, constraint]) => ({ constraint })],
  [/check constraint "([^"]*)"/, '23514', ([, constraint]) => ({ constraint })],
  [/^column "?.*"? does not exist/, '42703', none],
  [/^column reference .* is ambiguous/, '42702', none],
  [/^relation .* does not exist/, '42P01', none],
  [/^(?:relation|table|index|sequence|view) .* already exists/i, '42P07', none],
  [/^column .* already exists/, '42701', none],
  [/^type .* does not exist/, '42704', none],
  [/^type .* already exists/, '42710', none],
  [/^function .* does not exist/, '42883', none],
  [/^operator does not exist/, '42883', none],
  [/^schema .* (?:does not exist|not found)/, '3F000', none],
  [/invalid input (?:syntax|value)/, '22P02', none],
  [/^invalid (?:\w+ )?(?:json|date|timestamp)/i, '22P02', none],
  [/value too long for type/, '22001', none],
  [/out of range/, '22003', none],
  [/division by zero/, '22012', none],
  [/cannot cast type/, '42846', none],
  [/must appear in the GROUP BY|aggregate functions are not allowed/i, '42803', none],
  [/more than one row returned by a subquery/, '21000', none],
  [/is of type .* but expression is of type|must be type|types .* cannot be matched/, '42804', none],
  [/has more (?:expressions|target columns)/, '42601', none],
  [/is not (?:a )?unique|no unique or exclusion constraint/, '42P10', none],
  [/cannot drop .* because other objects depend|still referenced/, '2BP01', none],
]

const NOT_SUPPORTED = /^🔨 Not supported 🔨 : /u
const UNPARSED = /^💔 Your query failed to parse/u
const AT = /Syntax error at line (\d+) col (\d+)/
const UNEXPECTED = /Unexpected .*? token: .*?(?=\. (?:I did not expect|Instead, I was expecting))|Unexpected .*$/m
const NATIVE_FUNCTION = /pg-mem implements very few native functions/
/** `do` and `create function`; pg-mem spells it so. */
const LANGUAGE = /^Unk(?:on|no)wn language /

/** The failure or the limit that an error of pg-mem's stands for. */
export function failureOf(error: unknown, sql: string): Error {
  if (error instanceof Failure || error instanceof Limit) return error
  const { message = String(error), data, code } = (error ?? {}) as { message?: string; data?: Thrown; code?: string }
  if (UNPARSED.test(message)) return unparsed(message, sql)
  // pg-mem appends advice, from an empty line on.
  const [first = message] = message.replace(NOT_SUPPORTED, '').split('\n\n')
  if (data === undefined || NOT_SUPPORTED.test(message)) return new Limit(sql, first.trim())
  // What it was doing stands before a message of unique indices.
  const word = (data.error ?? first).replace(/^.* - (?=duplicate key)/s, '').replace(/^ERROR: /, '')
  if (NATIVE_FUNCTION.test(data.hint ?? '') || LANGUAGE.test(word)) return new Limit(sql, word)
  const known = CODES.find(([pattern]) => pattern.test(word))
  const more = known ? known[2](known[0].exec(word) as RegExpExecArray) : {}
  return new Failure(code ?? known?.[1] ?? 'XX000', word, { detail: data.details, ...more })
}

interface Thrown {
  readonly error?: string
  readonly details?: string
  readonly hint?: string
}

function unparsed(message: string, sql: string): Limit {
  const [, line, column] = AT.exec(message) ?? []
  const word = UNEXPECTED.exec(message)?.[0] ?? 'it cannot be parsed'
  if (line === undefined) return new Limit(sql, word)
  const before = sql.split('\n').slice(0, Number(line) - 1)
  const position = before.reduce((sum, each) => sum + each.length + 1, 0) + Number(column) - 1
  return new Limit(sql, word, Math.min(position, sql.length))
}
