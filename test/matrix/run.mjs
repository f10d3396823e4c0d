/**
 * `npm run matrix`: the integration suite in every runtime. `-- --quick` runs the corners, `-- --only "24 5 vm"` the cells whose names hold
 * these words. Fails if a cell fails that `known.json` does not explain.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { allCells, isCorner } from './cells.mjs'
import { homeOf, nodeOf } from './install.mjs'
import { printTable } from './table.mjs'

const REPO = resolve(import.meta.dirname, '../..')
const RESULTS = join(REPO, '.vitest/matrix')
const VITEST = join(REPO, 'node_modules/vitest/vitest.mjs')
const SUITES = ['ways-out', 'charging', 'frames', 'pools', 'report'].map((name) => `test/integration/${name}.test.ts`)

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })
const words = values.only?.split(' ') ?? []
const chosen = allCells().filter((cell) => {
  if (values.quick && !isCorner(cell)) return false
  return words.every((word) => cell.name.split(' ').some((part) => part.startsWith(word)))
})
const runnable = chosen.filter(({ gap }) => gap?.effect !== 'not run')

rmSync(RESULTS, { recursive: true, force: true })
mkdirSync(RESULTS, { recursive: true })
for (const node of new Set(runnable.map((cell) => cell.node))) nodeOf(node)
for (const vitest of new Set(runnable.map((cell) => cell.vitest))) homeOf(vitest)

const start = performance.now()
const results = new Map()
const waiting = [...runnable]
await Promise.all(Array.from({ length: availableParallelism() }, drain))
printTable(chosen, results)

const failed = runnable.filter(({ name }) => results.get(name).failed.length > 0)
for (const { name } of failed) {
  const { failed: tests, output } = results.get(name)
  console.log(`\n${name}: ${tests.length} failed\n${tests.map((test) => `  ${test}`).join('\n')}`)
  console.log(`\n${output.slice(-4000)}`)
}
const minutes = ((performance.now() - start) / 60_000).toFixed(1)
const tests = [...results.values()].reduce((sum, { passed }) => sum + passed, 0)
console.log(`${runnable.length - failed.length} of ${runnable.length} cells passed, ${tests} tests, ${minutes} minutes`)
process.exitCode = failed.length > 0 ? 1 : 0

async function drain() {
  for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
    let result = await run(cell)
    // A busy machine is late now and then: what is broken fails again.
    if (result.failed.length > 0) result = { ...(await run(cell)), again: true }
    results.set(cell.name, result)
    const done = `${results.size}/${runnable.length}`.padStart(7)
    console.log(`${done}  ${cell.name}: ${result.passed} passed, ${result.failed.length} failed, ${result.seconds} s`)
  }
}

/** Runs the suites once; their projects get what the cell says in the place of what they ask for. */
async function run({ name, node, vitest, pool, isolation, runner, gap }) {
  const file = join(RESULTS, `${name.replaceAll(' ', '-')}.json`)
  const env = {
    ...process.env,
    TRIPWIRE_NODE: nodeOf(node),
    TRIPWIRE_HOME: homeOf(vitest),
    TRIPWIRE_CELL: [pool, isolation, runner, ...(gap?.without ?? [])].join(','),
    NO_COLOR: '1',
  }
  const args = [VITEST, 'run', '--maxWorkers=1', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const before = performance.now()
  const output = await outputOf([...args, ...SUITES], env)
  return { ...readResult(file), output, seconds: ((performance.now() - before) / 1000).toFixed(0) }
}

function outputOf(args, env) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: REPO, env })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    child.on('close', () => done(output))
  })
}

function readResult(file) {
  try {
    const { testResults } = JSON.parse(readFileSync(file, 'utf8'))
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.length)
    return {
      passed: tests.filter(({ status }) => status === 'passed').length,
      failed: [
        ...tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
        ...broken.map(({ name }) => name),
      ],
    }
  } catch {
    return { passed: 0, failed: ['the suites did not run'] }
  }
}
