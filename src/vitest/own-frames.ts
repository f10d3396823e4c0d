/** The errors of the user's hooks and fixtures keep the stack that they have without us, as Vitest prints every line of it. */
import { PACKAGE_ROOT } from '../package-root.ts'

const BUILT = `${PACKAGE_ROOT}dist`

/** Calls a function of the user's; what it throws, now or later, has no line of ours in its stack. */
export function cleanThrown<T>(fn: () => T): T {
  try {
    const result = fn()
    if (!isPromise(result)) return result
    return result.then(undefined, (error: unknown) => {
      throw withoutOurLines(error)
    }) as T
  } catch (error) {
    throw withoutOurLines(error)
  }
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** The same error. */
export function withoutOurLines(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  try {
    const { stack } = error as { stack?: unknown }
    if (typeof stack === 'string' && stack.includes(BUILT)) {
      const lines = stack.split('\n').filter((line) => !(/^\s+at /.test(line) && line.includes(BUILT)))
      ;(error as { stack?: string }).stack = lines.join('\n')
    }
  } catch {
    // Frozen: it shows what it shows.
  }
  return error
}
