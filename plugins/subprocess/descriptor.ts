/** What a scripted program writes to a descriptor that it was given in the place of a pipe. */
import { builtIn, originals } from '../../src/plugin.ts'

const { writeSync } = originals

/**
 * A descriptor of a volume is none of the system's: only the function as it is now knows it. And code may have closed its own end by now, or
 * there is no space: a program would see to that itself, and nobody else.
 */
export function writeTo(fd: number, chunk: Uint8Array): void {
  try {
    writeSync(fd, chunk)
  } catch {
    try {
      builtIn('node:fs').writeSync(fd, chunk)
    } catch {}
  }
}
