/**
 * What the guard costs, paired in one run: medians and ratios, since machines are noisy.
 *
 *   npm run bench -- --pairs 20
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median, ratio } from './figures.mjs'
import { createProject, PRELOAD, VITEST } from './project.mjs'

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '5' } } })
const PAIRS = Number(values.pairs)
const FILES = 60

/** CPU (user and system, children included) and wall seconds of a command, as bash's `time` tells them. */
function timed(args, cwd) {
  const script = `TIMEFORMAT='%U %S %R'; time "$@" >/dev/null 2>&1`
  const [user, system, wall] = execFileSync('bash', ['-c', `{ ${script}; } 2>&1`, 'bash', process.execPath, ...args], {
    cwd,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .at(-1)
    .split(' ')
    .map(Number)
  return { cpu: user + system, wall }
}

function suiteOfSmallFiles() {
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_, at) => [
      `t/f${at}.test.ts`,
      `import { expect, test } from 'vitest'\ntest('adds ${at}', () => { expect(${at} + 1).toBe(${at + 1}) })\n`,
    ]),
  )
  const { root, remove } = createProject(files)
  const run = (config) => timed([VITEST, 'run', '--config', config], root)
  run('guarded.config.ts')
  run('bare.config.ts')
  const pairs = Array.from({ length: PAIRS }, () => [run('guarded.config.ts'), run('bare.config.ts')])
  remove()
  const of = (key) => pairs.map(([guarded, bare]) => [guarded[key], bare[key]])
  console.log(`${FILES} small files, guarded / bare, ${PAIRS} pairs`)
  console.log(`  cpu   ${ratio(of('cpu'))}   bare ${median(of('cpu').map(([, bare]) => bare)).toFixed(2)} s`)
  console.log(`  wall  ${ratio(of('wall'))}   bare ${median(of('wall').map(([, bare]) => bare)).toFixed(2)} s`)
}

const ROUND_TRIPS = `
import http from 'node:http'
import { request } from 'undici'
import { writeFileSync } from 'node:fs'
import { beforeAll, afterAll, test } from 'vitest'
let server, url
const agent = new http.Agent({ keepAlive: true })
beforeAll(async () => {
  server = http.createServer((_, response) => response.end('ok'))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = 'http://127.0.0.1:' + server.address().port
})
afterAll(() => { agent.destroy(); server.close() })
const get = (options) => new Promise((resolve, reject) => {
  http.get(url, options, (response) => { response.resume(); response.on('end', resolve) }).on('error', reject)
})
const ways = {
  'http.get, new connection': () => get({ agent: false }),
  'http.get, warm connection': () => get({ agent }),
  fetch: async () => (await fetch(url)).text(),
  'undici.request': async () => (await request(url)).body.text(),
}
test('times round trips', async () => {
  const times = {}
  for (const [name, way] of Object.entries(ways)) {
    for (let i = 0; i < 300; i++) await way()
    times[name] = []
    for (let batch = 0; batch < 15; batch++) {
      const start = performance.now()
      for (let i = 0; i < 100; i++) await way()
      times[name].push((performance.now() - start) / 100)
    }
  }
  writeFileSync(process.env.TIMES, JSON.stringify(times))
}, 60_000)
`

function roundTrips() {
  const { root, remove } = createProject({ 'trips.test.js': ROUND_TRIPS })
  const run = (config) => {
    const file = join(root, 'times.json')
    const env = { ...process.env, TIMES: file }
    execFileSync(process.execPath, [VITEST, 'run', '--config', config], { cwd: root, env, stdio: 'ignore' })
    return Object.fromEntries(
      Object.entries(JSON.parse(readFileSync(file, 'utf8'))).map(([name, times]) => [name, median(times)]),
    )
  }
  const pairs = Array.from({ length: PAIRS }, () => [run('guarded.config.ts'), run('bare.config.ts')])
  remove()
  console.log(`\nround trips to an own server inside a test, guarded / bare, ${PAIRS} pairs`)
  for (const name of Object.keys(pairs[0][0])) {
    const times = pairs.map(([guarded, bare]) => [guarded[name], bare[name]])
    const micros = (median(times.map(([, bare]) => bare)) * 1000).toFixed(0)
    console.log(`  ${name.padEnd(26)} ${ratio(times)}   bare ${micros} µs`)
  }
}

function importTime() {
  const { root, remove } = createProject({ 'nothing.mjs': '' })
  const run = (args) => timed([...args, 'nothing.mjs'], root).cpu * 1000
  const pairs = Array.from({ length: Math.max(10, PAIRS) }, () => [run(['--import', PRELOAD]), run([])])
  remove()
  console.log('\nwhat each test file loads of the package')
  for (const name of ['register.js', 'guard.js', 'setup.js']) {
    console.log(
      `  dist/worker/${name.padEnd(12)} ${(statSync(join(PRELOAD, '..', name)).size / 1024).toFixed(0).padStart(4)} KiB`,
    )
  }
  console.log(`  preload, CPU on top of an empty Node: ${(median(pairs.map(([a, b]) => a - b))).toFixed(0)} ms`)
}

suiteOfSmallFiles()
roundTrips()
importTime()
