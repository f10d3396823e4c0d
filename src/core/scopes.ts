import type { Level } from './levels.ts'
import type { Rule } from './rules.ts'

/** Rules and levels of one place: the project's config, a file entry, test or describe options, a block. */
export interface Scope {
  readonly kind: 'project' | 'file' | 'describe' | 'test' | 'block'
  /** Where it is written, as errors print it: `tripwire.config.ts`, `meta of test "a"`, `tripwire.allow at a.test.ts:3:5`. */
  readonly source: string
  /** Levels by protocol; the key `default` holds for those not named. */
  readonly levels?: Readonly<Record<string, Level>>
  readonly allow?: readonly Rule[]
  readonly deny?: readonly Rule[]
  readonly refuse?: readonly Rule[]
  /** A ceiling: what matches none of these is stopped. */
  readonly restrict?: readonly Rule[]
  /** Plugin settings that this place overrides, by config key (`loopback`, `fs`). */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Opened by `tripwire.sandbox()` as a block: an id while it is open. */
  readonly sandbox?: number
}
