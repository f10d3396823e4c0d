/** Names what was loaded before a setup file that stands alone: it may have captured functions before they were patched. */
import { createRequire } from 'node:module'
import { printFile } from '../errors/call-site.ts'

const { cache } = createRequire(import.meta.url)
const MOST = 8
const TOLD = Symbol.for('vitest-tripwire.earlier-told')

export function warnOfEarlierModules(): void {
  const told = process as unknown as Record<symbol, boolean>
  if (told[TOLD]) return
  told[TOLD] = true
  const files = Object.keys(cache).filter(
    (file) => !/[/\\]node_modules[/\\](?:vitest|@vitest|vite|vitest-tripwire)[/\\]/.test(file),
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
