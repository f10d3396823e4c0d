import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { searchForWorkspaceRoot } from 'vite'
import { afterEach, describe, expect, test } from 'vitest'
import { findConfig, foldersToSearch, namedConfig, refuseStraySettings } from '../../../src/config/find.ts'

const roots: string[] = []

/** A folder with these files, by path. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tripwire-find-')))
  roots.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** A message with the changing folder named `<root>`. */
function messageOf(act: () => unknown, root: string): string {
  try {
    act()
  } catch (error) {
    return (error as Error).message.replaceAll(root, '<root>')
  }
  throw new Error('nothing was thrown')
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

describe('the config file', () => {
  test.each(['ts', 'mts', 'js', 'mjs'])('may end in .%s', (ending) => {
    const root = tree({ 'package.json': '{}', [`tripwire.config.${ending}`]: '' })
    expect(findConfig(root)).toBe(join(root, `tripwire.config.${ending}`))
  })

  test('is the nearest from the project upward', () => {
    const root = tree({
      'pnpm-workspace.yaml': '',
      'tripwire.config.ts': '',
      'packages/near/tripwire.config.mjs': '',
      'packages/near/package.json': '{}',
      'packages/far/package.json': '{}',
    })
    expect(findConfig(join(root, 'packages/near'))).toBe(join(root, 'packages/near/tripwire.config.mjs'))
    expect(findConfig(join(root, 'packages/far'))).toBe(join(root, 'tripwire.config.ts'))
  })

  test('is not looked for above the workspace', () => {
    const root = tree({ 'tripwire.config.ts': '', 'repo/package.json': '{}', 'repo/src/a.ts': '' })
    expect(findConfig(join(root, 'repo/src'))).toBeUndefined()
    const workspace = tree({
      'tripwire.config.ts': '',
      'repo/package.json': '{ "workspaces": [] }',
      'repo/a/package.json': '{}',
    })
    expect(findConfig(join(workspace, 'repo/a'))).toBeUndefined()
  })

  test('may be missing', () => {
    expect(findConfig(tree({ 'package.json': '{}' }))).toBeUndefined()
  })

  test('stands alone in its folder', () => {
    const root = tree({ 'package.json': '{}', 'tripwire.config.ts': '', 'tripwire.config.mjs': '' })
    expect(messageOf(() => findConfig(root), root)).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] Two config files stand in one folder, and only one can be in force.

        <root>/tripwire.config.ts
        <root>/tripwire.config.mjs
        fix  keep one of them"
    `)
  })

  test('that is named must be there', () => {
    const root = tree({ 'config/tripwire.ts': '' })
    expect(namedConfig(root, 'config/tripwire.ts')).toBe(join(root, 'config/tripwire.ts'))
    expect(messageOf(() => namedConfig(root, './config/tripwrie.ts'), root)).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] The config file <root>/config/tripwrie.ts does not exist.

        why  tripwire({ config: './config/tripwrie.ts' }) names it, relative to the project's root <root>
        fix  correct the path, or leave it out: tripwire.config.ts is found by itself"
    `)
  })
})

describe('the search ends where Vite sees the root of the workspace', () => {
  test.each([
    ['pnpm', { 'pnpm-workspace.yaml': '' }],
    ['lerna', { 'lerna.json': '{}' }],
    ['npm workspaces', { 'package.json': '{ "workspaces": ["packages/*"] }' }],
    ['a Deno workspace', { 'deno.json': '{ "workspace": ["packages/a"] }' }],
    ['a package.json without workspaces', { 'package.json': '{}' }],
    ['a package.json that is broken', { 'package.json': '{' }],
    ['a package of its own', { 'packages/a/package.json': '{}' }],
    ['nothing', {}],
  ])('%s', (_, files: Record<string, string>) => {
    const root = tree({ ...files, 'packages/a/src/x.ts': '' })
    const from = join(root, 'packages/a/src')
    expect(foldersToSearch(from).at(-1)).toBe(searchForWorkspaceRoot(from))
    expect(foldersToSearch(from)[0]).toBe(from)
  })
})

describe('settings in package.json are refused', () => {
  test.each(['tripwire', 'vitest-tripwire'])('under %s', (key) => {
    const root = tree({ 'package.json': JSON.stringify({ [key]: { guard: 'error' } }) })
    expect(messageOf(() => refuseStraySettings(root), root).replace(`, ${key}`, ', <key>')).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] Settings of tripwire were found in <root>/package.json, <key>, where they have no effect.

        fix  move them to tripwire.config.ts:
               import { defineConfig } from 'vitest-tripwire/config'
               export default defineConfig({ … })"
    `)
  })

  test('and nothing else there is minded', () => {
    expect(() => refuseStraySettings(tree({ 'package.json': '{ "name": "tripwire" }' }))).not.toThrow()
    expect(() => refuseStraySettings(tree({ 'package.json': 'no json' }))).not.toThrow()
    expect(() => refuseStraySettings(tree({}))).not.toThrow()
  })
})
