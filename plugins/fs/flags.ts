import { constants } from 'node:fs'
import type { FlagsArgument } from './table.ts'

const { O_EXCL, O_NOCTTY, O_SYNC, O_DSYNC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME } = constants
/** Bits that change nothing; all others, named or not, may. `O_CLOEXEC` and `O_LARGEFILE` have no name in Node. */
const HARMLESS =
  [O_EXCL, O_NOCTTY, O_SYNC, O_DSYNC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME].reduce<number>(
    (all, bit) => all | (bit ?? 0),
    0,
  ) | (process.platform === 'linux' ? 0o2_000_000 | 0o100_000 : 0)
const { isArray } = Array

/** Whether a file that is opened with these flags is only read; whatever is not known to be harmless may write. */
export function onlyReads(flags: unknown): boolean {
  if (typeof flags === 'number') return (flags & ~HARMLESS) === 0
  return flags === 'r' || flags === 'rs' || flags === 'sr' || flags === null
}

/** The flags that a call opens its file with. */
export function flagsOf({ at, key, without }: FlagsArgument, args: readonly unknown[]): unknown {
  let flags = args[at]
  if (key !== undefined)
    flags = typeof flags === 'object' && flags !== null ? (flags as Record<string, unknown>)[key] : undefined
  // `open(path, callback)`
  return flags === undefined || flags === null || typeof flags === 'function' || isArray(flags) ? without : flags
}
