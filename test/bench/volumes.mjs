/**
 * What reading and writing on a volume costs, beside memfs used directly and the temporary folder: in one Vitest, in turns, medians of the turns; and
 * what 10,000 sandboxed writes leave on the disk.
 *
 *   node test/bench/volumes.mjs
 */
import { execFileSync } from 'node:child_process'
import { createProject, VITEST } from './project.mjs'

const SOURCE = `
import fs, { promises } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const { Volume, createFsFromVolume } = createRequire(${JSON.stringify(import.meta.url)})('memfs')
const ROUNDS = 30
const CALLS = 200
const TEXT = 'x'.repeat(1000)
const mem = createFsFromVolume(new Volume())
mem.mkdirSync('/folder')
const folder = fs.mkdtempSync(join(tmpdir(), 'bench-volume-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const WAYS = (api, name) => ({
  'promises.writeFile': () => api.promises.writeFile(name, TEXT),
  'promises.readFile': () => api.promises.readFile(name, 'utf8'),
  writeFileSync: () => api.writeFileSync(name, TEXT),
  readFileSync: () => api.readFileSync(name, 'utf8'),
})
async function time(fn) {
  const start = performance.now()
  for (let at = 0; at < CALLS; at++) await fn()
  return ((performance.now() - start) / CALLS) * 1000
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]

test('figures', async () => {
  const ways = { memfs: WAYS(mem, '/folder/a'), disk: WAYS(fs, folder + '/a'), volume: WAYS(fs, 'a') }
  tripwire.fs.volume({ a: TEXT }, { over: 'empty' })
  const figures = {}
  for (let round = 0; round < ROUNDS; round++) {
    for (const [tool, calls] of Object.entries(ways)) {
      for (const [name, call] of Object.entries(calls)) {
        const took = tool === 'volume' ? await tripwire.sandbox(() => time(call)) : await time(call)
        ;((figures[name] ??= {})[tool] ??= []).push(took)
      }
    }
  }
  for (const [name, tools] of Object.entries(figures)) {
    const paired = median(tools.volume.map((took, at) => took / tools.memfs[at]))
    console.log(name.padEnd(20) + Object.entries(tools).map(([tool, list]) => tool + ' ' + median(list).toFixed(1) + ' µs').join(', ') + '; volume / memfs, paired: ' + paired.toFixed(2))
  }
}, 120_000)

test('what is left on the disk', async () => {
  const io = () => Object.fromEntries(fs.readFileSync('/proc/self/io', 'utf8').trim().split('\\n').map((line) => line.split(': ')))
  tripwire.fs.volume()
  const start = performance.now()
  const [before, after] = await tripwire.sandbox(async () => {
    const before = io()
    for (let at = 0; at < 5_000; at++) fs.writeFileSync('out-' + (at % 100), TEXT)
    for (let at = 0; at < 5_000; at++) await promises.appendFile('out-' + (at % 100), 'y')
    return [before, io()]
  })
  console.log('10,000 writes: ' + (after.wchar - before.wchar) + ' bytes by write calls, ' + (after.write_bytes - before.write_bytes) + ' to the disk, ' + ((performance.now() - start) / 10).toFixed(1) + ' µs each')
  tripwire.fs.assert(Object.fromEntries(Array.from({ length: 100 }, (_, at) => ['out-' + at, TEXT + 'y'.repeat(50)])))
}, 120_000)
`

const { root, remove } = createProject({ 'volumes.test.js': SOURCE })
try {
  const output = execFileSync(
    process.execPath,
    [VITEST, 'run', '--config', 'guarded.config.ts', '--reporter=verbose', '--disable-console-intercept'],
    { cwd: root, encoding: 'utf8' },
  )
  console.log(
    output
      .split('\n')
      .filter((line) => /µs|✗|×|Error/.test(line))
      .join('\n'),
  )
} finally {
  remove()
}
