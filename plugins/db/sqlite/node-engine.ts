/**
 * A database of node:sqlite (Node 22.5 to 26) in memory, which any number of connections open by a name: that of SQLite's own `memdb`. What is
 * temporary is in memory there as well, and so is whatever else such a connection opens by a name without a file system in it.
 */
import type { Connection, Engine, Image, Row } from './engine.ts'

interface Statement {
  all(...params: unknown[]): Row[]
  setReadBigInts(on: boolean): void
}

interface DatabaseSync {
  readonly isTransaction?: boolean
  exec(sql: string): void
  prepare(sql: string): Statement
  deserialize?(bytes: Uint8Array): void
  close(): void
}

export interface Sqlite {
  readonly DatabaseSync: new (name: string, options?: object) => DatabaseSync
}

/** A name that opens nothing, as SQLite finds out without making anything. */
export const NOWHERE = 'file:/nonexistent/tripwire?mode=ro'

class NodeConnection implements Connection {
  readonly name = 'node:sqlite'
  readonly db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.db = db
  }

  get inTransaction(): boolean {
    return this.db.isTransaction === true
  }

  exec(sql: string): void {
    this.db.exec(sql)
  }

  all(sql: string, params: readonly unknown[] = [], exact = false): Row[] {
    const statement = this.db.prepare(sql)
    if (exact) statement.setReadBigInts(true)
    return statement.all(...params).map((row) => ({ ...row }))
  }

  close(): void {
    this.db.close()
  }
}

export class NodeEngine extends NodeConnection implements Engine {
  readonly uri: string
  readonly #sqlite: Sqlite
  readonly #newName: () => string

  /**
   * @param newName gives names that nothing in the process has, its threads included
   * @throws Error for an image without a path, where Node opens none (`deserialize`: Node 24)
   */
  constructor(sqlite: Sqlite, newName: () => string, image: Image | undefined) {
    const uri = `file:/${newName()}?vfs=memdb`
    super(new sqlite.DatabaseSync(uri))
    this.uri = uri
    this.#sqlite = sqlite
    this.#newName = newName
    if (image !== undefined) this.#load(image)
  }

  #load({ bytes, path }: Image): void {
    const { DatabaseSync } = this.#sqlite
    const canRead = 'deserialize' in DatabaseSync.prototype
    if (!canRead && path === undefined)
      throw new Error(
        'this Node opens a database by its file only (Node 24 by its bytes): `from` has to be on the disk',
      )
    // It changes no more: SQLite looks for no log beside it, and makes none.
    const name = `file:${encodeURI(path ?? '')
      .replaceAll('?', '%3F')
      .replaceAll('#', '%23')}?mode=ro&immutable=1`
    const source = new DatabaseSync(canRead ? ':memory:' : name, canRead ? {} : { readOnly: true })
    try {
      source.deserialize?.(bytes)
      source.exec(`vacuum into '${this.uri}'`)
    } finally {
      source.close()
    }
  }

  copy(): Connection {
    const uri = `file:/${this.#newName()}?vfs=memdb`
    // What nobody has open is gone.
    const copy = new NodeConnection(new this.#sqlite.DatabaseSync(uri))
    this.exec(`vacuum into '${uri}'`)
    return copy
  }
}
