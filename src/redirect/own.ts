import type { OwnEndpoints } from '../plugin.ts'

/** Endpoints that belong to the test: kept until the file ends, also when the server was closed (tests of "server is down"). */
export function createOwnEndpoints(): OwnEndpoints & { reset(given?: readonly string[]): void } {
  const keys = new Set<string>()
  return {
    add: (key) => void keys.add(key),
    has: (key) => keys.has(key),
    reset(given = []) {
      keys.clear()
      for (const key of given) keys.add(key)
    },
  }
}
