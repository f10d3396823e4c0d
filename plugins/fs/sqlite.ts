/** SQLite opens its files itself: here `node:sqlite` (Node 22.5 to 26). */
import { Databases, type Fn, type Methods } from './databases.ts'
import { real } from './originals.ts'
import type { Seam } from './seam.ts'

type Class = new (...args: unknown[]) => object

const { apply, construct } = real

/** How a database was opened; what it attaches is opened alike. */
interface Opened {
  readonly name: unknown
  readonly readOnly: boolean
}

export function guardSqlite(seam: Seam): void {
  seam.tap.onceBuiltIn('sqlite', (sqlite: Sqlite) => guardNodeSqlite(seam, sqlite))
}

interface Sqlite {
  DatabaseSync: Class
  StatementSync: Class
  backup?: Fn
}

function guardNodeSqlite(seam: Seam, sqlite: Sqlite): void {
  const guard = new Databases(seam, 'node:sqlite')
  const opened = new WeakMap<object, Opened>()
  const { prototype } = sqlite.DatabaseSync as unknown as { prototype: Methods }
  const isReadOnly = (database: object) => opened.get(database)?.readOnly ?? false
  guard.sql(prototype, ['exec', 'prepare'], isReadOnly)
  guard.opening(prototype, ['loadExtension'], 0, 'read')
  guard.tags(prototype, isReadOnly)
  seam.tap.patch(prototype, 'open', (original) => {
    return function open(...args) {
      const { name, readOnly } = opened.get(this) ?? { name: undefined, readOnly: false }
      guard.open(name, readOnly)
      return apply(original, this, args)
    }
  })
  guard.statements((sqlite.StatementSync as unknown as { prototype: Methods }).prototype, [
    'run',
    'get',
    'all',
    'iterate',
  ])
  const guarded: Class = guardClass(sqlite.DatabaseSync, (target, args, newTarget) => {
    const options = (args[1] ?? {}) as { open?: boolean; readOnly?: boolean }
    const how = { name: args[0], readOnly: options.readOnly === true }
    if (options.open !== false) guard.open(how.name, how.readOnly)
    const database = construct(target, args, newTarget === guarded ? target : newTarget) as object
    opened.set(database, how)
    return database
  })
  seam.tap.patch(sqlite, 'DatabaseSync', () => guarded)
  seam.tap.patch(prototype as unknown as { constructor: unknown }, 'constructor', () => guarded)
  if (sqlite.backup === undefined) return
  seam.tap.patch(sqlite as Required<Sqlite>, 'backup', (original) => {
    return function backup(...args) {
      try {
        guard.open(args[1], false)
      } catch (error) {
        return Promise.reject(error)
      }
      return apply(original, this, args)
    }
  })
}

function guardClass(target: Class, make: (target: Class, args: unknown[], newTarget: Class) => object): Class {
  return new Proxy(target, { construct: (_, args, newTarget) => make(target, args, newTarget as Class) })
}
