/**
 * What the first calls of a test file cost: nothing is remembered yet, and the code that judges has never run. Each file is a worker of its
 * own; CPU, as a machine that does something else would tell more of that. Later calls on remembered paths are measured by `run.mjs`.
 *
 *   node test/bench/first-touch.mjs --pairs 5
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './figures.mjs'
import { createProject, VITEST } from './project.mjs'

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '5' } } })
const PAIRS = Number(values.pairs)
const FILES = 8
const PATHS = 500

const TEXT = `
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
const folder = join(tmpdir(), 'tripwire-touch-' + process.pid)
const WAYS = {
  'fs.statSync': () => fs.statSync('package.json'),
  'fs.readFileSync': () => fs.readFileSync('package.json'),
  'fs.mkdirSync': () => fs.mkdirSync(folder, { recursive: true }),
  'fs.writeFileSync': () => fs.writeFileSync(join(folder, 'a'), 'x'),
  'fs.promises.readFile': () => fs.promises.readFile(join(folder, 'a')),
  'spawnSync': () => spawnSync('true'),
  'spawn, to its end': () => new Promise((done) => spawn('true').on('close', done)),
}
test('touches', async () => {
  const took = {}
  const time = async (name, run, times = 1) => {
    const before = process.cpuUsage()
    const result = run()
    if (result instanceof Promise) await result
    const { user, system } = process.cpuUsage(before)
    took[name] = (user + system) / times
  }
  for (const round of ['first', 'again']) for (const [way, run] of Object.entries(WAYS)) await time(round + ' ' + way, run)
  const paths = Array.from({ length: ${PATHS} }, (_, at) => join(folder, String(at)))
  const write = () => { for (const path of paths) fs.writeFileSync(path, '') }
  const look = () => { for (const path of paths) fs.statSync(path) }
  await time('first writeFileSync of each of ${PATHS} paths', write, ${PATHS})
  await time('again writeFileSync of each of ${PATHS} paths', write, ${PATHS})
  await time('first statSync of each of ${PATHS} paths', look, ${PATHS})
  await time('again statSync of each of ${PATHS} paths', look, ${PATHS})
  fs.rmSync(folder, { recursive: true })
  fs.appendFileSync('took.txt', JSON.stringify(took) + '\\n')
})
`
const READS = `import { tripwire } from 'vitest-tripwire/vite'
import { defineConfig } from 'vitest/config'
export default defineConfig({ plugins: [tripwire({ config: 'reads.tripwire.ts' })] })`

const { root, remove } = createProject({
  ...Object.fromEntries(Array.from({ length: FILES }, (_, at) => [`f${at}.test.js`, TEXT])),
  'tripwire.config.ts': "export default { allow: ['subprocess:true'] }",
  'reads.config.ts': READS,
  'reads.tripwire.ts': "export default { allow: ['subprocess:true'], fs: { read: ['.'] } }",
})

function run(config) {
  rmSync(join(root, 'took.txt'), { force: true })
  execFileSync(process.execPath, [VITEST, 'run', '--config', config, '--maxWorkers=1'], { cwd: root, stdio: 'ignore' })
  return readFileSync(join(root, 'took.txt'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const configs = ['bare.config.ts', 'guarded.config.ts', 'reads.config.ts']
const took = Object.fromEntries(configs.map((config) => [config, []]))
for (const config of configs) run(config)
for (let pair = 0; pair < PAIRS; pair++)
  for (const config of pair % 2 === 0 ? configs : [...configs].reverse()) took[config].push(...run(config))
remove()

console.log(`in a test file of its own, medians of ${PAIRS * FILES}, CPU in µs: bare, guarded, guarded with fs.read`)
for (const way of Object.keys(took['bare.config.ts'][0])) {
  const [bare, guarded, reads] = configs.map((config) =>
    median(took[config].map((all) => all[way]))
      .toFixed(1)
      .padStart(8),
  )
  console.log(`  ${way.padEnd(44)} ${bare} ${guarded} ${reads}`)
}
