/** What a driver's SQLite has to give, so that it can hold a database in memory. */

export type Row = Readonly<Record<string, unknown>>

/** A connection, as what is done for the test itself needs it. */
export interface Connection {
  readonly inTransaction: boolean
  exec(sql: string): void
  /** @param exact whether whole numbers are given as bigints */
  all(sql: string, params?: readonly unknown[], exact?: boolean): Row[]
  close(): void
}

/** A database in memory. */
export interface Engine extends Connection {
  readonly name: 'node:sqlite' | 'better-sqlite3'
  /** The driver's own object, for those who set it up by hand. */
  readonly db: object
  /** A copy as it is now, on its own. */
  copy(): Connection
}

/** A database file that was read. */
export interface Image {
  readonly bytes: Uint8Array
  /** Where it is on the disk; undefined where it is on none. */
  readonly path: string | undefined
}
