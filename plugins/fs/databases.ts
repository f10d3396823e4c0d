/** What the databases of one driver open: by their names, by their methods, and by what they are told in SQL. */
import { type Reply, SafeWeakMap } from '../../src/plugin.ts'
import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import { readPath } from './paths.ts'
import type { Seam } from './seam.ts'
import { boundValue, filesIn, renamed, type SqlFile, withBound } from './sql-files.ts'
import { type Fn, type Hosted, type How, standInOf } from './stand-in.ts'

export type { Fn }
export type Methods = Record<string, Fn>

const { apply } = real

/** Parameters of a prepared statement that name files. */
interface Bound {
  readonly keys: readonly (string | number)[]
  readonly readOnly: boolean
  readonly database: object
}

export class Databases {
  /** Databases that are in memory in the place of a file, and their statements. */
  readonly hosts = new SafeWeakMap<object, Hosted>()
  readonly #seam: Seam
  readonly #driver: string
  readonly #bound = new WeakMap<object, Bound>()

  constructor(seam: Seam, driver: string) {
    this.#seam = seam
    this.#driver = driver
  }

  /** Judges a file by the name that SQLite is given. @returns the reply of who answers in its place @throws what stops it */
  open(name: unknown, readOnly: boolean): Reply | undefined {
    const path = fileOf(name)
    if (path === undefined) return undefined
    return this.#judge(path, this.how(name, readOnly).readOnly ? 'read' : 'write')
  }

  /** How a name is opened, which may say so itself. */
  how(name: unknown, readOnly: boolean, mustExist = readOnly): How {
    const text = name instanceof URL ? name.href : typeof name === 'string' ? name : ''
    const [, mode] = /^file:.*[?&]mode=(\w+)/s.exec(text) ?? []
    const only = readOnly || mode === 'ro'
    return { driver: this.#driver, readOnly: only, mustExist: mustExist || only || mode === 'rw' }
  }

  #judge(path: unknown, access: 'read' | 'write'): Reply | undefined {
    const driver = this.#driver
    const facts = { driver, product: 'sqlite' }
    const stop = this.#seam.judge(path, { access, last: 'content', function: driver, facts })
    if (stop === undefined) return undefined
    if (stop.kind === 'reply') return stop.reply
    throw errorOf(stop, { access, syscall: 'open', path })
  }

