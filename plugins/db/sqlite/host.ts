/** Connections and statements of a driver, followed statement by statement. */
import { copyOfRow, enterFor, paramsOf, type Recorded, record, rowsOfIterator, type Statement } from './recorder.ts'
import type { Fn, Hosted, Hosts } from './seam.ts'
import { splitStatements } from './statements.ts'

type ScriptRows = readonly Readonly<Record<string, unknown>>[]
const NO_ROWS = { rows: () => [], scripted: () => undefined }

/** What a method of a statement gives, as rows, and the other way round. */
const RESULTS: Readonly<Record<string, Pick<Statement<unknown>, 'rows' | 'scripted'>>> = {
  run: { rows: () => [], scripted: () => ({ changes: 0, lastInsertRowid: 0 }) },
  get: {
    rows: (row) => (row === undefined ? [] : [copyOfRow(row)]),
    scripted: ([row]: ScriptRows) => row && { ...row },
  },
  all: {
    rows: (rows) => (rows as unknown[]).map(copyOfRow),
    scripted: (rows) => rows.map((row) => ({ ...row })),
  },
  iterate: {
    rows: (iterator, failed) => rowsOfIterator(iterator as object, failed),
    scripted: (rows) => rows.map((row) => ({ ...row })).values(),
  },
}

/** One connection. */
export interface Line extends Recorded {
  readonly inTransaction: boolean
}

/** A text of several statements. @param exec runs one, @param sql with other names for files than in `given` */
export function execute(line: Line, given: string, sql: string, exec: (statement: string) => unknown): void {
  const texts = splitStatements(given)
  const statements = sql === given ? texts : splitStatements(sql)
  // What holds nothing, SQLite is asked about too: it may not be text.
  if (statements.length === 0) exec(sql)
  statements.forEach((statement, at) => {
    const run = () => exec(statement)
    record(line, { text: texts[at] ?? statement, params: [], transaction: line.inTransaction, run, ...NO_ROWS })
  })
}

/** Prepares a statement; one that fails here has failed, whatever was to become of it. */
export function prepare<T extends object>(line: Line, text: string, make: () => T): T {
  enterFor(line, text)
  try {
    return make()
  } catch (error) {
    const fail = () => {
      throw error
    }
    return record<T>(line, {
      text,
      params: [],
      transaction: line.inTransaction,
      run: fail,
      rows: () => [],
      scripted: fail,
    })
  }
}

/** A prepared statement. */
export class StatementHost implements Hosted {
  readonly #line: Line
  readonly text: string
  #bound: readonly unknown[] | undefined

  constructor(line: Line, text: string) {
    this.#line = line
    this.text = text
  }

  call(self: object, method: string, original: Fn, args: unknown[], given: readonly unknown[]): unknown {
    if (method === 'bind') {
      this.#bound = given
      return Reflect.apply(original, self, args)
    }
    return this.run(method, this.#bound ?? given, () => Reflect.apply(original, self, args))
  }

  protected run(method: string, params: readonly unknown[], run: () => unknown): unknown {
    const line = this.#line
    const result = RESULTS[method] as (typeof RESULTS)[string]
    return record(line, { text: this.text, params: paramsOf(params), transaction: line.inTransaction, run, ...result })
  }
}

/** A connection of node:sqlite. */
export class NodeHost implements Hosted {
  readonly #line: Line
  readonly #location: string | undefined

  /** @param location the file that it stands for; undefined where it only attaches one */
  constructor(line: Line, location: string | undefined) {
    this.#line = line
    this.#location = location
  }

  call(self: object, method: string, original: Fn, args: unknown[], given: readonly unknown[], hosts: Hosts): unknown {
    const run = () => Reflect.apply(original, self, args)
    const line = this.#line
    const [text] = given
    if (method === 'location') {
      const [name = 'main'] = args
      return name === 'main' && this.#location !== undefined ? this.#location : run()
    }
    if (method === 'applyChangeset' || method === 'deserialize')
      return record(line, {
        text: method,
        params: paramsOf(given.slice(0, 1)),
        transaction: line.inTransaction,
        run,
        rows: () => [],
        scripted: () => true,
      })
    // A tag: texts with values between them.
    if (Array.isArray(text))
      return new StatementHost(line, text.join('?')).call(self, method, original, args, given.slice(1))
    if (typeof text !== 'string') return run()
    if (method === 'prepare') {
      const statement = prepare(line, text, run as () => object)
      hosts.set(statement, new StatementHost(line, text))
      return statement
    }
    return execute(line, text, args[0] as string, (statement) => Reflect.apply(original, self, [statement]))
  }
}
