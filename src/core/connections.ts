import { SafeSet, SafeWeakMap } from './collections.ts'
import type { CallRecord } from './open-calls.ts'

interface Opened {
  readonly call: CallRecord
  /** Sandboxes that know of it: the one it was opened in, and those in which its use was judged. */
  readonly knownTo: Set<number | undefined>
}

/** Real connections that passed: a sandbox that did not see one open has its use judged. Those of the default policy are not kept. */
export class Connections {
  readonly #opened = new SafeWeakMap<object, Opened>()
  /** Most suites never open one that is not their own, and are asked at every write. */
  any = false

  add(connection: object, call: CallRecord, sandbox: number | undefined): void {
    this.any = true
    this.#opened.set(connection, { call, knownTo: new SafeSet([sandbox]) })
  }

  /** The call that opened a connection, for a sandbox that does not know of it; it does from then on. */
  introduce(connection: object, sandbox: number): CallRecord | undefined {
    const opened = this.#opened.get(connection)
    if (opened === undefined || opened.knownTo.has(sandbox)) return undefined
    opened.knownTo.add(sandbox)
    return opened.call
  }

  /** After a trip: the next use is judged again. */
  forget(connection: object, sandbox: number): void {
    this.#opened.get(connection)?.knownTo.delete(sandbox)
  }
}
