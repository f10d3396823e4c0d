import type { EngineLimit } from '../../../src/plugin.ts'
import type { Failure, Limit } from './failure.ts'

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
  const real = {
    does: 'run it on Postgres itself (npm install -D @electric-sql/pglite)',
    code: "await tripwire.db.postgres(url, { engine: 'pglite' })",
  }
  const fixes = [scripted || registered, real]
  return { engine, statement, position, word: message, fixes }
}

/** What the engine says of a statement of the schema or the seed. */
export function badSchema(engine: string, statement: string, error: unknown): EngineLimit {
  const { code, message = String(error), position } = (error ?? {}) as Partial<Failure>
  const word = code === undefined ? message : `${message} (${code})`
  const fixes = [
    {
      does: 'mend the statement, or what is run before it',
      code: "{ schema: 'db/migrations', seed: 'test/seed.sql' }",
    },
  ]
  return { engine, statement, word, position: position === undefined ? undefined : position - 1, fixes }
}
