/** Addons that are made of SQLite, at the moment they are loaded: what their databases open later. Found by reading better-sqlite3 12 and 13, libsql 0.5, sqlite3 6. */
import { Databases, type Fn, type Methods } from './databases.ts'
import { real } from './originals.ts'
import type { Seam } from './seam.ts'
import { type Class, standInOf } from './stand-in.ts'

type Exports = Record<string, unknown>

const { apply, construct } = real

/** By the name of the file that holds the addon. */
const ADDONS: readonly (readonly [file: RegExp, guard: (seam: Seam, exported: Exports) => void])[] = [
  [/[/\\](?:better_sqlite3|better-sqlite3[/\\]prebuilds[/\\][\w-]+)\.node$/, guardBetterSqlite],
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
  const { Database } = exported as { Database: Class }
  const parts = {
    make: (...args: unknown[]) => construct(Database, args) as object,
    hosts: guard.hosts,
    copy: database,
  }
  // (file, as it was given, whether it is in memory, read only, has to be there, …, …, …, descriptor)
  making(seam, exported, 'Database', (args, make) => {
    const [file, , inMemory, readOnly, mustExist, , , , descriptor] = args
    // A descriptor is of a file that was judged when it was opened.
    const isOpen = inMemory === true || typeof descriptor === 'number'
    const reply = isOpen ? undefined : guard.open(file, readOnly === true)
    if (reply === undefined) return make(...args)
    const how = guard.how(file, readOnly === true, mustExist === true)
    return standInOf(reply).native(reply, args, how, parts)
  })
  guard.sql(database, ['exec', 'prepare'], isReadOnly)
  guard.opening(database, ['loadExtension'], 0, 'read')
  if (database.backup)
    seam.tap.patch(database as Record<'backup', Fn>, 'backup', (original) => {
      // (the database, the name of what is copied, file, …)
      return function backup(...args) {
        const reply = guard.open(args[2], false)
        if (reply === undefined) return apply(original, this, args)
        return standInOf(reply).receive(reply, this, args[1], guard.how(args[2], false), parts)
      }
    })
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
  // (the database, its SQL, …)
  making(seam, exported, 'Statement', (args, make) => {
    const prepared = guard.preparing(args[1], args[0] as object)
    const made = make(...args)
    prepared(made)
    return made
  })
  // (the database, file, …, …, whether the file is what is written)
  making(seam, exported, 'Backup', (args, make) => {
    guard.open(args[1], args[4] === false)
    return make(...args)
  })
}

function prototypeOf(made: unknown): Methods {
  return typeof made === 'function' ? (made.prototype as Methods) : {}
}

/** Watches a class as its objects are made. */
function making(
  { tap }: Seam,
  exported: Exports,
  name: string,
  construction: (args: readonly unknown[], make: (...args: unknown[]) => object) => object,
): void {
  if (typeof exported[name] !== 'function') return
  tap.patch(exported as Record<string, Class>, name, (original) => {
    const watched: Class = new Proxy(original, {
      construct(target, args: unknown[], newTarget) {
        const wanted = newTarget === watched ? target : newTarget
        return construction(args, (...given) => construct(target, given, wanted) as object)
      },
    })
    return watched
  })
}
