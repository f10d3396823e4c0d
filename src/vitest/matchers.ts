/** Matchers for `expect`, where they read better than an assertion of ours. They look, and account for nothing. */
import { expect } from 'vitest'

/** The part of `tripwire.<protocol>` that is looked at. */
interface Callable {
  calls(pattern?: unknown): readonly { readonly description: string }[]
}

/** What `expect` has besides. Exported by the door, which is what brings the augmentation to a user's compiler. */
export interface TripwireMatchers {
  /**
   * Whether a call that fits was made in a sandbox of this test.
   *
   * @example expect(tripwire.http).not.toHaveCalled('DELETE https://api.example.com/**')
   */
  toHaveCalled(pattern?: unknown): void
}

// Not Vitest's own `Matchers`, whose type parameters are others in each major (TS2428): its assertions have all that Chai's have, in 4.1 and 5.
declare global {
  namespace Chai {
    interface Assertion extends TripwireMatchers {}
  }
}

export function addMatchers(): void {
  expect.extend({
    toHaveCalled(received: unknown, pattern?: unknown) {
      const family = received as Partial<Callable>
      if (typeof family?.calls !== 'function')
        throw new TypeError('toHaveCalled looks at the calls of a protocol: expect(tripwire.http).toHaveCalled(…)')
      const all = family.calls()
      const fitting = pattern === undefined ? all : family.calls(pattern)
      const list = (calls: typeof all) => calls.map(({ description }) => `\n  ${description}`).join('') || ' none'
      const what = pattern === undefined ? 'a call' : this.utils.stringify(pattern)
      return {
        pass: fitting.length > 0,
        message: () =>
          fitting.length > 0
            ? `expected no ${what}, and it was called:${list(fitting)}`
            : `expected ${what}, and the calls were:${list(all)}`,
      }
    },
  })
}
