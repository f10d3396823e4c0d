/** Volumes, for the guard: loaded with the first of them, as most test files have none. */

import type { VolumeHandle } from './handle.ts'
import { readContents, readOptions } from './seeds.ts'
import { assertState } from './state.ts'
import { viewOf } from './view.ts'
import { Volume } from './volume.ts'
import { unwatch } from './watch-file.ts'

export { useKit } from './kit.ts'

export const part = {
  /** @throws RuleSyntaxError */
  volume(contents: unknown, given: unknown): Volume {
    const options = readOptions(given)
    return new Volume(readContents(contents, options.at), options)
  },
  viewOf,
  assertState,
  unwatch,
}

export type Part = typeof part
export type { Volume, VolumeHandle }
