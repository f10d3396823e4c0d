import { type Frame, SafeWeakMap } from '../../src/plugin.ts'

/**
 * One of something for each test, or for the describe or file where a call of a hook stands. A connection to the worker that is kept for the
 * next request keeps the context of earlier ones, and with it all that they made: it must not outlive its test.
 *
 * @param end told of it as the test ends
 */
export function ofEachTest<T extends object>(make: () => T, end: (made: T) => void): (frame: Frame) => T {
  const all = new SafeWeakMap<Frame, T>()
  return (frame) => {
    const open = frame.openAncestor() ?? frame
    const owner = open.nearest('test') ?? open.nearest('describe', 'file', 'run') ?? open
    const known = all.get(owner)
    if (known !== undefined) return known
    const made = make()
    all.set(owner, made)
    owner.onClose.push(() => {
      all.delete(owner)
      end(made)
    })
    return made
  }
}
