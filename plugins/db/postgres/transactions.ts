/**
 * Transactions over pg-mem, which has none that go on for longer than a call: its whole state is one immutable map, of which a transaction
 * keeps what it changed. Others do not see that before the commit, and wait with what they would change of the same table (READ COMMITTED,
 * with locks on tables instead of rows).
 */
import { Failure } from './failure.ts'

/** An immutable map of pg-mem's: the rows, indices and counters of each table. */
export interface State {
  get(key: unknown): unknown
  set(key: unknown, value: unknown): State
  forEach(each: (value: unknown, key: unknown) => void): void
}

/** What pg-mem keeps its state in (3.x; documented nowhere). */
export interface Holder {
  data: { data: State; clone(): { data: State } }
}

export interface Clock {
  setTimeout(fn: () => void, ms: number): { unref?(): void }
  clearTimeout(timer: unknown): void
}

/** How long a statement waits for the transaction of another connection, in milliseconds: less than a test has. */
const PATIENCE = 2_000

export class Transaction {
  /** What it changed, by the keys of the state. */
  changed = new Map<unknown, unknown>()
  readonly savepoints: { readonly name: string; readonly changed: Map<unknown, unknown> }[] = []
  /** Whose end it waits for. */
  waitsFor: Transaction | undefined
  readonly ended: Promise<void>
  #end: () => void = () => {}
  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }
  end(): void {
    this.#end()
  }
}

export class Store {
  readonly #holder: Holder
  readonly #clock: Clock
  readonly #open = new Set<Transaction>()

  constructor(holder: Holder, clock: Clock) {
    if (typeof holder.data?.clone !== 'function')
      throw new TypeError('this version of pg-mem keeps its state elsewhere')
    this.#holder = holder
    this.#clock = clock
  }

  get #committed(): State {
    return this.#holder.data.data
  }

  begin(): Transaction {
    const transaction = new Transaction()
    this.#open.add(transaction)
    return transaction
  }

  commit(transaction: Transaction): void {
    this.#replace(this.#view(transaction))
    this.rollback(transaction)
  }

  rollback(transaction: Transaction): void {
    this.#open.delete(transaction)
    transaction.end()
  }

  savepoint({ savepoints, changed }: Transaction, name: string): void {
    savepoints.push({ name, changed: new Map(changed) })
  }

  /** @throws Failure where there is none of that name */
  rollbackTo(transaction: Transaction, name: string): void {
    const { savepoints } = transaction
    const at = indexOf(transaction, name)
    transaction.changed = new Map(savepoints[at]?.changed)
    savepoints.splice(at + 1)
  }

  /** @throws Failure where there is none of that name */
  release(transaction: Transaction, name: string): void {
    transaction.savepoints.splice(indexOf(transaction, name))
  }

  /** The state as it is now, to be put back: what was committed. */
  snapshot(): State {
    return this.#committed
  }

  /** @throws Failure while a transaction is open */
  restore(state: State): void {
    if (this.#open.size > 0)
      throw new Failure(
        '55006',
        'the database cannot be put back while a transaction is open on one of its connections',
      )
    this.#replace(state)
  }

  /**
   * Runs a statement on what its transaction sees, again where it has to wait for another one.
   *
   * @param transaction none for a statement that is committed at once
   * @param lasts whether it changes what no transaction can take back (the schema)
   * @throws Failure
   */
  async run<T>(
    transaction: Transaction | undefined,
    lasts: boolean,
    cancelled: Promise<void>,
    execute: () => T,
  ): Promise<T> {
    for (;;) {
      const others = this.#open.size > (transaction === undefined ? 0 : 1)
      const busy = lasts && others ? this.#blocker(transaction) : undefined
      if (busy !== undefined) {
        await this.#wait(transaction, busy, cancelled)
        continue
      }
      const before = transaction === undefined ? this.#committed : this.#view(transaction)
      const { result, after } = this.#execute(before, execute)
      if (transaction === undefined && !others) {
        this.#replace(after)
        return result
      }
      const changed = differences(before, after)
      const blocker = others ? this.#blocker(transaction, changed) : undefined
      if (blocker !== undefined) {
        await this.#wait(transaction, blocker, cancelled)
        continue
      }
      if (transaction === undefined) this.#replace(after)
      else for (const [key, value] of changed) transaction.changed.set(key, value)
      return result
    }
  }

  #execute<T>(before: State, execute: () => T): { result: T; after: State } {
    const committed = this.#holder.data
    const scratch = committed.clone()
    scratch.data = before
    this.#holder.data = scratch as Holder['data']
    try {
      const result = execute()
      return { result, after: this.#holder.data.data }
    } finally {
      this.#holder.data = committed
    }
  }

  #replace(state: State): void {
    const next = this.#holder.data.clone()
    next.data = state
    this.#holder.data = next as Holder['data']
  }

  #view({ changed }: Transaction): State {
    let state = this.#committed
    for (const [key, value] of changed) state = state.set(key, value)
    return state
  }

  /** Another transaction that changed one of these, or anything where none are given. */
  #blocker(own: Transaction | undefined, keys?: ReadonlyMap<unknown, unknown>): Transaction | undefined {
    for (const other of this.#open) {
      if (other === own) continue
      if (keys === undefined ? other.changed.size > 0 : [...keys.keys()].some((key) => other.changed.has(key)))
        return other
    }
    return undefined
  }

  async #wait(own: Transaction | undefined, other: Transaction, cancelled: Promise<void>): Promise<void> {
    for (let at: Transaction | undefined = other; at; at = at.waitsFor)
      if (at === own) throw new Failure('40P01', 'deadlock detected')
    if (own) own.waitsFor = other
    let timer: unknown
    const late = new Promise<'late'>((resolve) => {
      const started = this.#clock.setTimeout(() => resolve('late'), PATIENCE)
      started.unref?.()
      timer = started
    })
    const outcome = await Promise.race([other.ended, late, cancelled.then(() => 'cancelled' as const)])
    this.#clock.clearTimeout(timer)
    if (own) own.waitsFor = undefined
    if (outcome === 'cancelled') throw cancelledFailure()
    if (outcome === 'late')
      throw new Failure('55P03', `canceling statement due to lock timeout`, {
        hint: `pg-mem has locks on tables only: a transaction of another connection changed the table, and did not end within ${PATIENCE / 1000} seconds`,
      })
  }
}

export function cancelledFailure(): Failure {
  return new Failure('57014', 'canceling statement due to user request')
}

function indexOf({ savepoints }: Transaction, name: string): number {
  const at = savepoints.findLastIndex((each) => each.name === name)
  if (at < 0) throw new Failure('3B001', `savepoint "${name}" does not exist`)
  return at
}

/** What one state has that another has not. A map that is only looked for is made by looking. */
function differences(before: State, after: State): Map<unknown, unknown> {
  const changed = new Map<unknown, unknown>()
  if (before === after) return changed
  after.forEach((value, key) => {
    const old = before.get(key)
    if (old !== value && !(old === undefined && (value as { size?: number } | null)?.size === 0))
      changed.set(key, value)
  })
  return changed
}
