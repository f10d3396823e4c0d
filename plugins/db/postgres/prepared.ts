import { splitStatements } from '../statements.ts'
import type { Result, Run } from './engine.ts'
import { Failure } from './failure.ts'
import { OID } from './types.ts'
import type { Said } from './wire.ts'

/** A statement of the extended protocol. */
export interface Prepared {
  readonly sql: string
  /** OIDs of its parameters as the client said them. */
  readonly types: readonly number[]
}

/** A statement with its parameters, that may give its rows in several goes. */
export interface Portal {
  readonly prepared: Prepared
  readonly run: Omit<Run, 'sql' | 'types'>
  result?: Result
  /** Rows that were given. */
  at: number
}

/** Types of the parameters of a statement that no engine sees: as many as it has, as text where the client does not say. */
export function placeholders({ sql, types }: Prepared): number[] {
  const count = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  return Array.from({ length: count }, (_, at) => types[at] || OID.text)
}

/** What a session has prepared and bound; the empty name is taken anew each time. */
export class Names {
  readonly #statements = new Map<string, Prepared>()
  readonly #portals = new Map<string, Portal>()

  parse({ name, sql, types }: Extract<Said, { kind: 'parse' }>): void {
    if (name !== '' && this.#statements.has(name))
      throw new Failure('42P05', `prepared statement "${name}" already exists`)
    const statements = splitStatements(sql)
    if (statements.length > 1) throw new Failure('42601', 'cannot insert multiple commands into a prepared statement')
    this.#statements.set(name, { sql: statements[0] ?? '', types })
  }

  bind({ portal, statement, params, formats, results }: Extract<Said, { kind: 'bind' }>): void {
    this.#portals.set(portal, { prepared: this.statement(statement), run: { params, formats, results }, at: 0 })
  }

  close(what: 'statement' | 'portal', name: string): void {
    if (what === 'statement') this.#statements.delete(name)
    else this.#portals.delete(name)
  }

  /** They end with their transaction. */
  endPortals(): void {
    this.#portals.clear()
  }

  statement(name: string): Prepared {
    const prepared = this.#statements.get(name)
    if (prepared === undefined) throw new Failure('26000', `prepared statement "${name}" does not exist`)
    return prepared
  }

  portal(name: string): Portal {
    const portal = this.#portals.get(name)
    if (portal === undefined) throw new Failure('34000', `portal "${name}" does not exist`)
    return portal
  }
}
