/** The part of the db plugin that is loaded by the first embedded database: the wire, the engines, and what stands between. */
import type { EmbeddedPostgres, PostgresOptions } from '../family.ts'
import { EmbeddedDatabase, type Parts } from './database.ts'

/** @throws MissingPeerError when the engine's package is not installed */
export function createPostgres(options: PostgresOptions, parts: Parts): EmbeddedPostgres {
  return new EmbeddedDatabase(options, parts)
}
