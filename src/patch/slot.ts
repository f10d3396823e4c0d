/**
 * Where the one installation of a process (or thread) is kept. It is a property of `process`, because in Vitest's vm pools the test's
 * `globalThis` is another than the preload's, and a module may be loaded twice (spikes on Node 20 and 24).
 */
const SLOT = Symbol.for('vitest-tripwire.installation')

/** What any copy of the package may rely on: keep it backward compatible within a major version. */
export interface Installation {
  readonly version: string
  readonly major: number
  /** Folder of the package that installed. */
  readonly path: string
  /** Whatever this major version agreed on; see `src/install.ts`. */
  readonly parts: unknown
}

export function readSlot(): Installation | undefined {
  return (process as unknown as Record<symbol, Installation | undefined>)[SLOT]
}

export function writeSlot(installation: Installation | undefined): void {
  const slots = process as unknown as Record<symbol, unknown>
  if (installation === undefined) delete slots[SLOT]
  else Object.defineProperty(process, SLOT, { value: installation, configurable: true, writable: true })
}
