import cluster from 'node:cluster'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import crossSpawn from 'cross-spawn'
import { execa, execaSync } from 'execa'
import { addDependency, installDependencies, runScript } from 'nypm'
import { exec as tinyexec } from 'tinyexec'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { $ } from 'zx'
import { openDescriptors } from '../support/descriptors.ts'

let folder: string
const touch = () => join(folder, 'ran')
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tripwire-programs-'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "toy", "packageManager": "npm@10.0.0" }')
  writeFileSync(join(folder, 'tool'), `#!/bin/sh\ntouch "${touch()}"\n`, { mode: 0o755 })
})
beforeEach(() => rmSync(touch(), { force: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** With our tools before all others. */
async function onPath<T>(fn: () => Promise<T> | T): Promise<T> {
  const { PATH = '' } = process.env
  process.env.PATH = `${folder}${delimiter}${PATH}`
  try {
    return await fn()
  } finally {
    process.env.PATH = PATH
  }
}
const closed = (child: ReturnType<typeof crossSpawn>) =>
  new Promise<Error | undefined>((resolve) => {
    let failed: Error | undefined
    child.once('error', (error) => {
      failed = error
    })
    child.once('close', () => resolve(failed))
  })

/** Each starts the tool of our folder, in the library's own way; what it gives or throws is its own as well. */
const LIBRARIES: Readonly<Record<string, { readonly run: () => unknown; readonly rule: string }>> = {
  execa: { run: () => execa('tool', ['--x']), rule: 'subprocess:tool --x' },
  'execa, in a shell': { run: () => execa({ shell: true })`tool --x`, rule: 'subprocess:tool --x' },
  'execa, sync': { run: () => execaSync('tool', ['--x']), rule: 'subprocess:tool --x' },
  tinyexec: { run: () => tinyexec('tool', ['--x'], { throwOnError: true }), rule: 'subprocess:tool --x' },
  'cross-spawn': { run: () => closed(crossSpawn('tool', ['--x'])), rule: 'subprocess:tool --x' },
  'cross-spawn, sync': { run: () => crossSpawn.sync('tool', ['--x']), rule: 'subprocess:tool --x' },
  zx: { run: () => $({ quiet: true })`tool --x`, rule: 'subprocess:tool --x' },
  'zx, sync': { run: () => $.sync({ quiet: true })`tool --x`, rule: 'subprocess:tool --x' },
}

describe.each(Object.entries(LIBRARIES))('%s', (_, { run, rule }) => {
  const settled = () => onPath(run).then(undefined, (error: unknown) => error)

  test('starts nothing, leaves no descriptor and comes to its end', async () => {
    const before = openDescriptors()
    const trips = await tripwire.expectTrip('subprocess', settled)
    expect(trips.length).toBeGreaterThan(0)
    expect(trips[0]?.callSite?.file).toBe(import.meta.filename)
    expect(existsSync(touch())).toBe(false)
    expect(openDescriptors()).toBeLessThanOrEqual(before)
  })

  test('starts what a rule names', async () => {
    await tripwire.allow(rule, settled)
    expect(existsSync(touch())).toBe(true)
  })
})

// What nypm would start is the real npm, so it is only stopped.
test.each<[() => Promise<unknown>, string]>([
  [() => installDependencies({ cwd: folder, silent: true, corepack: false }), 'subprocess:npm install'],
  [() => addDependency('left-pad', { cwd: folder, silent: true, corepack: false }), 'subprocess:npm install left-pad'],
  [() => runScript('build', { cwd: folder, silent: true, corepack: false }), 'subprocess:npm run build'],
])('nypm starts nothing: %s', async (run, rule) => {
  const trips = await tripwire.expectTrip('subprocess', () => run().catch(() => {}))
  expect(trips).toMatchObject([{ rule, kind: 'blocked', via: 'nypm' }])
})

test('what zx puts before a command is no part of it, and what follows a command is', async () => {
  const rules = async (fn: () => unknown) => (await tripwire.expectTrip('subprocess', fn)).map(({ rule }) => rule)
  expect(await rules(() => onPath(() => $({ quiet: true })`tool ${'a b'}`).catch(() => {}))).toEqual(['subprocess:sh'])
  expect(await rules(() => onPath(() => $({ quiet: true })`tool; tool`).catch(() => {}))).toEqual(['subprocess:sh'])
})

test('cluster.fork of a stopped program ends as of one that is not there', async () => {
  cluster.setupPrimary({ exec: join(folder, 'tool.js') })
  const fork = () =>
    new Promise((resolve) => {
      const worker = cluster.fork().on('error', () => {})
      worker.process.once('error', (error: Error & { code?: string }) => resolve(error.code))
    })
  const trips = await tripwire.expectTrip('subprocess', async () => expect(await fork()).toBe('TRIPWIRE_GUARDED_CALL'))
  expect(trips).toMatchObject([{ rule: `subprocess:node ${join(folder, 'tool.js')}` }])
  expect(await tripwire.refuse('subprocess', fork)).toBe('ENOENT')
})

// Node 22.15 and 23.11 have it, and newer ones.
const { execve } = process as { execve?(file: string, args: string[]): void }
test.runIf(execve)('process.execve is stopped before it replaces the process', async () => {
  const [trip] = await tripwire.expectTrip('subprocess', () => {
    expect(() =>
      (process as { execve?(...args: unknown[]): void }).execve?.(join(folder, 'tool'), ['tool', '--x']),
    ).toThrow(expect.objectContaining({ code: 'TRIPWIRE_GUARDED_CALL' }))
  })
  expect(trip).toMatchObject({ operation: 'subprocess:execve', facts: { path: join(folder, 'tool'), args: ['--x'] } })
})
