import type { TripCode } from './call.ts'
import type { Frame } from './frames.ts'

/** The code of a call that came after its sandbox, test or file had ended; undefined while all of them are open. */
export function lateCode(frame: Frame): TripCode | undefined {
  for (let at: Frame | undefined = frame; at; at = at.parent) {
    if (!at.closed) return undefined
    if (at.kind === 'sandbox') return 'TRIPWIRE_POST_SANDBOX_INTERACTION'
    if (at.kind === 'test' || at.kind === 'file') return 'TRIPWIRE_POST_TEST_INTERACTION'
  }
  return undefined
}