  /** Methods (or functions that work on `this`) that are given SQL; what they give is a statement, or a promise of one, where they prepare it. */
  sql(owner: Methods, names: readonly string[], isReadOnly: (database: object) => boolean = () => false): void {
    const self = this
    this.#each(owner, names, (original, method) => {
      return function (...args) {
        const given = [...args]
        const files = typeof args[0] === 'string' ? filesIn(args[0]) : []
        const readOnly = files.length > 0 && isReadOnly(this)
        const renames = files.map((file) => self.#known(file, readOnly, this))
        if (renames.some((name) => name !== undefined)) args[0] = renamed(args[0] as string, renames)
        const made = self.#run(this, method, original, args, given)
        self.#prepared(made, files, readOnly, this)
        return made
      }
    })
  }

  /** SQL that is about to be prepared. @returns to be told the statement that it became @throws what stops it */
  preparing(sql: unknown, database: object): (statement: unknown) => void {
    const files = typeof sql === 'string' ? filesIn(sql) : []
    for (const file of files) this.#known(file, false, database)
    return (statement) => this.#prepared(statement, files, false, database)
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

  /** Methods that open nothing, and change a database in memory all the same, or say where it is. */
  telling(owner: Methods, names: readonly string[]): void {
    const self = this
    this.#each(owner, names, (original, method) => {
      return function (...args) {
        return self.#run(this, method, original, args, args)
      }
    })
  }

  #run(self: object, method: string, original: Fn, args: unknown[], given: readonly unknown[]): unknown {
    const host = this.hosts.get(self)
    return host === undefined ? apply(original, self, args) : host.call(self, method, original, args, given, this.hosts)
  }

  /** Those of them that this version has. */
  #each(owner: Methods, names: readonly string[], wrap: (original: Fn, name: string) => Fn): void {
    for (const name of names) {
      const before = Reflect.getOwnPropertyDescriptor(owner, name)
      if (typeof before?.value === 'function' && (before.configurable || before.writable))
        this.#seam.tap.patch(owner, name, (original) => wrap(original, name))
    }
  }

  /** Texts with values in them (Node 24.9 to 26); what runs them has a class of its own each time. */
  tags(prototype: Methods, isReadOnly: (database: object) => boolean): void {
    if (typeof prototype.createTagStore !== 'function') return
    const self = this
    this.#seam.tap.patch(prototype as Record<'createTagStore', Fn>, 'createTagStore', (original) => {
      return function createTagStore(...args) {
        const store = apply(original, this, args) as Methods
        for (const name of ['run', 'get', 'all', 'iterate']) self.#tag(store, name, this, isReadOnly(this))
        return store
      }
    })
  }

  #tag(store: Methods, name: string, database: object, readOnly: boolean): void {
    const original = store[name] as Fn
    const judged: Fn = (...given) => {
      const [texts, ...values] = given
      const args = [...given]
      for (const file of Array.isArray(texts) ? filesIn(texts.join('?')) : []) {
        if (file.kind !== 'bound') this.#cannotRename(file, readOnly)
        else args[Number(file.key) + 1] = this.#opened(boundValue(file.key, [values]), readOnly, database)
      }
      const host = this.hosts.get(database)
      return host === undefined
        ? apply(original, store, args)
        : host.call(store, name, original, args, given, this.hosts)
    }
    Object.defineProperty(store, name, { value: judged, writable: true, configurable: true })
  }

  /** Texts of tags are told apart by what they are, not by what they say. */
  #cannotRename(file: SqlFile, readOnly: boolean): void {
    const reply = this.#judgeKnown(file, readOnly)
    if (reply) throw standInOf(reply).cannot(reply, 'tag', this.how(undefined, readOnly))
  }

  #judgeKnown(file: SqlFile, readOnly: boolean): Reply | undefined {
    if (file.kind === 'name') return this.open(file.name, readOnly)
    // Nobody knows where it leads: no folder holds it.
    return file.kind === 'computed' ? this.#judge(`/dev/${file.text}`, readOnly ? 'read' : 'write') : undefined
  }

  /** @returns the name that it has in memory, where something stands in its place */
  #known(file: SqlFile, readOnly: boolean, database: object): string | undefined {
    const reply = this.#judgeKnown(file, readOnly)
    return reply && this.#rename(reply, file.kind === 'name' ? file.name : undefined, readOnly, database)
  }

  #opened(name: unknown, readOnly: boolean, database: object): unknown {
    const reply = this.open(name, readOnly)
    return reply === undefined ? name : this.#rename(reply, name, readOnly, database)
  }

  #rename(reply: Reply, name: unknown, readOnly: boolean, database: object): string {
    const how = this.how(name, readOnly)
    const standIn = standInOf(reply)
    const instead = standIn.name(reply, how)
    // From now on what it is told is told to what stands there.
    if (!this.hosts.has(database)) this.hosts.set(database, standIn.host(reply, database, how))
    return instead
  }

  #prepared(made: unknown, files: readonly SqlFile[], readOnly: boolean, database: object): void {
    const keys = files.flatMap((file) => (file.kind === 'bound' ? [file.key] : []))
    if (keys.length === 0) return
    const remember = (statement: unknown) => {
      if (typeof statement === 'object' && statement !== null) this.#bound.set(statement, { keys, readOnly, database })
    }
    // Known before whoever asked for it gets it, as this waits first. In Vitest's vm pools it is a promise of another context.
    const { then } = (made ?? {}) as Partial<Promise<unknown>>
    if (typeof then === 'function') apply(then, made, [remember, () => {}])
    else remember(made)
  }

  /** Methods (or functions that work on `this`) that run a prepared statement: what it opens then. */
  statements(owner: Methods, names: readonly string[]): void {
    const self = this
    this.#each(owner, names, (original, method) => {
      return function (...given) {
        let args = given
        const bound = self.#bound.get(this)
        for (const key of bound?.keys ?? []) {
          const { readOnly, database } = bound as Bound
          const name = boundValue(key, args)
          const instead = self.#opened(name, readOnly, database)
          if (instead !== name) args = withBound(key, args, instead)
        }
        return self.#run(this, method, original, args, given)
      }
    })
  }
}

/** The file that a name means to SQLite: a path, or a URI; undefined for a database in memory. */
export function fileOf(name: unknown): unknown {
  const href = (name as { href?: unknown } | null | undefined)?.href
  const text = typeof name === 'string' ? name : typeof href === 'string' ? href : readPath(name)?.text
  if (text === undefined || text === '' || text === ':memory:') return undefined
  return text.startsWith('file:') ? fileOfUri(text.slice('file:'.length)) : text
}

/** As SQLite reads it: what follows `#` is nothing, and of a key that stands twice the last one counts. */
function fileOfUri(text: string): string | undefined {
  const [, address = '', query = ''] = /^([^?#]*)\??([^#]*)/s.exec(text) ?? []
  const options = new Map(query.split('&').map((each) => each.split('=').map(decoded) as [string, string]))
  if (options.get('mode') === 'memory' || options.get('vfs') === 'memdb') return undefined
  const path = decoded(address.replace(/^\/\/[^/]*/, ''))
  return path === '' || path === ':memory:' ? undefined : path
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
