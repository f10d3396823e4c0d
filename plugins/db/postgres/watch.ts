/** What the session asks of tripwire: whether a statement may be run, by which engine, and what a script gives for it. */
import type { Redirected, Tap } from '../../../src/plugin.ts'
import type { DbAnswer } from '../answers.ts'
import type { Script } from '../scripts.ts'
import { isQuiet } from '../statements.ts'
import { Refused, type Statement, Teller } from '../teller.ts'
import type { Line } from './engine.ts'
import { Failure, type Limit } from './failure.ts'
import { limitOf } from './limits.ts'
import { printed, sizeOf } from './types.ts'
import { typeOfValue } from './values.ts'
import type { Admitted, Described, Scripted, Watch } from './watched.ts'
import type { Cell, Field } from './wire.ts'

/** What connections need of a database. */
export interface Hosted {
  readonly engine: string
  /** @throws Failure when it was closed */
  check(): void
  line(): Promise<Line>
}

/** @throws Failure for a database that is not there */
export async function watchOf(
  database: Hosted,
  connection: Redirected,
  tap: Tap,
  { user, database: name = user }: Readonly<Record<string, string>>,
  secured: boolean,
): Promise<{ readonly line: Line; readonly watch: Watch }> {
  if (connection.reply === undefined) throw new Failure('08006', 'the connection is gone')
  const teller = new Teller<DbAnswer>(connection, tap, { database: name, user }, { secured })
  if (teller.answerTo('', 0) === undefined)
    throw new Failure('3D000', `database "${name}" does not exist`, {
      hint: 'tripwire.db.postgres says which one there is',
    })
  const line = await database.line()
  let current: { readonly database: Hosted; readonly line: Line } = { database, line }

  const watch: Watch = {
    async line(end) {
      const embedded = teller.answerTo('', end)?.embedded as unknown as Hosted | undefined
      // A connection that a pool kept from an earlier test: what answers now is the database of this one.
      if (embedded !== undefined && embedded !== current.database && current.line.status === 'I')
        current = { database: embedded, line: await embedded.line() }
      current.database.check()
      return current.line
    },
    scripted(text, end) {
      const script = teller.answerTo(text, end)?.script as Script | undefined
      // One that fails does so when it is run, as a statement that is written down.
      return script && (script.error === undefined ? resultOf(script) : NO_ROWS)
    },
    admit,
  }
  return { line, watch }

  function admit(statement: Statement, end: number): Admitted {
    try {
      const admitted = teller.admit(statement, end, isQuiet(statement.text))
      const script = admitted.answer?.script
      return {
        script: script === undefined ? undefined : () => resultOf(script as Script),
        tell: (facts) => admitted.tell(facts),
        limit: (limit: Limit) => admitted.limited(limitOf(current.database.engine, limit, statement.text)),
      }
    } catch (error) {
      throw error instanceof Refused ? new Failure('57P01', error.message) : error
    }
  }
}

const NO_ROWS: Described = { fields: undefined }

/** What a script gives, as a result. @throws Failure as the script says */
function resultOf({ rows = [], error }: Script): Scripted {
  if (error !== undefined) throw new Failure(error.code, error.message)
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const fields = names.map((name): Field => {
    const type = typeOfValue(rows.map((row) => row[name]).find((value) => value !== null && value !== undefined))
    return { name, type, size: sizeOf(type), modifier: -1 }
  })
  const cells = rows.map((row) =>
    fields.map(({ name, type }): Cell => {
      const text = printed(row[name], type)
      return text === null ? null : Buffer.from(text)
    }),
  )
  return { fields, rows: cells }
}
