/** What the databases of one driver open: by their names, by their methods, and by what they are told in SQL. */
import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import { readPath } from './paths.ts'
import type { Seam } from './seam.ts'
import { boundValue, filesIn, type SqlFile } from './sql-files.ts'

export type Fn = (this: object, ...args: unknown[]) => unknown
export type Methods = Record<string, Fn>

const { apply } = real

export class Databases {
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

  /** Methods (or functions that work on `this`) that are given SQL; what they give is a statement, or a promise of one, where they prepare it. */
  sql(owner: Methods, names: readonly string[], isReadOnly: (database: object) => boolean = () => false): void {
    const self = this
    this.#each(owner, names, (original) => {
      return function (...args) {
        const files = typeof args[0] === 'string' ? filesIn(args[0]) : []
        const readOnly = files.length > 0 && isReadOnly(this)
        for (const file of files) self.#known(file, readOnly)
        const made = apply(original, this, args)
        self.#prepared(made, files, readOnly)
        return made
      }
    })
  }

  /** SQL that is about to be prepared. @returns to be told the statement that it became @throws what stops it */
  preparing(sql: unknown): (statement: unknown) => void {
    const files = typeof sql === 'string' ? filesIn(sql) : []
    for (const file of files) this.#known(file, false)
    return (statement) => this.#prepared(statement, files, false)
  }

  /** Methods that open a file which they are given. @param at the number of that argument */
  opening(owner: Methods, names: readonly string[], at: number, access: 'read' | 'write'): void {
    const self = this
    this.#each(owner, names, (original) => {
      return function (...args) {
        if (args[at] !== undefined) self.#judge(args[at], access)
        return apply(original, this, args)
      }
    })
  }

  /** Those of them that this version has. */
  #each(owner: Methods, names: readonly string[], wrap: (original: Fn) => Fn): void {
    for (const name of names) {
      const before = Reflect.getOwnPropertyDescriptor(owner, name)
      if (typeof before?.value === 'function' && (before.configurable || before.writable))
        this.#seam.tap.patch(owner, name, wrap)
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

  #prepared(made: unknown, files: readonly SqlFile[], readOnly: boolean): void {
    const keys = files.flatMap((file) => (file.kind === 'bound' ? [file.key] : []))
    if (keys.length === 0) return
    const remember = (statement: unknown) => {
      if (typeof statement === 'object' && statement !== null) this.#bound.set(statement, { keys, readOnly })
    }
    // Known before whoever asked for it gets it, as this waits first. In Vitest's vm pools it is a promise of another context.
    const { then } = (made ?? {}) as Partial<Promise<unknown>>
    if (typeof then === 'function') apply(then, made, [remember, () => {}])
    else remember(made)
  }

  /** Methods (or functions that work on `this`) that run a prepared statement: what it opens then. */
  statements(owner: Methods, names: readonly string[]): void {
    const self = this
    this.#each(owner, names, (original) => {
      return function (...args) {
        const { keys, readOnly } = self.#bound.get(this) ?? { keys: [], readOnly: false }
        for (const key of keys) self.open(boundValue(key, args), readOnly)
        return apply(original, this, args)
      }
    })
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
