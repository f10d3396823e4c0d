/** Tells tripwire each statement of a connection before it is run, where the code stands that sent it. */
import type { Layer, Redirected, Tap } from '../../../src/plugin.ts'
import type { DbAnswer, Script } from '../mocking.ts'
import { isQuiet } from '../statements.ts'
import type { Line } from './engine.ts'
import { Failure, type Limit } from './failure.ts'
import { limitOf } from './limits.ts'
import type { Admitted, Described, Scripted, Statement, Watch } from './session.ts'
import { printed, sizeOf } from './types.ts'
import { typeOfValue } from './values.ts'
import type { Cell, Field } from './wire.ts'
import { type There, Writes } from './writes.ts'

/** What connections need of a database. */
export interface Hosted {
  readonly engine: string
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
  const { client, reply } = connection
  if (reply === undefined) throw new Failure('08006', 'the connection is gone')
  const writes = secured ? undefined : new Writes(client, reply.frame, tap)
  const { product, driver, host, port, path } = reply.facts
  const place = { product, driver, ...(path === undefined ? { host, port } : { path }), database: name, user }
  const layerOf = (statement: Partial<Statement>, operation = 'db:query'): Layer => ({
    protocol: 'db',
    operation,
    facts: { ...place, text: '', params: [], rows: undefined, error: undefined, transaction: false, ...statement },
  })
  const there = (end: number): There => writes?.at(end) ?? ((fn) => tap.runIn(reply.frame, fn))
  const answerTo = (text: string, end: number) =>
    there(end)(() => tap.answerTo(layerOf({ text }))) as DbAnswer | undefined
  if (answerTo('', 0) === undefined)
    throw new Failure('3D000', `database "${name}" does not exist`, {
      hint: 'tripwire.db.postgres says which one there is',
    })
  const line = await database.line()
  let current: { readonly database: Hosted; readonly line: Line } = { database, line }

  const watch: Watch = {
    async line(end) {
      const embedded = answerTo('', end)?.embedded as unknown as Hosted | undefined
      // A connection that a pool kept from an earlier test: what answers now is the database of this one.
      if (embedded !== undefined && embedded !== current.database && current.line.status === 'I')
        current = { database: embedded, line: await embedded.line() }
      return current.line
    },
    scripted(text, end) {
      const script = answerTo(text, end)?.script
      // One that fails does so when it is run, as a statement that is written down.
      return script && (script.error === undefined ? resultOf(script) : NO_ROWS)
    },
    admit: (statement, end) => there(end)(() => admit(statement)),
  }
  return { line, watch }

  function admit(statement: Statement): Admitted {
    const answer = tap.answerTo(layerOf(statement)) as DbAnswer | undefined
    const isControl = isQuiet(statement.text) && answer?.script === undefined
    // What only steers the session leaves no trace where there is nobody to answer it.
    if (isControl && answer === undefined) return { tell() {}, limit: limited(statement, tap.limit) }
    const outcome = tap.judge(layerOf(statement, isControl ? 'db:control' : 'db:query'))
    if (outcome.kind === 'block') throw outcome.error
    if (outcome.kind === 'refuse') {
      client.destroy()
      throw new Failure('57P01', 'terminating connection due to administrator command')
    }
    if (outcome.kind !== 'reply') return { tell() {}, limit: limited(statement, tap.limit) }
    const { reply } = outcome
    const { script } = reply.answer as DbAnswer
    return {
      script: script && (() => resultOf(script)),
      tell: (facts) => void reply.complete(facts),
      limit: limited(statement, (limit) => reply.limited(limit)),
    }
  }

  function limited({ text }: Statement, make: Tap['limit']) {
    return (limit: Limit) => make(limitOf(current.database.engine, limit, text))
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
