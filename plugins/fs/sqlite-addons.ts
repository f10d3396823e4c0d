/** Addons that are made of SQLite, at the moment they are loaded: what their databases open later. Found by reading better-sqlite3 12, libsql 0.5, sqlite3 6. */
import { Databases, type Fn, type Methods } from './databases.ts'
import { real } from './originals.ts'
import type { Seam } from './seam.ts'

type Class = new (...args: unknown[]) => object
type Exports = Record<string, unknown>

const { apply, construct } = real

/** By the name of the file that holds the addon. */
const ADDONS: readonly (readonly [file: RegExp, guard: (seam: Seam, exported: Exports) => void])[] = [
  [/[/\\]better_sqlite3\.node$/, guardBetterSqlite],
  [/[/\\]node_sqlite3\.node$/, guardSqlite3],
  [/[/\\]@?libsql[/\\].*\.node$/, guardLibsql],
]

export function guardSqliteAddons(seam: Seam): void {
  seam.tap.patch(process as unknown as Record<'dlopen', Fn>, 'dlopen', (original) => {
    return function dlopen(this: object, ...args) {
      const result = apply(original, this, args)
      const [module, file] = args as [{ exports?: Exports }, unknown]
      for (const [name, guard] of ADDONS) if (name.test(String(file))) guard(seam, module.exports ?? {})
      return result
    }
  })
}

function guardBetterSqlite(seam: Seam, exported: Exports): void {
  const guard = new Databases(seam, 'better-sqlite3')
  const [database, statement] = [prototypeOf(exported.Database), prototypeOf(exported.Statement)]
  const isReadOnly = (database: object) => (database as { readonly?: boolean }).readonly === true
  // (file, as it was given, whether it is in memory, whether it is read only, …)
  making(seam, exported, 'Database', ([file, , inMemory, readOnly]) => {
    if (inMemory !== true) guard.open(file, readOnly === true)
    return undefined
  })
  guard.sql(database, ['exec', 'prepare'], isReadOnly)
  guard.opening(database, ['loadExtension'], 0, 'read')
  // (the database, the name of what is copied, file, …)
  guard.opening(database, ['backup'], 2, 'write')
  guard.statements(statement, ['run', 'get', 'all', 'iterate', 'bind'])
}

/** Files and hosts that it opens first are judged with the other addons (`native`). */
function guardLibsql(seam: Seam, exported: Exports): void {
  const guard = new Databases(seam, 'libsql')
  const functions = exported as Methods
  guard.sql(functions, ['databaseExecSync', 'databaseExecAsync', 'databasePrepareSync', 'databasePrepareAsync'])
  guard.opening(functions, ['databaseLoadExtension'], 0, 'read')
  guard.statements(functions, ['statementRun', 'statementGet', 'statementRowsSync', 'statementRowsAsync'])
}

/** As libsql. */
function guardSqlite3(seam: Seam, exported: Exports): void {
  const guard = new Databases(seam, 'sqlite3')
  guard.sql(prototypeOf(exported.Database), ['exec'])
  guard.opening(prototypeOf(exported.Database), ['loadExtension'], 0, 'read')
  guard.statements(prototypeOf(exported.Statement), ['run', 'get', 'all', 'each', 'bind'])
  making(seam, exported, 'Statement', ([, sql]) => guard.preparing(sql))
  // (the database, file, …, …, whether the file is what is written)
  making(seam, exported, 'Backup', ([, file, , , writes]) => {
    guard.open(file, writes === false)
    return undefined
  })
}

function prototypeOf(made: unknown): Methods {
  return typeof made === 'function' ? (made.prototype as Methods) : {}
}

/** Watches a class as its objects are made; `look` may give what the object is then told to. */
function making(
  { tap }: Seam,
  exported: Exports,
  name: string,
  look: (args: readonly unknown[]) => ((made: object) => void) | undefined,
): void {
  if (typeof exported[name] !== 'function') return
  tap.patch(exported as Record<string, Class>, name, (original) => {
    const watched: Class = new Proxy(original, {
      construct(target, args: unknown[], newTarget) {
        const after = look(args)
        const made = construct(target, args, newTarget === watched ? target : newTarget) as object
        after?.(made)
        return made
      },
    })
    return watched
  })
}
