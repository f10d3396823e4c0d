/** Matchers for `expect`, where they read better than an assertion of ours. They look, and account for nothing. */
import { expect } from 'vitest'

/** The part of `tripwire.<protocol>` that is looked at. */
interface Callable {
  calls(pattern?: unknown): readonly { readonly description: string }[]
}

/** What `expect` has besides. Exported by the door, which is what brings the augmentation to a user's compiler. */
export interface TripwireMatchers<R = unknown> {
  /**
   * Whether a call that fits was made in a sandbox of this test.
   *
   * @example expect(tripwire.http).not.toHaveCalled('DELETE https://api.example.com/**')
   */
  toHaveCalled(pattern?: unknown): R
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: Vitest's is `Matchers<T = any>`; with any other parameter there are no two of one interface (TS2428)
  interface Matchers<T = any> extends TripwireMatchers<T> {}
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
