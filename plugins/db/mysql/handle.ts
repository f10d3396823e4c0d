/** Scripted MySQL, as tests script it. */
import { type Facts, type PrintCall, RuleSyntaxError } from '../../../src/plugin.ts'
import { readPattern } from '../patterns.ts'
import type { Registering } from '../scripted.ts'
import type { ScriptedMysql } from '../scripted-family.ts'
import { verbOf } from '../statements.ts'
import { readReply } from './script.ts'
import { asParam } from './values.ts'

const FORMS =
  "mysql.on('select … where id = ?', [5], { rows: [{ id: 5 }] }): a statement, its parameters if they matter, and the reply last"

export function handleOf({ register, telling }: Registering): ScriptedMysql {
  const on = (statement: unknown, ...rest: unknown[]) => {
    if (rest.length === 0 || rest.length > 2) throw new RuleSyntaxError('the reply is missing', FORMS)
    const [params] = rest.length === 2 ? rest : []
    const pattern = readPattern(statement, 'mysql')
    if (rest.length === 1) return register(pattern, readReply(rest[0]), 'mysql.on', [statement])
    const isList = Array.isArray(params)
    if (!isList && typeof (params as { asymmetricMatch?: unknown } | null)?.asymmetricMatch !== 'function')
      throw new RuleSyntaxError('the parameters are no list', FORMS)
    const said = { ...pattern, params: isList ? params.map(asParam) : params }
    return register(said, readReply(rest[1]), 'mysql.on', [statement, params])
  }
  return { on: telling('mysql.on', on) }
}

/** Verbs that change rows instead of giving some. */
const CHANGING = ['insert', 'update', 'delete', 'replace', 'create', 'drop', 'alter', 'truncate', 'load', 'grant']

/** A script of a statement that has none, as code. */
export function suggest({ text, params }: Facts, print: PrintCall): string {
  const verb = verbOf(String(text))
  const reply = CHANGING.includes(verb) ? { affectedRows: 1, ...(verb === 'insert' && { insertId: 1 }) } : { rows: [] }
  const given = Array.isArray(params) && params.length > 0 ? [params] : []
  return print('.on', [text, ...given, reply])
}
