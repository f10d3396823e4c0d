/** How tests name a statement. */
import { type FactPatterns, isAsymmetric, isRegExp, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { type Dialect, foldStatement } from './statements.ts'

const FORMS = 'a statement, a RegExp or a matcher for one, or { text, params, transaction, database }'
const KEYS = ['text', 'params', 'rows', 'error', 'transaction', 'host', 'port', 'path', 'database', 'user', 'driver']

/** @param dialect whose SQL it is, where that is known @throws RuleSyntaxError */
export function readPattern(pattern: unknown, dialect?: Dialect): FactPatterns {
  if (typeof pattern === 'string') return { text: folded(pattern, dialect) }
  if (isRegExp(pattern) || isAsymmetric(pattern)) return { text: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no statement', FORMS)
  const keys = Object.keys(pattern)
  if (keys.length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const unknown = keys.find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a statement has no '${unknown}'`, FORMS, suggest(unknown, KEYS))
  const { text } = pattern as { text?: unknown }
  return typeof text === 'string' ? { ...pattern, text: folded(text, dialect) } : (pattern as FactPatterns)
}

function folded(sql: string, dialect: Dialect | undefined): unknown {
  const text = foldStatement(sql, dialect)
  const other = dialect === undefined ? foldStatement(sql, 'mysql') : text
  if (other === '') throw new RuleSyntaxError('the statement is empty', FORMS)
  return other === text || text === '' ? other : eitherOf(text, other)
}

/** The method by which messages print a value as code. */
const CODE = Symbol.for('vitest-tripwire.code')

/** What is quoted, and what is a comment, depends on whose SQL it is. */
function eitherOf(text: string, other: string): object {
  return {
    asymmetricMatch: (came: unknown) => came === text || came === other,
    [CODE]: (print: (value: unknown) => string) => print(text),
  }
}
