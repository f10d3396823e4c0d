import type { Outcome } from '../plugin.ts'
import type { Layer } from './call.ts'
import { SafeSet } from './collections.ts'
import type { Open } from './open-calls.ts'

/** Open calls that wait for a connection which somebody else may make for them: a pool, in whatever context. */
export class Claims {
  readonly #open = new SafeSet<Open>()

  add(open: Open): void {
    this.#open.add(open)
  }

  delete(open: Open): void {
    this.#open.delete(open)
  }

  /** Who claims a connection: it is allowed if one of them is, and stopped by the trip that is there already. */
  find(layer: Layer): { readonly by: Open; readonly outcome: Outcome } | undefined {
    if (this.#open.size === 0) return undefined
    let stopped: Open | undefined
    let undecided: Open | undefined
    for (const open of this.#open) {
      if (open.claims?.(layer) !== true) continue
      if (open.outcome === undefined) undecided ??= open
      else if (open.outcome.kind === 'pass') return { by: open, outcome: open.outcome }
      else stopped ??= open
    }
    if (undecided !== undefined) return { by: undecided, outcome: undecided.settle(layer) }
    return stopped?.outcome && { by: stopped, outcome: stopped.outcome }
  }
}
