import { SafeSet } from '../core/collections.ts'
import type { FileEndpoints } from '../core/guard-parts.ts'

/** Endpoints that belong to the test: kept until the file ends, also when the server was closed (tests of "server is down"). */
export function createOwnEndpoints(): FileEndpoints {
  const ofFile = new SafeSet<string>()
  const ofWorker = new SafeSet<string>()
  let present = ofWorker
  const isKnown = (key: string) => ofFile.has(key) || ofWorker.has(key)
  const own: FileEndpoints = {
    onAdd: undefined,
    onMiss: undefined,
    all: () => [...ofFile, ...ofWorker],
    add(key) {
      const isNew = !isKnown(key)
      present.add(key)
      if (isNew) own.onAdd?.(key)
    },
    has(key) {
      if (isKnown(key)) return true
      own.onMiss?.()
      return isKnown(key)
    },
    startFile(given = []) {
      ofFile.clear()
      for (const key of given) ofFile.add(key)
      present = ofFile
    },
    endFile() {
      present = ofWorker
    },
  }
  return own
}
