import type { Guard } from '../core/guard.ts'
import { RuleSyntaxError } from '../core/rule-syntax.ts'
import type { Spy } from '../plugin.ts'

/** A function in the place of another; several frames may hold it, and the last to end puts the original back. */
export function spyOn(
  guard: Guard,
  owner: object,
  key: PropertyKey,
  implementation: (...args: never[]) => unknown,
): Spy {
  if (guard.spyOn === undefined) throw nowhere()
  const { original, isThere, restore } = guard.spyOn(owner, key, implementation)
  let holders = 0
  let restored = false
  return {
    original,
    get isThere() {
      return !restored && isThere()
    },
    hold() {
      const frame = guard.currentFrame().openAncestor()
      if (frame === undefined) throw nowhere()
      holders++
      frame.owner.onClose.push(() => {
        if (--holders > 0) return
        restore()
        restored = true
      })
    },
  }
}

function nowhere(): RuleSyntaxError {
  return new RuleSyntaxError('no test runs here', 'a test, a hook or a test file')
}
