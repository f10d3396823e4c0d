import type { EngineLimit } from '../../../src/plugin.ts'

/** What SQLite says of a statement of the schema or the seed. */
export function badSchema(engine: string, statement: string, error: unknown): EngineLimit {
  const word = error instanceof Error ? error.message : String(error)
  const fixes = [
    {
      does: 'mend the statement; a function that it calls is registered before',
      code: "schema: [({ engine }) => engine.function('now', () => …), 'db/schema.sql']",
    },
  ]
  return { engine, statement, word, fixes }
}

/** A connection that a test kept from an earlier one. */
export function staleConnection(engine: string, statement: string, path: string): EngineLimit {
  return {
    engine,
    statement,
    word: `the connection leads to the database that ${path} was in an earlier test, and here it is another`,
    fixes: [
      {
        does: 'declare it once for the file, and put it back before each test',
        code: `let db\nbeforeAll(async () => {\n  db = await tripwire.db.sqlite('${path}', { … })\n})\nbeforeEach(() => db.restore())`,
      },
      { does: 'or open it in each test', code: 'vi.resetModules() // and what opens it is imported anew by each test' },
    ],
  }
}

/** What cannot be done in memory. */
export function cannotDo(engine: string, what: string, path: string): EngineLimit {
  return {
    engine,
    statement: `${what} (${path})`,
    word: 'a database in memory cannot do that for this driver',
    fixes: [
      { does: 'let it happen in the temporary folder, where files may be written', code: "join(tmpdir(), 'app.db')" },
    ],
  }
}
