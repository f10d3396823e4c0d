import type { Copied, Received } from './copy.ts'
import type { Notice } from './failure.ts'
import type { Cell, Field, Format } from './wire.ts'

/** Whether a session is outside a transaction, in one, or in one that failed; the letters of the protocol. */
export type Status = 'I' | 'T' | 'E'

/** What a statement takes and gives, known without running it. */
export interface Shape {
  /** OIDs of its parameters. */
  readonly params: readonly number[]
  /** Undefined for a statement without rows. */
  readonly fields: readonly Field[] | undefined
}

/** A statement that is to be run. */
export interface Run {
  /** One statement. */
  readonly sql: string
  /** OIDs of parameters as the client said them; 0 where it left that to the server. */
  readonly types: readonly number[]
  readonly params: readonly Cell[]
  readonly formats: readonly Format[]
  readonly results: readonly Format[]
}

export interface Result {
  /** Undefined for a statement without rows. */
  readonly fields: readonly Field[] | undefined
  readonly rows: readonly (readonly Cell[])[]
  /** `INSERT 0 1` */
  readonly tag: string
  readonly notices?: readonly Notice[]
}

/** A session on an engine; what it begins no other sees before it commits. */
export interface Line {
  readonly status: Status
  /** Called for what another session notifies this one of (`LISTEN`). */
  notified?: ((channel: string, payload: string) => void) | undefined
  /** OIDs of the parameters of a statement. @throws Failure, Limit */
  params(sql: string, types: readonly number[]): Promise<readonly number[]>
  /** @throws Failure, Limit */
  describe(sql: string, types: readonly number[]): Promise<Shape>
  /** @param cancelled settles when the client does not want the result any more @throws Failure, Limit */
  run(statement: Run, cancelled: Promise<void>): Promise<Result>
  /**
   * Runs a copy; left out by engines that have none.
   *
   * @param received what the client sent; undefined for a copy to it
   * @throws Failure
   */
  copy?(sql: string, received: Received | undefined, cancelled: Promise<void>): Promise<Copied>
  /** The transaction that is open fails, as by a statement that does. */
  fail(): Promise<void>
  /** What is not committed is lost. */
  end(): Promise<void>
}

/** An embedded Postgres, or what can stand for one. */
export interface Engine {
  readonly name: 'pg-mem' | 'pglite'
  /** Its own object, for those who set it up by hand. */
  readonly db: object
  open(): Line
  /** @returns puts everything back as it is now, as often as it is asked @throws Failure for a database that cannot be put back */
  backup(): Promise<() => Promise<void>>
  close(): Promise<void>
}
