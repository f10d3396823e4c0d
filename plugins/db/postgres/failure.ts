/** What the server tells besides results; the fields are those of Postgres. */
export interface Notice {
  readonly severity: string
  /** SQLSTATE: five characters that programs go by. */
  readonly code: string
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** Of a statement: characters from 1. */
  readonly position?: number | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly dataType?: string | undefined
  readonly constraint?: string | undefined
}

/** Why a statement failed, as Postgres says it. */
export class Failure extends Error implements Notice {
  readonly severity: string
  readonly code: string
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly position: number | undefined
  readonly schema: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly dataType: string | undefined
  readonly constraint: string | undefined

  constructor(code: string, message: string, more: Partial<Notice> = {}) {
    super(message)
    this.code = code
    this.severity = more.severity ?? 'ERROR'
    this.detail = more.detail
    this.hint = more.hint
    this.position = more.position
    this.schema = more.schema
    this.table = more.table
    this.column = more.column
    this.dataType = more.dataType
    this.constraint = more.constraint
  }
}

export function abortedFailure(): Failure {
  return new Failure('25P02', 'current transaction is aborted, commands ignored until end of transaction block')
}

/** A statement that the engine does not understand, which is no fault of the code under test. */
export class Limit extends Error {
  readonly statement: string
  /** Characters from 0; undefined where the engine does not say. */
  readonly position: number | undefined
  /** @param word what the engine says of it */
  constructor(statement: string, word: string, position?: number) {
    super(word)
    this.statement = statement
    this.position = position
  }
}
