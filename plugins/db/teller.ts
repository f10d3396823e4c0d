/** Tells tripwire each statement of a connection before it is answered, where the code stands that sent it. */
import type { EngineLimit, Facts, Layer, Redirected, Tap } from '../../src/plugin.ts'
import { type Sender, type There, Writes } from './writes.ts'

export interface Statement {
  /** In one line. */
  readonly text: string
  readonly params: readonly unknown[]
  /** Whether it is part of a transaction. */
  readonly transaction: boolean
}

/** A statement that may be answered. */
export interface Admitted<Answer> {
  /** What answers it; undefined where nobody is asked. */
  readonly answer: Answer | undefined
  /** Tells what came of it: `rows`, or `error`. */
  tell(facts: Facts): void
  /** What answers it has nothing to say to it: something else is chosen. @returns the error of the client where there is none */
  declines(): Error | undefined
  /** The test's own part of the answer failed. @returns the error of the client */
  fails(error: unknown): Error
  /** @returns the error of what the engine cannot do */
  limited(limit: EngineLimit): Error
}

/** Who a connection is of. */
export interface Account {
  readonly user: string | undefined
  readonly database: string | undefined
}

/** The connection was ended, as a rule refuses it. */
export class Refused extends Error {}

/** @template Answer what mocks of the database answer with */
export class Teller<Answer extends { readonly script?: unknown }> {
  account: Account
  readonly #connection: Redirected
  readonly #tap: Tap
  readonly #opened: There
  readonly #writes: Writes | undefined
  readonly #place: Facts

  /** @param secured whether TLS began on the connection later than it did itself @throws where there is none */
  constructor(
    connection: Redirected,
    tap: Tap,
    account: Account,
    { secured = false, sender }: { readonly secured?: boolean; readonly sender?: Sender | undefined } = {},
  ) {
    const { client, reply } = connection
    if (reply === undefined) throw new Error('the connection is gone')
    this.#connection = connection
    this.#tap = tap
    this.account = account
    this.#opened = (fn) => tap.runIn(reply.frame, fn)
    this.#writes = secured ? undefined : new Writes(client, reply.frame, tap, sender)
    const { product, driver, host, port, path } = reply.facts
    this.#place = { product, driver, ...(path === undefined ? { host, port } : { path }) }
  }

  /** What would answer a statement; nothing is used up by asking. @param end of its message, in bytes of the connection */
  answerTo(text: string, end: number): Answer | undefined {
    return this.#at(end)(() => this.#tap.answerTo(this.#layer({ text }))) as Answer | undefined
  }

  /** @param isQuiet whether nobody has to assert it, unless a script answers it @throws the error that the client gets instead */
  admit(statement: Statement, end: number, isQuiet: boolean): Admitted<Answer> {
    return this.#at(end)(() => this.#admit(statement, isQuiet))
  }

  #admit(statement: Statement, isQuiet: boolean): Admitted<Answer> {
    const tap = this.#tap
    const answer = tap.answerTo(this.#layer(statement)) as Answer | undefined
    const isControl = isQuiet && answer?.script === undefined
    // What only steers the session leaves no trace where there is nobody to answer it.
    const outcome =
      isControl && answer === undefined
        ? undefined
        : tap.judge(this.#layer(statement, isControl ? 'db:control' : 'db:query'))
    if (outcome?.kind === 'block') throw outcome.error
    if (outcome?.kind === 'refuse') {
      this.#connection.client.destroy()
      throw new Refused('terminating connection due to administrator command')
    }
    const reply = outcome?.kind === 'reply' ? outcome.reply : undefined
    return {
      get answer() {
        return reply?.answer as Answer | undefined
      },
      tell: (facts) => void reply?.complete(facts),
      declines: () => reply?.declines(),
      fails: (error) => reply?.fails(error) ?? (error as Error),
      limited: (limit) => reply?.limited(limit) ?? tap.limit(limit),
    }
  }

  #at(end: number): There {
    return this.#writes?.at(end) ?? this.#opened
  }

  #layer(statement: Partial<Statement>, operation = 'db:query'): Layer {
    const facts = { text: '', params: [], rows: undefined, error: undefined, transaction: false, ...statement }
    return { protocol: 'db', operation, facts: { ...this.#place, ...this.account, ...facts } }
  }
}

/**
 * Finds a script that answers: several may have been made for one place, and what answers at first may be the place itself.
 *
 * @returns the error of the client where there is none
 */
export function unscripted<Answer extends { readonly script?: unknown }>(
  admitted: Admitted<Answer>,
): Error | undefined {
  while (admitted.answer?.script === undefined) {
    const error = admitted.declines()
    if (error !== undefined) return error
    if (admitted.answer === undefined) return new Error('nobody answers this connection any more')
  }
  return undefined
}
