/** Tells tripwire each statement of a connection before it is run, where the code stands that runs it. */
import type { Facts, Layer, Reply, Tap } from '../../../src/plugin.ts'
import type { Script } from '../scripts.ts'
import { foldStatement } from '../statements.ts'
import { errorFact } from './failure.ts'
import { isQuiet } from './statements.ts'

/** What a mock answers with. */
interface Answer {
  readonly embedded: object
  readonly script?: Script | undefined
}

export interface Statement<T> {
  readonly text: string
  readonly params: unknown
  readonly transaction: boolean
  run(): T
  /** Rows of the result, which may still grow. @param failed is told of an error that comes later */
  rows(result: T, failed: (error: unknown) => void): readonly unknown[]
  /** What a script's rows are to the caller. */
  scripted(rows: readonly Readonly<Record<string, unknown>>[]): T
}

export interface Recorded {
  readonly tap: Tap
  readonly driver: string
  readonly path: string
  /** An error as the driver makes it. */
  failure(code: string, message: string): Error
  /** The database that answers is where the connection leads, or comes there. @throws Error where it cannot */
  enter(embedded: object): void
  /** The error of a connection that leads to another database than the one that answers. */
  stale(reply: Reply, text: string, why: unknown): Error
}

export function record<T>(recorded: Recorded, { text, params, transaction, run, rows, scripted }: Statement<T>): T {
  const { tap, failure } = recorded
  const folded = foldStatement(text)
  const facts = { text: folded, params, rows: undefined, error: undefined, transaction }
  const layerOf = (operation: string) => layer(recorded, operation, facts)
  let isControl = isQuiet(folded)
  if (isControl) {
    const answer = tap.answerTo(layerOf('db:query')) as Answer | undefined
    // What only steers the connection leaves no trace where there is nobody to answer it.
    if (answer === undefined) return run()
    isControl = answer.script === undefined
  }
  const outcome = tap.judge(layerOf(isControl ? 'db:control' : 'db:query'))
  if (outcome.kind === 'block') throw outcome.error
  if (outcome.kind === 'refuse') throw failure('SQLITE_IOERR', 'disk I/O error')
  if (outcome.kind !== 'reply') return run()
  const { reply } = outcome
  const { embedded: answering, script } = reply.answer as Answer
  try {
    if (script === undefined) recorded.enter(answering)
  } catch (error) {
    throw recorded.stale(reply, folded, error)
  }
  const failed = (error: unknown) => void reply.complete({ error: errorFact(error), rows: undefined })
  try {
    if (script?.error) throw failure(script.error.code, script.error.message)
    const result = script ? scripted(script.rows ?? []) : run()
    reply.complete({ rows: script ? script.rows : rows(result, failed) })
    return result
  } catch (error) {
    failed(error)
    throw error
  }
}

function layer({ driver, path }: Recorded, operation: string, facts: Facts): Layer {
  return { protocol: 'db', operation, facts: { product: 'sqlite', driver, path, ...facts } }
}

/** Where a statement is prepared, the database has to be the one that will answer it. */
export function enterFor(recorded: Recorded, text: string): void {
  const facts = { text: foldStatement(text), params: [], rows: undefined, error: undefined, transaction: false }
  const answer = recorded.tap.answerTo(layer(recorded, 'db:query', facts)) as Answer | undefined
  try {
    if (answer !== undefined) recorded.enter(answer.embedded)
  } catch {
    // It is told by the statement, when it is run.
  }
}

/** Parameters, as they were given: a list, or names with their values. */
export function paramsOf(args: readonly unknown[]): unknown {
  const flat = args.flatMap((arg) => (Array.isArray(arg) ? arg : [arg])).map(copied)
  const [only] = flat
  return flat.length === 1 && isNamed(only) ? only : flat
}

function isNamed(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}

/** As it is now: the code may go on with it. */
function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  return isNamed(value) ? { ...value } : value
}

/** A row as the code got it. */
export function copyOfRow(row: unknown): unknown {
  return Array.isArray(row) ? [...row] : copied(row)
}

type Step = (this: object, ...args: unknown[]) => IteratorResult<unknown>

/** The rows that an iterator has given by now. */
export function rowsOfIterator(iterator: object, failed: (error: unknown) => void): unknown[] {
  const rows: unknown[] = []
  const { next } = iterator as { readonly next: Step }
  const watched: Step = function (...args) {
    try {
      const step = Reflect.apply(next, this, args)
      if (!step.done) rows.push(copyOfRow(step.value))
      return step
    } catch (error) {
      failed(error)
      throw error
    }
  }
  Object.defineProperty(iterator, 'next', { value: watched, writable: true, configurable: true, enumerable: false })
  return rows
}
