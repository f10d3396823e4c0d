/** What a session tells those who watch it, and is told by them. */
import type { Statement } from '../teller.ts'
import type { Line } from './engine.ts'
import type { Limit } from './failure.ts'
import type { Cell, Field } from './wire.ts'

/** A statement that was let through to the engine, or to the script that answers it. */
export interface Admitted {
  /** The rows of a script, which answers in the engine's place. */
  readonly script?: (() => Scripted) | undefined
  /** What came of it. */
  tell(
    outcome: // `params`: what was copied in.
      | { readonly rows: readonly object[]; readonly params?: readonly unknown[] }
      | { readonly error: { readonly code: string; readonly message: string } },
  ): void
  /** The error of a statement that the engine has no way to run. */
  limit(limit: Limit): Error
}

/** What is known of a script's answer before it is given. */
export interface Described {
  /** Undefined where it gives no rows. */
  readonly fields: readonly Field[] | undefined
}

export interface Scripted {
  readonly fields: readonly Field[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Who watches a session: every statement is told before it is run. */
export interface Watch {
  /** @param end of its message, in bytes of the connection @throws the error that the client gets instead */
  admit(statement: Statement, end: number): Admitted
  /** What a script gives for a statement, before it is run. */
  scripted(text: string, end: number): Described | undefined
  /** The session on the engine that answers who says something now. */
  line(end: number): Promise<Line>
}
