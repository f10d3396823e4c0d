/** Functions that were tried, with what came out. */
import { SafeWeakMap } from '../core/collections.ts'

const tried = new SafeWeakMap<object, boolean>()
// Captured at load: tests replace them.
const { apply } = Reflect
const HostProxy = Proxy

type Fn = (...args: never[]) => unknown

/**
 * Whether a function that somebody put in the place of a method of ours may still come to ours. It is called once, on an object that nobody
 * can use: ours and Node's fail on it, so what comes back without an error has done neither. A spy is a mock on purpose, and not called.
 */
export function mayReachUs(put: Fn): boolean {
  if ('mock' in put || 'isSinonProxy' in put) return true
  const known = tried.get(put)
  if (known !== undefined) return known
  const may = tryOut(put)
  tried.set(put, may)
  return may
}

function tryOut(put: Fn): boolean {
  const fail = () => {
    throw new TypeError('this object is a probe of vitest-tripwire')
  }
  const probe = new HostProxy(
    {},
    {
      get: fail,
      set: fail,
      has: fail,
      deleteProperty: fail,
      defineProperty: fail,
      getPrototypeOf: fail,
      ownKeys: fail,
    },
  )
  try {
    const result = apply(put, probe, []) as { then?(done: undefined, failed: () => void): void } | null | undefined
    if (result === probe || typeof result?.then !== 'function') return false
    // It fails later, or never: nobody can tell.
    result.then(undefined, () => {})
    return true
  } catch {
    return true
  }
}
