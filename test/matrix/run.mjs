/**
 * `npm run matrix`: the integration suite in every runtime. `-- --own` runs the repository's own suite on each Node instead, `-- --quick` the
 * corners, `-- --only "24 5 vm"` the cells whose names hold these words. Fails for each cell that fails, or whose runtime cannot be had, unless
 * `known.json` explains it. The counts are left in `.vitest/matrix/summary.json`.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { allCells, isCorner, isRun } from './cells.mjs'
import { suitesOf } from './suites.mjs'
import { gapsOf, tableOf } from './table.mjs'

const REPO = resolve(import.meta.dirname, '../..')
const RESULTS = join(REPO, '.vitest/matrix')
const VITEST = join(REPO, 'node_modules/vitest/vitest.mjs')

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, own: { type: 'boolean' }, only: { type: 'string' } },
})
const words = values.only?.split(' ') ?? []
const chosen = allCells().filter(({ name, runner }) => {
  if (values.quick && !isCorner({ name })) return false
  if ((runner === 'own') !== (values.own ?? words.includes('own'))) return false
  return words.every((word) => name.split(' ').some((part) => part.startsWith(word)))
})
// The corners first: what breaks at all breaks there.
const runnable = chosen.filter(isRun).sort((one, other) => isCorner(other) - isCorner(one))

rmSync(RESULTS, { recursive: true, force: true })
mkdirSync(RESULTS, { recursive: true })
const start = performance.now()
const results = new Map()
const waiting = runnable.map((cell) => ({ ...cell, ...prepare(cell) }))
await Promise.all(Array.from({ length: availableParallelism() }, drain))
report()

/** Before anything runs, as a download beside it would be late for it. */
function prepare(cell) {
  try {
    return { suites: suitesOf(cell, values.quick) }
  } catch (error) {
    return { missing: `its runtime could not be installed: ${error.message}` }
  }
}

async function drain() {
  for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
    let result = await run(cell)
    // A busy machine is late now and then: what is broken fails again.
    if (result.failed.length > 0 && !cell.missing) result = { ...(await run(cell)), again: true }
    results.set(cell.name, result)
    const done = `${results.size}/${runnable.length}`.padStart(7)
    console.log(`${done}  ${cell.name}: ${result.passed} passed, ${result.failed.length} failed, ${result.seconds} s`)
  }
}

/** Runs the suites once; their projects get what the cell says in the place of what they ask for. */
async function run({ name, suites, missing }) {
  if (missing) return { passed: 0, failed: [missing], output: '', seconds: 0 }
  const file = join(RESULTS, `${name.replaceAll(' ', '-')}.json`)
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const args = [VITEST, 'run', '--maxWorkers=1', ...reporters, ...suites.args]
  const before = performance.now()
  // In CI the suite's own config writes its results where a cell's would be overwritten; what is late there is tried again, as by that config.
  const { CI, ...env } = process.env
  if (CI) args.push('--retry=1')
  const { code, output } = await execute(suites.by, args, { ...env, ...suites.env, NO_COLOR: '1' })
  const result = readResult(file)
  // Errors outside of tests, no tests at all.
  if (code !== 0 && result.failed.length === 0) result.failed.push(`Vitest ended with ${code}`)
  return { ...result, output, seconds: ((performance.now() - before) / 1000).toFixed(0) }
}

function execute(node, args, env) {
  return new Promise((done) => {
    const child = spawn(node, args, { cwd: REPO, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    child.on('error', (error) => done({ code: error.code, output }))
    child.on('close', (code) => done({ code, output }))
  })
}

function readResult(file) {
  try {
    const { testResults } = JSON.parse(readFileSync(file, 'utf8'))
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const passed = tests.filter(({ status }) => status === 'passed').length
    const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.length)
    const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
    return { passed, failed: [...failed, ...broken.map(({ name }) => name), ...(passed > 0 ? [] : ['no test passed'])] }
  } catch {
    return { passed: 0, failed: ['the suites did not run'] }
  }
}

function report() {
  console.log(`\n${tableOf(chosen, entryOf).join('\n')}\n\n${gapsOf(chosen).join('\n')}`)
  const failed = runnable.filter(({ name }) => results.get(name).failed.length > 0)
  for (const { name } of failed) {
    const { failed: tests, output } = results.get(name)
    console.log(`\n${name}: ${tests.length} failed\n${tests.map((test) => `  ${test}`).join('\n')}`)
    console.log(`\n${output.slice(-4000)}`)
  }
  const passed = [...results.values()].reduce((sum, result) => sum + result.passed, 0)
  const names = runnable.flatMap(({ name }) => results.get(name).failed.map((test) => `${name}: ${test}`))
  writeFileSync(join(RESULTS, 'summary.json'), JSON.stringify({ passed, failed: names }))
  const minutes = ((performance.now() - start) / 60_000).toFixed(1)
  const good = runnable.length - failed.length
  console.log(`\n${good} of ${runnable.length} cells passed, ${passed} tests, ${minutes} minutes`)
  process.exitCode = runnable.length === 0 || failed.length > 0 ? 1 : 0
}

/** Tests that passed, or the mark of the gap. */
function entryOf({ name, gaps }) {
  const marks = gaps.map(({ mark }) => mark).join(' ')
  const result = results.get(name)
  if (result === undefined) return `- (${marks})`
  if (result.failed.length > 0) return `${result.failed.length} FAILED`
  return `${result.passed}${marks ? ` (${marks})` : ''}${result.again ? ' at the 2nd try' : ''}`
}
