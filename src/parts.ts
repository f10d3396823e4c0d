/** Parts of this package that workers do not load at their start: engines and codecs that few test files need. */
import { createRequire } from 'node:module'

/** @param name of a script beside this one, without its ending */
export function loadPart(name: string): object {
  return createRequire(import.meta.filename)(`./${name}.cjs`)
}
