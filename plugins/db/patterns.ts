/** How tests name a statement. */
import { type FactPatterns, isAsymmetric, isRegExp, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { foldStatement } from './statements.ts'

const FORMS = 'a statement, a RegExp or a matcher for one, or { text, params, transaction, database }'
const KEYS = ['text', 'params', 'rows', 'error', 'transaction', 'host', 'port', 'path', 'database', 'user', 'driver']

/** @throws RuleSyntaxError */
export function readPattern(pattern: unknown): FactPatterns {
  if (typeof pattern === 'string') return { text: folded(pattern) }
  if (isRegExp(pattern) || isAsymmetric(pattern)) return { text: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no statement', FORMS)
  const keys = Object.keys(pattern)
  if (keys.length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const unknown = keys.find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a statement has no '${unknown}'`, FORMS, suggest(unknown, KEYS))
  const { text } = pattern as { text?: unknown }
  return typeof text === 'string' ? { ...pattern, text: folded(text) } : (pattern as FactPatterns)
}

function folded(sql: string): string {
  const text = foldStatement(sql)
  if (text === '') throw new RuleSyntaxError('the statement is empty', FORMS)
  return text
}
