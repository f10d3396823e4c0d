import type { EngineLimit } from '../../../src/plugin.ts'
import type { Gap } from './seam.ts'

/** What SQLite says of a statement of the schema or the seed. */
export function badSchema(engine: string, statement: string, error: unknown): EngineLimit {
  const { message: word = String(error) } = (error ?? {}) as { readonly message?: string }
  const fixes = [
    {
      does: 'mend the statement; a function that it calls is registered before',
      code: "schema: [({ engine }) => engine.function('now', () => …), 'db/schema.sql']",
    },
  ]
  return { engine, statement, word, fixes }
}

/** A connection that a test kept from an earlier one. */
export function staleConnection(engine: string, statement: string, path: string, why: unknown): EngineLimit {
  const { message = String(why) } = (why ?? {}) as { readonly message?: string }
  return {
    engine,
    statement,
    word: `the connection leads to what ${path} was in an earlier test, and what it is here cannot come there: ${message}`,
    fixes: [
      {
        does: 'declare it once for the file, and put it back before each test',
        code: `let db\nbeforeAll(async () => {\n  db = await tripwire.db.sqlite('${path}', { … })\n})\nbeforeEach(() => db.restore())`,
      },
      { does: 'or open it in each test', code: 'vi.resetModules() // and what opens it is imported anew by each test' },
    ],
  }
}

/** Why a driver's way to open a file does not lead to memory. */
const GAPS: Readonly<Record<Gap, (path: string) => Omit<EngineLimit, 'engine'>>> = {
  name: (path) => ({
    statement: `attach '${path}' as …;\nvacuum into '${path}'`,
    word: 'this SQLite finds no database in memory by a name, as it is built without URIs',
    fixes: [
      { does: 'open each on its own, where it is attached', code: `new Database('${path}')` },
      { does: 'back it up, where it is copied', code: `await database.backup('${path}')` },
    ],
  }),
  tag: (path) => ({
    statement: `attach '${path}' as …`,
    word: 'a tag is known by its texts, in which no name can be changed',
    fixes: [{ does: 'attach it by a text', code: `database.exec("attach '${path}' as …")` }],
  }),
  backup: (path) => ({
    statement: `backup(database, '${path}')`,
    word: 'a backup goes to a file, and to nothing in memory, before Node 24',
    fixes: [{ does: 'copy it by a statement', code: `database.exec("vacuum into '${path}'")` }],
  }),
  made: (path) => ({
    statement: `new DatabaseSync('${path}', { open: false }).open()`,
    word: 'what is opened later has its file from where it is made, and that was no place where this database answers',
    fixes: [
      { does: 'make it where it is opened, in the sandbox', code: `const database = new DatabaseSync('${path}')` },
    ],
  }),
}

/** What cannot be done in memory. */
export function cannotDo(engine: string, gap: Gap, path: string): EngineLimit {
  return { engine, ...GAPS[gap](path) }
}
