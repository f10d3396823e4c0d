/** What the guard hands to this part when it loads it: its own copies of what must not be there twice, or patched. */
import type { fits, isAsymmetric, isRegExp, RuleSyntaxError, suggest, Tap } from '../../../src/plugin.ts'
import type { real } from '../originals.ts'
import type { readPath } from '../paths.ts'

export interface Kit {
  readonly real: typeof real
  readonly readPath: typeof readPath
  readonly tap: Tap
  readonly fits: typeof fits
  readonly isRegExp: typeof isRegExp
  readonly isAsymmetric: typeof isAsymmetric
  readonly suggest: typeof suggest
  readonly Misuse: typeof RuleSyntaxError
}

let given: Kit | undefined

export function useKit(kit: Kit): void {
  given = kit
}

export function kit(): Kit {
  if (given === undefined) throw new Error('volumes are made by the guard')
  return given
}
