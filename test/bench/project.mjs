/** Small Vitest projects in a temporary folder, with the package installed as npm would. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const REPO = resolve(import.meta.dirname, '../..')

/** The two ways every project can be run: under the one line, and with an empty setup file instead. */
const CONFIGS = {
  'guarded.config.ts': `import { tripwire } from 'vitest-tripwire/vite'
import { defineConfig } from 'vitest/config'
export default defineConfig({ plugins: [tripwire()] })`,
  'bare.config.ts': `import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { setupFiles: ['./empty.js'] } })`,
  'empty.js': '',
  'package.json': '{ "type": "module", "workspaces": [] }',
}

export function createProject(files) {
  const root = mkdtempSync(join(tmpdir(), 'tripwire-bench-'))
  for (const [name, text] of Object.entries({ ...CONFIGS, ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const target = join(root, 'node_modules/vitest-tripwire')
  mkdirSync(target, { recursive: true })
  for (const part of ['package.json', 'dist']) cpSync(join(REPO, part), join(target, part), { recursive: true })
  const drivers = ['pg', 'pg-mem', '@electric-sql/pglite', 'better-sqlite3']
  for (const name of ['vitest', 'undici', 'ws', 'msw2', 'nock13', ...drivers]) {
    mkdirSync(dirname(join(root, 'node_modules', name)), { recursive: true })
    symlinkSync(join(REPO, 'node_modules', name), join(root, 'node_modules', name), 'dir')
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

export const VITEST = join(REPO, 'node_modules/vitest/vitest.mjs')
export const PRELOAD = join(REPO, 'dist/worker/register.js')
