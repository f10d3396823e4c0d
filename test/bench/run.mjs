/**
 * What the guard costs, paired in one run: medians and ratios, since machines are noisy.
 *
 *   npm run bench -- --pairs 20
 *   npm run bench -- --only trips
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median, ratio } from './figures.mjs'
import { createProject, PRELOAD, VITEST } from './project.mjs'

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '5' }, only: { type: 'string' } } })
const PAIRS = Number(values.pairs)
const FILES = 60
const MANY = 20_000

/** Pairs of a run under the one line and one without, in alternating order, so that a drift of the machine favours neither. */
function paired(run) {
  return Array.from({ length: PAIRS }, (_, at) => {
    if (at % 2 === 0) return [run('guarded.config.ts'), run('bare.config.ts')]
    const bare = run('bare.config.ts')
    return [run('guarded.config.ts'), bare]
  })
}

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
  const pairs = paired(run)
  remove()
  const of = (key) => pairs.map(([guarded, bare]) => [guarded[key], bare[key]])
  console.log(`${FILES} small files, guarded / bare, ${PAIRS} pairs`)
  console.log(`  cpu   ${ratio(of('cpu'))}   bare ${median(of('cpu').map(([, bare]) => bare)).toFixed(2)} s`)
  console.log(`  wall  ${ratio(of('wall'))}   bare ${median(of('wall').map(([, bare]) => bare)).toFixed(2)} s`)
}

/** Two runs at once that take turns batch by batch: what slows the machine down for a moment slows both. */
async function inTurns(file, title) {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8')
  const batches = {}
  for (let round = 0; round < Math.max(3, PAIRS / 4); round++) {
    const { root, remove } = createProject({ [`${file.replace('.js', '')}.test.js`]: text })
    const [guarded, bare] = await Promise.all(['guarded', 'bare'].map((name) => turns(root, name)))
    remove()
    for (const [way, times] of Object.entries(guarded)) {
      batches[way] = [...(batches[way] ?? []), ...times.map((time, at) => [time, bare[way][at]])]
    }
  }
  const number = Object.values(batches)[0].length
  console.log(`\n${title}, guarded / bare, ${number} pairs`)
  for (const [way, times] of Object.entries(batches)) {
    const of = (key) => times.map(([guarded, bare]) => [guarded[key], bare[key]])
    const micros = median(of('wall').map(([, bare]) => bare)).toFixed(1)
    console.log(`  ${way.padEnd(26)} wall ${ratio(of('wall'))}   cpu ${ratio(of('cpu'))}   bare ${micros} µs`)
  }
}

/** As a linter does: each file of a large project is looked for, looked at and read, once. With `fs.read` named each path is resolved and judged. */
function suiteOfManyFiles() {
  const { root, remove } = createProject({
    'many.test.js': `import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
      import { join } from 'node:path'
      import { expect, test } from 'vitest'
      test('reads what there is', () => {
        let size = 0
        for (const folder of readdirSync('src')) for (const name of readdirSync(join('src', folder))) {
          const file = join('src', folder, name)
          if (existsSync(file) && statSync(file).isFile()) size += readFileSync(file, 'utf8').length
        }
        expect(size).toBe(${MANY} * 1000)
      })`,
    'read.config.ts': `import { tripwire } from 'vitest-tripwire/vite'
      import { defineConfig } from 'vitest/config'
      export default defineConfig({ plugins: [tripwire({ config: 'read.tripwire.ts' })] })`,
    'read.tripwire.ts': `export default { fs: { read: ['src'] } }`,
  })
  for (let at = 0; at < MANY; at++) {
    if (at % 100 === 0) mkdirSync(join(root, `src/${at / 100}`), { recursive: true })
    writeFileSync(join(root, `src/${Math.floor(at / 100)}/${at}.ts`), 'x'.repeat(1000))
  }
  const run = (config) => timed([VITEST, 'run', '--config', config], root)
  run('bare.config.ts')
  const pairs = paired(run)
  const judged = pairs.map(([, bare]) => [run('read.config.ts'), bare])
  remove()
  for (const [title, list] of [
    ['as it comes', pairs],
    ['with fs.read', judged],
  ]) {
    const of = (key) => list.map(([guarded, bare]) => [guarded[key], bare[key]])
    const seconds = median(of('wall').map(([, bare]) => bare)).toFixed(2)
    console.log(
      `  ${MANY} files, ${title.padEnd(12)} cpu ${ratio(of('cpu'))}   wall ${ratio(of('wall'))}   bare ${seconds} s`,
    )
  }
}

