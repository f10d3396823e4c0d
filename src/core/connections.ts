import { SafeSet, SafeWeakMap } from './collections.ts'
import type { CallRecord } from './open-calls.ts'
import type { PluginSet } from './plugins.ts'
import { policyOf } from './policy.ts'

interface Opened {
  readonly call: CallRecord
  /** Sandboxes that know of it: the one it was opened in, and those in which its use was judged. */
  readonly knownTo: Set<number | undefined>
}

/** Real connections that passed: a sandbox that did not see one open has its use judged. */
export class Connections {
  readonly #opened = new SafeWeakMap<object, Opened>()
  /** Most suites never open one that is not their own, and are asked at every write. */
  any = false
  readonly #plugins: PluginSet

  constructor(plugins: PluginSet) {
    this.#plugins = plugins
  }

  /** A protocol that judges each use by itself needs no second judge, and what passed by the default policy would pass again. */
  add(connection: object, call: CallRecord | undefined): void {
    const by = call?.verdict?.why.by
    if (call === undefined || by === undefined || by === 'default' || by === 'runner') return
    if (this.#plugins.get(call.layers[0]?.protocol ?? '')?.judgesEachUse) return
    this.any = true
    this.#opened.set(connection, { call, knownTo: new SafeSet([policyOf(call.frame).sandbox]) })
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
