/** What a database holds at first. */
import type { Tap } from '../../../src/plugin.ts'
import type { SchemaSource, SqliteOptions } from '../family.ts'
import { type Files, placed, stepsOf } from '../schema.ts'
import type { Image } from './engine.ts'
import { splitStatements } from './statements.ts'

interface Parts {
  readonly tap: Tap
  builtIn(name: string): unknown
}

const HEADER = 'SQLite format 3\0'

/**
 * Reads a database file.
 *
 * @throws Error for what is none, or not all of it
 */
export function imageOf(from: string | URL, { builtIn, tap }: Parts): Image {
  const files = builtIn('node:fs') as typeof import('node:fs')
  const { fileURLToPath } = builtIn('node:url') as typeof import('node:url')
  const { resolve } = builtIn('node:path') as typeof import('node:path')
  const path = resolve(from instanceof URL || String(from).startsWith('file:') ? fileURLToPath(from) : String(from))
  const bytes = Uint8Array.from(files.readFileSync(path))
  if (bytes.length > 0 && Buffer.from(bytes.subarray(0, HEADER.length)).toString('latin1') !== HEADER)
    throw new Error(`'${from}' is no SQLite database: SQL is given by \`schema\` or \`seed\``)
  const log = files.statSync(`${path}-wal`, { throwIfNoEntry: false })
  if (log !== undefined && log.size > 0)
    throw new Error(
      `'${from}' is not all of its database, as there is a log beside it that is not written into it yet: close who has it open, or run 'pragma wal_checkpoint(truncate)'`,
    )
  // What is read from bytes cannot have a log beside it.
  if (bytes.length > 0) bytes[18] = bytes[19] = 1
  // A volume has it, for functions that SQLite does not read by.
  const volume = tap.answerTo({ protocol: 'fs', operation: 'fs:read', facts: { path, function: 'readFileSync' } })
  return { bytes, path: volume === undefined ? path : undefined }
}

/** @returns when it is done, where a function of it takes its time */
export function setUp(
  { schema, seed }: SqliteOptions,
  { exec, engine }: { exec(sql: string, at: string | undefined): void; readonly engine: object },
  { builtIn }: Pick<Parts, 'builtIn'>,
): Promise<void> | undefined {
  const { join } = builtIn('node:path') as typeof import('node:path')
  const setup = {
    exec: (sql: string, file?: string) => {
      for (const statement of placed(splitStatements(sql), sql, file)) exec(statement.sql, statement.at)
    },
    engine,
  }
  const sources = [schema ?? [], seed ?? []] as SchemaSource
  const steps = stepsOf(sources, setup, builtIn('node:fs') as Files, join)
  const goOn = (): Promise<void> | undefined => {
    // Not `for … of`, which would end them with the first that is waited for.
    for (let step = steps.next(); !step.done; step = steps.next()) {
      const result = step.value() as Partial<Promise<unknown>> | undefined
      if (typeof result?.then === 'function') return Promise.resolve(result).then(goOn)
    }
    return undefined
  }
  return goOn()
}