function turns(root, name) {
  const env = { ...process.env, TURNS: root, MINE: name, OTHERS: name === 'bare' ? 'guarded' : 'bare' }
  const child = spawn(process.execPath, [VITEST, 'run', '--config', `${name}.config.ts`], { cwd: root, env })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(output))
      resolve(JSON.parse(readFileSync(join(root, `${name}.json`), 'utf8')))
    })
  })
}

function importTime() {
  const { root, remove } = createProject({ 'nothing.mjs': '' })
  const run = (args) => timed([...args, 'nothing.mjs'], root)
  const pairs = Array.from({ length: Math.max(20, PAIRS) }, () => [run(['--import', PRELOAD]), run([])])
  remove()
  const added = (key) =>
    `${(median(pairs.map(([loaded, empty]) => loaded[key] - empty[key])) * 1000).toFixed(0)} ms ${key}`
  console.log(`\npreload on top of an empty Node, ${pairs.length} pairs: ${added('cpu')}, ${added('wall')}`)
}

/** Files of the package that a worker loads for two test files, as a loader hook and Vite's own runner see them. */
function loadedFiles() {
  const { root, remove } = createProject({
    'hook.mjs': `import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(\`
        import { appendFileSync } from 'node:fs'
        export async function load(url, context, next) {
          if (url.includes('/vitest-tripwire/')) appendFileSync(\${JSON.stringify(process.env.LOADED)}, url + '\\\\n')
          return next(url, context)
        }\`))`,
    'a.test.js': ONE_OF_TWO,
    'b.test.js': ONE_OF_TWO,
    'one.config.ts': `import { tripwire } from 'vitest-tripwire/vite'
      import { defineConfig } from 'vitest/config'
      export default defineConfig({ plugins: [tripwire()], test: { execArgv: ['--import', './hook.mjs'] } })`,
  })
  const loaded = join(root, 'loaded')
  execFileSync(process.execPath, [VITEST, 'run', '--config', 'one.config.ts'], {
    cwd: root,
    env: { ...process.env, LOADED: loaded },
    stdio: 'ignore',
  })
  const times = new Map()
  for (const line of readFileSync(loaded, 'utf8').trim().split('\n')) {
    const [, by, name] = /^(vite )?.*\/vitest-tripwire\/([^?]*)/.exec(line)
    // Vite's runner lists what it left to Node, too.
    if (by === undefined || !times.has(name)) times.set(name, (times.get(name) ?? 0) + 1)
  }
  console.log('\nwhat two test files, each in a worker of its own, load of the package')
  for (const [name, number] of times) {
    const size = (statSync(join(root, 'node_modules/vitest-tripwire', name)).size / 1024).toFixed(0)
    console.log(`  ${number} × ${name.padEnd(26)} ${size.padStart(4)} KiB`)
  }
  remove()
}

/** Says what Vite's runner loaded, which a loader hook of Node does not see. */
const ONE_OF_TWO = `import { appendFileSync } from 'node:fs'
import { test } from 'vitest'
test('loads', () => {
  for (const id of globalThis.__vitest_worker__.evaluatedModules.idToModuleMap.keys()) {
    if (id.includes('/vitest-tripwire/')) appendFileSync(process.env.LOADED, 'vite ' + id + '\\n')
  }
})
`

const BENCHES = {
  small: suiteOfSmallFiles,
  trips: () => inTurns('round-trips.js', 'round trips to an own server inside a test, by 100'),
  files: () => inTurns('files.js', 'files that a test looks at and reads'),
  many: suiteOfManyFiles,
  import: importTime,
  loaded: loadedFiles,
}
if (values.only !== undefined && !Object.hasOwn(BENCHES, values.only))
  throw new Error(`--only is one of ${Object.keys(BENCHES).join(', ')}, and not ${values.only}`)
for (const [name, bench] of Object.entries(BENCHES)) if (name === (values.only ?? name)) await bench()
