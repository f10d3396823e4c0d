import type { EngineLimit } from '../../../src/plugin.ts'
import type { Limit } from './failure.ts'

/** A limit with what can be done about it. */
export function limitOf(engine: string, { statement, position, message }: Limit, folded?: string): EngineLimit {
  const scripted = folded !== undefined && {
    does: 'answer it by a script, registered before the sandbox',
    code: `db.script(${/['\\]/.test(folded) ? JSON.stringify(folded) : `'${folded}'`}, { rows: [{ … }] })`,
  }
  const registered = {
    does: 'register the function that is missing, or leave out what the test does not need',
    code: 'schema: [({ engine }) => engine.public.registerFunction({ … }), …]',
  }
  const fixes = scripted ? [scripted] : [registered]
  return { engine, statement, position, word: message, fixes }
}
