import type { TripCode } from './call.ts'
import type { Frame } from './frames.ts'

/** The sandbox, test or file whose end makes a call of this frame a late one; undefined while it is open. */
export function lateFrame(frame: Frame): Frame | undefined {
  for (let at: Frame | undefined = frame; at; at = at.parent) {
    if (!at.closed) return undefined
    if (at.kind === 'sandbox' || at.kind === 'test' || at.kind === 'file') return at
  }
  return undefined
}

/** The code of a call that came after its sandbox, test or file had ended; undefined while all of them are open. */
export function lateCode(frame: Frame): TripCode | undefined {
  const ended = lateFrame(frame)
  if (ended === undefined) return undefined
  return ended.kind === 'sandbox' ? 'TRIPWIRE_POST_SANDBOX_INTERACTION' : 'TRIPWIRE_POST_TEST_INTERACTION'
}
