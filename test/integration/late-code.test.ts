/** Most of the mocks and messages are a script that comes late, and what it was compiled to is kept: who needs it and who does not, from outside. */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeProject, runIn } from '../support/run-vitest.ts'

const PLAIN = `
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
test('asks its own server', async () => {
  const server = createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  expect(await (await fetch('http://127.0.0.1:' + server.address().port)).text()).toBe('served')
  server.close()
})`
/** All that the script could take of the globals is another by the time it comes. */
const MOCKS = `
import { expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
test('answers under clocks that stand still', async () => {
  // Node's own fetch takes its globals when it is first used.
  await fetch('data:,')
  vi.useFakeTimers()
  vi.stubGlobal('Buffer', undefined)
  vi.stubGlobal('URL', undefined)
  vi.spyOn(JSON, 'stringify').mockImplementation(() => 'not this')
  await tripwire.sandbox(async () => {
    tripwire.http.mock('GET http://api.example.com/a', { json: { a: 1 }, delay: 5 })
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    const response = await fetch('http://api.example.com/a')
    expect(await response.json()).toEqual({ a: 1 })
  })
  tripwire.http.assert('GET http://api.example.com/a')
})`

/** As a long file: V8 throws away what it compiled and has not used for some collections of its whole heap, which is small here. */
const COLLECTS = `
import { test } from 'vitest'
test('collects', () => {
  let kept = []
  for (let round = 0; round < 400; round++) {
    kept.push(Array.from({ length: 50_000 }, (_, at) => ({ at })))
    if (kept.length > 6) kept = []
  }
}, 30_000)`
const SMALL_HEAP = `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
export default defineConfig({ plugins: [tripwire()], test: { execArgv: ['--max-old-space-size=80'] } })`

test('of a file that ran long its start is kept, until a short one ends', async () => {
  const root = makeProject({ 'a.test.js': COLLECTS, 'vitest.config.ts': SMALL_HEAP })
  const folder = join(root, 'node_modules/vitest-tripwire/dist/worker/.cache')
  const kept = () => readdirSync(folder).map((name) => ({ isStart: name.endsWith('.start'), size: sizeOf(name) }))
  const sizeOf = (name: string) => statSync(join(folder, name)).size
  try {
    rmSync(folder, { recursive: true, force: true })
    expect((await runIn(root, {})).tests).toEqual({ collects: { state: 'passed', messages: [] } })
    const [start, ...more] = kept()
    expect([start?.isStart, ...more]).toEqual([true])
    writeFileSync(join(root, 'a.test.js'), PLAIN)
    await runIn(root, {})
    const [whole, ...others] = kept()
    expect([whole?.isStart, ...others]).toEqual([false])
    expect(whole?.size).toBeGreaterThan(start?.size ?? 0)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

test('it comes at the first mock, and takes nothing that a test has replaced', async () => {
  const root = makeProject({ 'plain.test.js': PLAIN })
  const kept = () =>
    readdirSync(join(root, 'node_modules/vitest-tripwire/dist/worker/.cache')).filter((name) => !name.includes('.'))
  try {
    rmSync(join(root, 'node_modules/vitest-tripwire/dist/worker/.cache'), { recursive: true, force: true })
    expect((await runIn(root, {})).tests).toEqual({ 'asks its own server': { state: 'passed', messages: [] } })
    expect(kept()).toHaveLength(1)
    writeFileSync(join(root, 'plain.test.js'), MOCKS)
    for (const _ of ['as it is', 'as it was kept']) {
      const run = await runIn(root, {})
      expect(run.tests).toEqual({ 'answers under clocks that stand still': { state: 'passed', messages: [] } })
      expect(kept()).toHaveLength(2)
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
