/** The Nodes and the Vitests of the matrix, from npm, in a cache outside of the repository: whatever stands below it would be found, too. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const REPO = resolve(import.meta.dirname, '../..')
const CACHE = process.env.TRIPWIRE_MATRIX_CACHE ?? join(tmpdir(), 'vitest-tripwire-matrix')

/** Pinned, so that a cell fails for what changed here. Vitest 4.1 is the repository's own. */
export const VITEST_5 = '5.1.0'
/** What the suites import besides Vitest. */
const LIBRARIES = ['axios', 'graceful-fs', 'pg', 'typescript', 'undici', 'vite', 'ws']

/** Path of a Node of that major version: the running one where it fits. @throws when it cannot be installed */
export function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  const home = install(`node-${major}`, { [name]: String(major) })
  return join(home, 'node_modules', name, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node')
}

/** The folder whose `node_modules` holds that Vitest. @throws when it cannot be installed */
export function homeOf(vitest) {
  if (vitest === '4.1') return REPO
  const { devDependencies } = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8'))
  return install(`vitest-${VITEST_5}`, {
    vitest: VITEST_5,
    '@vitest/coverage-v8': VITEST_5,
    ...Object.fromEntries(LIBRARIES.map((name) => [name, devDependencies[name]])),
  })
}

/** What could not be installed, so that it is tried and told once. */
const failed = new Map()

function install(folder, dependencies) {
  const before = failed.get(folder)
  if (before !== undefined) throw before
  try {
    return freshOrCached(folder, dependencies)
  } catch (error) {
    failed.set(folder, error)
    throw error
  }
}

function freshOrCached(folder, dependencies) {
  const home = join(CACHE, folder)
  const text = JSON.stringify({ private: true, dependencies }, null, 2)
  const file = join(home, 'package.json')
  const done = join(home, 'installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === text) return home
  console.log(`installing ${folder}`)
  mkdirSync(home, { recursive: true })
  writeFileSync(file, text)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home, stdio: 'inherit' })
  writeFileSync(done, text)
  return home
}
