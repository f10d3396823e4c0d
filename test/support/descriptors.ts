import { readdirSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/** How many descriptors this process has open; none in a thread, as those of all threads are one. */
export function openDescriptors(): number {
  return isMainThread ? readdirSync('/proc/self/fd').length : 0
}
