import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const { COLD } = (await import(join(ROOT, '.ci/cold.mjs'))) as { readonly COLD: Readonly<Record<string, string>> }
const modules = Object.entries(COLD).flatMap(([folder, names]) =>
  names.split(' ').map((name) => `${folder}/${name}.ts`),
)
const CAPTURES =
  /^(?:export )?(?:const|let) [^=]*= (?:globalThis|process|JSON|performance|Date|Math|builtIn\(|new AsyncLocalStorage)/m

describe('what comes late', () => {
  test.each(modules)('%s takes nothing of Node as it is loaded', (module) => {
    const text = readFileSync(join(ROOT, module), 'utf8')
    expect(
      CAPTURES.exec(text)?.[0],
      'it is loaded at the first mock or trip, when tests may have replaced what it takes: see src/originals.ts',
    ).toBeUndefined()
  })
})
