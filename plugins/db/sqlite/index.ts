/** The part of the db plugin that is loaded by the first SQLite database in memory. */
import type { SqliteOptions } from '../family.ts'
import { type Parts, SqliteDatabase } from './database.ts'

/** @throws MissingPeerError where there is no SQLite */
export function createSqlite(options: SqliteOptions, parts: Parts): SqliteDatabase {
  return new SqliteDatabase(options, parts)
}
