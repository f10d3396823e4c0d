import type { FileEndpoints } from '../core/guard.ts'

/** Endpoints that belong to the test: kept until the file ends, also when the server was closed (tests of "server is down"). */
export function createOwnEndpoints(): FileEndpoints {
  const ofFile = new Set<string>()
  const ofWorker = new Set<string>()
  let present = ofWorker
  return {
    add: (key) => void present.add(key),
    has: (key) => ofFile.has(key) || ofWorker.has(key),
    startFile(given = []) {
      ofFile.clear()
      for (const key of given) ofFile.add(key)
      present = ofFile
    },
    endFile() {
      present = ofWorker
    },
  }
}
