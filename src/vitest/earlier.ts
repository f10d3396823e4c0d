/** Names what was loaded before a setup file that stands alone: it may have captured functions before they were patched. */
import { createRequire } from 'node:module'
import { builtIn } from '../built-in.ts'
import { printFile } from '../errors/call-site.ts'
import { PACKAGE_ROOT } from '../package-root.ts'

const MOST = 8
const TOLD = Symbol.for('vitest-tripwire.earlier-told')

export function warnOfEarlierModules(): void {
  const told = process as unknown as Record<symbol, boolean>
  if (told[TOLD]) return
  told[TOLD] = true
  const { cache } = createRequire(PACKAGE_ROOT)
  const files = Object.keys(cache).filter(
    (file) => !/[/\\]node_modules[/\\](?:vitest|@vitest|vite|expect-type|vitest-tripwire)[/\\]/.test(file),
  )
  if (files.length === 0) return
  const named = files.slice(0, MOST).map((file) => `  ${printFile(file)}`)
  const more = files.length > MOST ? [`  and ${files.length - MOST} more`] : []
  console.warn(
    [
      '[tripwire] These CommonJS modules were loaded before the setup file, and may hold functions that nobody guards (ES modules cannot be listed):',
      ...named,
      ...more,
      "Use the plugin (plugins: [tripwire()] from 'vitest-tripwire/vite') to be there first.",
    ].join('\n'),
  )
}

/** Modules that Vitest itself has loaded by now, so that to look costs nothing. */
const LOADED = ['child_process', 'dns', 'fs', 'fs/promises', 'net', 'worker_threads'] as const
const STALE = Symbol.for('vitest-tripwire.stale-told')

/**
 * Vitest's vm pools (4.1, 5) fill the named exports of a built-in module once for each file, and nobody can fill them again: what was imported
 * before the setup file, by Vitest itself, stays as it was. A default import is the module itself, and is guarded.
 */
export async function warnOfStaleImports(): Promise<void> {
  const told = process as unknown as Record<symbol, boolean>
  if (told[STALE]) return
  const stale: string[] = []
  for (const name of LOADED) {
    const named: Record<string, unknown> = await import(`node:${name}`)
    const exported = builtIn(`node:${name}`) as unknown as Record<string, unknown>
    if (Object.keys(exported).some((key) => key in named && named[key] !== exported[key])) stale.push(`node:${name}`)
  }
  if (stale.length === 0) return
  told[STALE] = true
  console.warn(
    [
      `[tripwire] In this pool named imports of ${stale.join(', ')} are what they were before the setup file, and nobody guards them.`,
      "Use the plugin (plugins: [tripwire()] from 'vitest-tripwire/vite') to be there first.",
    ].join('\n'),
  )
}
