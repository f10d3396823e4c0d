/** SQLite opens its files itself: `node:sqlite` (Node 22.5 to 26) and what better-sqlite3 (12) is made of. */
import { createRequire } from 'node:module'
import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import { readPath } from './paths.ts'
import type { Seam } from './seam.ts'
import { boundValue, filesIn, type SqlFile } from './sql-files.ts'

type Fn = (this: object, ...args: unknown[]) => unknown
type Class = new (...args: unknown[]) => object
type Methods = Record<string, Fn>

const { apply, construct } = real
const load = createRequire(import.meta.url)

/** How a database was opened; what it attaches is opened alike. */
interface Opened {
  readonly name: unknown
  readonly readOnly: boolean
}

export function guardSqlite(seam: Seam): void {
  const sqlite = loadQuietly()
  if (sqlite !== undefined) guardNodeSqlite(seam, sqlite)
  seam.tap.patch(process as unknown as Methods, 'dlopen', (original) => {
    return function dlopen(this: object, ...args) {
      const result = apply(original, this, args)
      const [module, file] = args as [{ exports?: { Database?: Class; Statement?: Class } }, unknown]
      if (/[/\\]better_sqlite3\.node$/.test(String(file))) guardAddon(seam, module.exports ?? {})
      return result
    }
  })
}

interface Sqlite {
  DatabaseSync: Class
  StatementSync: Class
  backup?: Fn
}

