import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { onceLoaded } from '../../../src/patch/loaded.ts'
import { PatchSet } from '../../../src/patch/patch-set.ts'

const load = createRequire(import.meta.url)
let folder: string
let patches: PatchSet

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loaded-'))
  patches = new PatchSet()
})
afterEach(() => {
  patches.undo()
  rmSync(folder, { recursive: true })
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('what is loaded, and what was loaded before, is met once for each who wants it', () => {
  load(file('early.js', 'exports.name = "early"'))
  const met: unknown[] = []
  onceLoaded(patches, ['/early.js'], (exported) => met.push({ ...exported }))
  onceLoaded(patches, ['/late.js'], (exported) => met.push({ ...exported }))
  onceLoaded(patches, ['/early.js', '/late.js'], (exported) => met.push({ again: true, ...exported }))
  load(file('late.js', 'exports.name = "late"'))
  expect(met).toEqual([
    { name: 'early' },
    { again: true, name: 'early' },
    { name: 'late' },
    { again: true, name: 'late' },
  ])
})

test('however many want files, one frame stands on the stack of who loads', () => {
  const depth = () =>
    load(
      file(
        `depth${Math.random()}.js`,
        'Error.stackTraceLimit = 100; exports.at = new Error().stack.split("\\n").length',
      ),
    ).at
  onceLoaded(patches, ['/a.js'], () => {})
  const one = depth()
  for (const name of ['b', 'c']) onceLoaded(patches, [`/${name}.js`], () => {})
  expect(depth()).toBe(one)
})

test('once taken back, nothing is met any more', () => {
  const met: unknown[] = []
  onceLoaded(patches, ['/after.js'], (exported) => met.push(exported))
  patches.undo()
  load(file('after.js', ''))
  expect(met).toEqual([])
})
