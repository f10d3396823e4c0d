/**
 * The demo: an order service whose tests quietly use the network. Its suite runs bare, then under tripwire with nothing but the one line,
 * then repaired; the outside world, a process of its own, says what reached it. Exits 0 only if all went as told.
 */
import { fork, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const MOST_LINES = 60

const reached = []
const world = fork(join(HERE, 'world.mjs'), { execArgv: [] })
const ports = await new Promise((resolve, reject) => {
  world.on('message', (message) => (message.ready ? resolve(message.ready) : reached.push(message.log)))
  world.on('exit', () => reject(new Error('the outside world ended early')))
})
const environment = {
  ...process.env,
  PAYMENTS_URL: `http://127.0.0.1:${ports.payments}`,
  LEDGER_URL: `http://127.0.0.1:${ports.ledger}`,
  TELEMETRY_URL: `http://127.0.0.1:${ports.telemetry}`,
  FEED_URL: `ws://127.0.0.1:${ports.feed}/feed`,
  DATABASE_URL: `postgres://shop:hunter2@127.0.0.1:${ports.database}/shop`,
  NO_COLOR: '1',
  CI: '',
}

function runSuite(folder, config) {
  const child = spawn(process.execPath, [VITEST, 'run', '--config', config], {
    cwd: join(HERE, folder),
    env: environment,
  })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  return new Promise((resolve) => {
    child.on('close', async (code) => {
      await new Promise((done) => setTimeout(done, 100))
      resolve({ code, output, arrived: reached.splice(0) })
    })
  })
}

const problems = []
const check = (fine, text) => {
  console.log(`${fine ? '  ok    ' : '  WRONG '} ${text}`)
  if (!fine) problems.push(text)
}
const title = (text) => console.log(`\n=== ${text} ===\n`)
function count(lines) {
  const times = new Map()
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1)
  return [...times].map(([line, number]) => `    ${number} × ${line}`)
}
const summary = (output) =>
  output
    .split('\n')
    .filter((line) => /^\s+(Test Files|Tests) /.test(line))
    .join('\n')

title('1. The suite as it was: green')
const bare = await runSuite('before', 'vitest.bare.config.ts')
console.log(summary(bare.output))
console.log('  and this reached the outside world meanwhile:')
console.log(count(bare.arrived).join('\n'))
check(bare.code === 0, 'the bare suite passes')
check(bare.arrived.length > 0, 'and calls real services all the time')

title('2. The same suite with one line: plugins: [tripwire()]')
const guarded = await runSuite('before', 'vitest.config.ts')
const shown = guarded.output.split('\n').slice(guarded.output.split('\n').findIndex((line) => / FAIL /.test(line)))
console.log(shown.slice(0, MOST_LINES).join('\n'))
console.log(`  … ${Math.max(0, shown.length - MOST_LINES)} more lines\n`)
console.log(guarded.output.slice(guarded.output.indexOf('Stopped calls')).split('\n\n Test Files')[0])
console.log(summary(guarded.output))
check(guarded.code !== 0, 'the guarded suite fails')
for (const target of ['/v1/charges', '/entries', '/v1/hello', '/feed', 'pg to ']) {
  check(guarded.output.includes(target), `and names the call to ${target.trim()}`)
}
check(guarded.output.includes('had ended'), 'and the request that was left running')
check(!guarded.output.includes('hunter2') && !guarded.output.includes('sk_live_4242'), 'without telling a secret')
check(guarded.arrived.length === 0, `nothing reached the outside world (${guarded.arrived.length} events)`)

title('3. The repaired suite')
const repaired = await runSuite('after', 'vitest.config.ts')
console.log(repaired.code === 0 ? summary(repaired.output) : repaired.output)
check(repaired.code === 0, 'the repaired suite passes')
check(repaired.arrived.length === 0, `nothing reached the outside world (${repaired.arrived.length} events)`)

world.disconnect()
console.log(problems.length === 0 ? '\nAll as told.' : `\n${problems.length} things went wrong.`)
process.exitCode = problems.length === 0 ? 0 : 1