/** A fifth of a millisecond. Node 22 warns that it is an experiment when it is loaded: that is for who uses it. */
function loadQuietly(): Sqlite | undefined {
  const { emitWarning } = process
  const held: unknown[][] = []
  try {
    process.emitWarning = (...args: unknown[]) => void held.push(args)
    const sqlite = load('node:sqlite') as Sqlite
    if (held.length > 0) {
      warnings = () => {
        for (const args of held) apply(emitWarning, process, args)
      }
    }
    return sqlite
  } catch {
    return undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

let warnings: (() => void) | undefined

function guardNodeSqlite(seam: Seam, sqlite: Sqlite): void {
  const guard = new Databases(seam, 'node:sqlite')
  const opened = new WeakMap<object, Opened>()
  const { prototype } = sqlite.DatabaseSync as unknown as { prototype: Methods }
  const isReadOnly = (database: object) => opened.get(database)?.readOnly ?? false
  guard.methods(prototype, isReadOnly)
  guard.tags(prototype, isReadOnly)
  seam.tap.patch(prototype, 'open', (original) => {
    return function open(...args) {
      const { name, readOnly } = opened.get(this) ?? { name: undefined, readOnly: false }
      guard.open(name, readOnly)
      return apply(original, this, args)
    }
  })
  guard.statements((sqlite.StatementSync as unknown as { prototype: Methods }).prototype)
  const guarded: Class = guardClass(sqlite.DatabaseSync, (target, args, newTarget) => {
    warnings?.()
    warnings = undefined
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

/** Its constructor is judged with the other addons, by what it is given; what it opens later is judged here. */
function guardAddon(seam: Seam, { Database, Statement }: { Database?: Class; Statement?: Class }): void {
  const guard = new Databases(seam, 'better-sqlite3')
  if (Database)
    guard.methods((Database as unknown as { prototype: Methods }).prototype, (database) => {
      return (database as { readonly?: boolean }).readonly === true
    })
  if (Statement) guard.statements((Statement as unknown as { prototype: Methods }).prototype)
}

function guardClass(target: Class, make: (target: Class, args: unknown[], newTarget: Class) => object): Class {
  return new Proxy(target, { construct: (_, args, newTarget) => make(target, args, newTarget as Class) })
}

/** The databases of one driver. */
class Databases {
  readonly #seam: Seam
  readonly #driver: string
  /** Parameters of prepared statements that name files. */
  readonly #bound = new WeakMap<object, { readonly keys: readonly (string | number)[]; readonly readOnly: boolean }>()

  constructor(seam: Seam, driver: string) {
    this.#seam = seam
    this.#driver = driver
  }

  /** Judges a file by the name that SQLite is given. @throws what stops it */
  open(name: unknown, readOnly: boolean): void {
    const path = fileOf(name)
    if (path === undefined) return
    const access = readOnly || /^file:.*[?&]mode=ro\b/.test(String(name)) ? 'read' : 'write'
    this.#judge(path, access)
  }

  #judge(path: unknown, access: 'read' | 'write'): void {
    const driver = this.#driver
    const facts = { driver, product: 'sqlite' }
    const stop = this.#seam.judge(path, { access, last: 'content', function: driver, facts })
    if (stop !== undefined) throw errorOf(stop, { access, syscall: 'open', path })
  }

  /** What a database opens by its methods. */
  methods(prototype: Methods, isReadOnly: (database: object) => boolean): void {
    const self = this
    const sql = (name: string, after: (made: unknown, files: readonly SqlFile[], readOnly: boolean) => void) => {
      if (typeof prototype[name] !== 'function') return
      this.#seam.tap.patch(prototype, name, (original) => {
        return function (...args) {
          const files = typeof args[0] === 'string' ? filesIn(args[0]) : []
          const readOnly = files.length > 0 && isReadOnly(this)
          for (const file of files) self.#known(file, readOnly)
          const made = apply(original, this, args)
          after(made, files, readOnly)
          return made
        }
      })
    }
    sql('exec', () => {})
    sql('prepare', (made, files, readOnly) => this.#prepared(made, files, readOnly))
    for (const [name, access] of [
      ['backup', 'write'],
      ['loadExtension', 'read'],
    ] as const) {
      if (typeof prototype[name] !== 'function') continue
      this.#seam.tap.patch(prototype, name, (original) => {
        return function (...args) {
          const path = args.find((arg) => typeof arg === 'string' && !/^(?:main|temp)$/.test(arg))
          if (path !== undefined) self.#judge(path, access)
          return apply(original, this, args)
        }
      })
    }
  }

  /** Texts with values in them (Node 24.9 to 26); what runs them has a class of its own each time. */
  tags(prototype: Methods, isReadOnly: (database: object) => boolean): void {
    if (typeof prototype.createTagStore !== 'function') return
    const self = this
    this.#seam.tap.patch(prototype as Record<'createTagStore', Fn>, 'createTagStore', (original) => {
      return function createTagStore(...args) {
        const store = apply(original, this, args) as Methods
        for (const name of ['run', 'get', 'all', 'iterate']) self.#tag(store, name, isReadOnly(this))
        return store
      }
    })
  }

  #tag(store: Methods, name: string, readOnly: boolean): void {
    const original = store[name] as Fn
    const judged: Fn = (...args) => {
      const [texts, ...values] = args
      for (const file of Array.isArray(texts) ? filesIn(texts.join('?')) : []) {
        if (file.kind === 'bound') this.open(boundValue(file.key, [values]), readOnly)
        else this.#known(file, readOnly)
      }
      return apply(original, store, args)
    }
    Object.defineProperty(store, name, { value: judged, writable: true, configurable: true })
  }

  #known(file: SqlFile, readOnly: boolean): void {
    if (file.kind === 'name') this.open(file.name, readOnly)
    // Nobody knows where it leads: no folder holds it.
    else if (file.kind === 'computed') this.#judge(`/dev/${file.text}`, readOnly ? 'read' : 'write')
  }

  #prepared(statement: unknown, files: readonly SqlFile[], readOnly: boolean): void {
    const keys = files.flatMap((file) => (file.kind === 'bound' ? [file.key] : []))
    if (keys.length > 0 && typeof statement === 'object' && statement !== null)
      this.#bound.set(statement, { keys, readOnly })
  }

  /** What a prepared statement opens when it runs. */
  statements(prototype: Methods): void {
    const self = this
    for (const name of ['run', 'get', 'all', 'iterate', 'bind']) {
      if (typeof prototype[name] !== 'function') continue
      this.#seam.tap.patch(prototype, name, (original) => {
        return function (...args) {
          const { keys, readOnly } = self.#bound.get(this) ?? { keys: [], readOnly: false }
          for (const key of keys) self.open(boundValue(key, args), readOnly)
          return apply(original, this, args)
        }
      })
    }
  }
}

/** The file that a name means to SQLite: a path, or a URI; undefined for a database in memory. */
function fileOf(name: unknown): unknown {
  const text = typeof name === 'string' ? name : name instanceof URL ? name.href : readPath(name)?.text
  if (text === undefined || text === '' || text === ':memory:') return undefined
  if (!text.startsWith('file:')) return text
  if (/[?&]mode=memory\b|^file::memory:/.test(text)) return undefined
  const path = text
    .slice('file:'.length)
    .replace(/[?#].*$/s, '')
    .replace(/^\/\/[^/]*/, '')
  try {
    return path === '' ? undefined : decodeURIComponent(path)
  } catch {
    return path
  }
}
