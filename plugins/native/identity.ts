/** `process.setuid` and its family: a test that runs as root may lose that for good. */
import type { Tap } from '../../src/plugin.ts'
import { failure, report } from './report.ts'

const NAMES = ['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups'] as const
type Identity = Partial<Record<(typeof NAMES)[number], ((...args: unknown[]) => unknown) & { disabled?: true }>>

export function guardIdentity(tap: Tap): void {
  const owner = process as unknown as Identity
  for (const name of NAMES) {
    // Windows has none, and a worker thread has functions that only throw.
    if (owner[name] === undefined || owner[name].disabled) continue
    tap.patch(owner as Required<Identity>, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        report(tap, 'identity', { function: `process.${name}` }, () =>
          failure(`${name} EPERM`, 'EPERM', { errno: -1, syscall: name }),
        )
        return Reflect.apply(original, this, args)
      }
    })
  }
}
