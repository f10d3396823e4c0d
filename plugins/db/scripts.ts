/** Statements that are answered in the place of an engine. */
import { type FactPatterns, RuleSyntaxError } from '../../src/plugin.ts'
import type { Made } from './answers.ts'
import { readPattern } from './patterns.ts'

/** What a script gives in the engine's place. */
export interface Script {
  readonly rows?: readonly Readonly<Record<string, unknown>>[]
  readonly error?: { readonly code: string; readonly message: string }
}

/** `script` of an embedded database. @param patterns of its mock @param embedded is asked once it is there */
export function scripting({ register, print, asserting }: Made, patterns: FactPatterns, embedded: () => object) {
  return asserting.telling('db.script', (sql: unknown, script: unknown) => {
    const { text: statement } = readPattern(sql)
    if (statement === undefined)
      throw new RuleSyntaxError('it is no statement', 'a statement, a RegExp or a matcher for one')
    const answer = { embedded: embedded(), script: readScript(script) }
    return register({ ...patterns, operation: 'query', text: statement }, answer, print('db.script', [sql]))
  })
}

function readScript(script: unknown): Script {
  const { rows, error } = (script ?? {}) as Script
  const isRows = Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null)
  const isError = typeof error?.code === 'string' && typeof error.message === 'string'
  if (isRows === isError)
    throw new RuleSyntaxError(
      'the script gives nothing',
      "{ rows: [{ id: 1 }] } or { error: { code: '23505', message: '…' } }",
    )
  return isRows ? { rows } : { error: error as { code: string; message: string } }
}
