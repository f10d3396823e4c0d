/** SQLite opens its files itself: here `node:sqlite` (Node 22.5 to 26). */
import { Databases, type Fn, type Methods } from './databases.ts'
import { real } from './originals.ts'
import type { Seam } from './seam.ts'
import { type Class, type StandIn, standInOf } from './stand-in.ts'

const { apply, construct } = real

/** How a database was opened; what it attaches is opened alike. */
interface Opened {
  readonly name: unknown
  readonly readOnly: boolean
  /** What it was made for, where that is in memory. */
  readonly standIn?: StandIn | undefined
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
  guard.telling(prototype, ['location', 'applyChangeset', 'deserialize'])
  guard.tags(prototype, isReadOnly)
  seam.tap.patch(prototype, 'open', (original) => {
    return function open(...args) {
      const { name, readOnly, standIn } = opened.get(this) ?? { name: undefined, readOnly: false }
      const reply = guard.open(name, readOnly)
      const how = guard.how(name, readOnly)
      if (reply && standInOf(reply) !== standIn) throw standInOf(reply).cannot(reply, 'made', how)
      if (!reply && standIn) throw new Error('the database was made in memory, in a sandbox: it is opened there only')
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
    const [name] = args
    const options = (args[1] ?? {}) as { open?: boolean; readOnly?: boolean }
    const how = guard.how(name, options.readOnly === true)
    // What is opened later keeps the name that it is made with: in a sandbox that is decided here.
    const isDecided = options.open !== false || seam.tap.memory().kind === 'each'
    const reply = isDecided ? guard.open(name, how.readOnly) : undefined
    const standIn = reply && standInOf(reply)
    const given = reply && standIn ? [standIn.name(reply, how), ...args.slice(1)] : args
    const database = construct(target, given, newTarget === guarded ? target : newTarget) as object
    opened.set(database, { name, readOnly: options.readOnly === true, standIn })
    if (reply && standIn) guard.hosts.set(database, standIn.host(reply, database, how))
    return database
  })
  seam.tap.patch(sqlite, 'DatabaseSync', () => guarded)
  seam.tap.patch(prototype as unknown as { constructor: unknown }, 'constructor', () => guarded)
  if (sqlite.backup === undefined) return
  seam.tap.patch(sqlite as Required<Sqlite>, 'backup', (original) => {
    return function backup(...args) {
      try {
        const reply = guard.open(args[1], false)
        const how = guard.how(args[1], false)
        if (reply && !NAMES_IN_BACKUPS) throw standInOf(reply).cannot(reply, 'backup', how)
        if (reply) args[1] = standInOf(reply).name(reply, how)
      } catch (error) {
        return Promise.reject(error)
      }
      return apply(original, this, args)
    }
  })
}

/** Node 22 takes the name of a backup for a path, whatever it says. */
const NAMES_IN_BACKUPS = Number.parseInt(process.versions.node, 10) >= 24

function guardClass(target: Class, make: (target: Class, args: unknown[], newTarget: Class) => object): Class {
  return new Proxy(target, { construct: (_, args, newTarget) => make(target, args, newTarget as Class) })
}
