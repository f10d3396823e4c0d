/**
 * The memory that connections lead to, and whose database is in it. Code keeps a connection from one test to the next, and each test may have
 * declared a database of its own: what is used moves in, and what was there is kept aside.
 */
import type { Connection, Engine } from './engine.ts'
import { putBack } from './put-back.ts'

export class Slot {
  readonly engine: Engine
  /** Whose database it holds. */
  tenant: Tenant
  /** Whether code under test has opened it: its connections may come back. */
  isOpened = false
  /** Connections of ours that are open, where there are some. */
  readonly connections = new Set<object>()

  constructor(engine: Engine, tenant: Tenant) {
    this.engine = engine
    this.tenant = tenant
  }
}

/** A database in one copy of SQLite. */
export class Tenant {
  #slot: Slot
  /** What it holds, while another one is in its slot. */
  #aside: Connection | undefined

  constructor(engine: Engine) {
    this.#slot = new Slot(engine, this)
  }

  /** Its slot, with itself in it. @throws Error where another one is, and in the midst of something */
  get slot(): Slot {
    this.moveIn(this.#slot)
    return this.#slot
  }

  /** @throws Error where it is in another slot that somebody has open, or a transaction is open in this one */
  moveIn(slot: Slot): void {
    if (slot.tenant === this) return
    const isOwn = slot === this.#slot
    if (!isOwn && this.#slot.isOpened) throw new Error('another connection has opened it in this test')
    const held = isOwn ? (this.#aside as Connection) : this.#slot.engine
    const before = slot.engine.copy()
    putBack(held, slot.engine)
    slot.tenant.#aside = before
    slot.tenant = this
    held.close()
    this.#aside = undefined
    this.#slot = slot
  }

  close(): void {
    this.#aside?.close()
    if (!this.#slot.isOpened) this.#slot.engine.close()
  }
}
