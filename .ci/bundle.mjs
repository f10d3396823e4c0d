/**
 * Joins what workers load into few files. A module costs a worker about 0.4 ms, and the guard has a hundred of them: loaded one by one they
 * made a suite of small files 1.26 times slower. The guard itself is one script, so that V8's code of it can be kept (see docs/decisions).
 */
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Script } from 'node:vm'
import { rolldown } from 'rolldown'
import { coldEntry, coldModules, isCold } from './cold.mjs'
import { dataModules } from './data.mjs'

const DIR = 'dist/worker'
const doors = ['register', 'setup', 'index']
const base = { platform: 'node', external: [/^node:/, 'vitest', 'vite'] }
const minify = {
  minify: { compress: false, mangle: { toplevel: true, keepNames: true }, codegen: { removeWhitespace: true } },
}

async function bundle(input, output) {
  const build = await rolldown({ ...base, ...input })
  const { output: written } = await build.write({ ...minify, ...output })
  await build.close()
  return written
}

/** @throws where nothing changes: the bundler writes it otherwise by now, and what it left would fail in every worker */
function rewrite(name, change) {
  const before = readFileSync(`${DIR}/${name}`, 'utf8')
  const text = change(before)
  if (text === before) throw new Error(`${name} does not hold what the build is to replace in it`)
  writeFileSync(`${DIR}/${name}`, text)
  return text
}

const EXPORTS = /export\{([^}]*)\};\s*$/

/** What a module exports, as pairs of its own name and the one that it is given. */
function exportsIn(module) {
  const [, names] = EXPORTS.exec(module)
  return names === ''
    ? []
    : names
        .split(',')
        .map((name) => name.split(' as '))
        .map(([own, given = own]) => [own, given])
}

/** What a module imports from the guard: pairs of the guard's own name and the one that it has there. */
function takenFromGuard(module, guard) {
  const own = new Map(exportsIn(guard).map(([name, given]) => [given, name]))
  const [, names] = /import\{([^}]*)\}from"\.\/guard\.js";/.exec(module)
  return names
    .split(',')
    .map((name) => name.split(' as '))
    .map(([given, name = given]) => [own.get(given), name, given])
}

/** What a module imports is taken once, so nobody who replaces a function of Node's later reaches the guard. */
function asScript(module, ways) {
  return module
    .replace(/^(?:import[^;]*from"[^"]+";)+/, (imports) =>
      imports.replace(/import\{([^}]*)\}from"([^"]+)";/g, (_, names, from) => {
        return `const{${names.replaceAll(' as ', ':')}}=${ways[from] ?? `require("${from}")`};`
      }),
    )
    .replace(EXPORTS, (text) => {
      const entries = exportsIn(text).map(([own, given]) => `${given}:${own}`)
      return entries.length > 0 ? `exports.all=()=>({${entries}});` : ''
    })
    .replaceAll('import.meta.filename', '__filename')
    .replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const isGuards = (id) =>
  !isCold(id) && /dist[/\\]/.test(id) && !/dist[/\\]src[/\\](?:vitest|setup|index|register|load)\b/.test(id)
const chunks = await bundle(
  {
    input: { ...Object.fromEntries(doors.map((door) => [door, `dist/src/${door}.js`])), cold: coldEntry },
    plugins: [coldModules(), dataModules()],
  },
  {
    dir: DIR,
    format: 'esm',
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'guard', test: isGuards }] },
  },
)

// What each file runs of the setup is kept compiled with the guard.
const [ofGuard, ofSetup, ofRegister] = ['guard', 'setup', 'register'].map((name) =>
  readFileSync(`${DIR}/${name}.js`, 'utf8'),
)
const guard = asScript(ofGuard, {})
const taken = takenFromGuard(ofSetup, ofGuard)
const setup = asScript(ofSetup.replace(/import\{[^}]*\}from"\.\/guard\.js";/, ''), { vitest: 'vitest' })
// An object of all that it exports would cost each worker more than what is taken of it.
const setUp = `exports.setUp=(vitest)=>((${taken.map(([, name]) => name)})=>(async()=>{${setup}})())(${taken.map(([own]) => own)});`
const direct = takenFromGuard(ofRegister, ofGuard).map(([own, , given]) => `exports.${given}=${own};`)
const script = `(function(exports,require,__filename,KEEP_CODE,COLD){'use strict';${guard}${direct.join('')}${setUp}\n})`
const ofCold = asScript(readFileSync(`${DIR}/cold.js`, 'utf8'), { './guard.js': 'guard.all()' })
const cold = `(function(exports,require,__filename,guard){'use strict';${ofCold}\n})`
for (const [name, text] of Object.entries({ guard: script, cold })) {
  // Throws where something is left that only a module may hold.
  new Script(text)
  writeFileSync(`${DIR}/${name}.cjs`, text)
}
rmSync(`${DIR}/cold.js`)
renameSync(`${DIR}/setup.js`, `${DIR}/setup-here.js`)
// As a module of its own where it stands alone, and in Vitest's vm pools, where the guard is of another realm than the file.
writeFileSync(
  `${DIR}/setup.js`,
  `import*as vitest from'vitest';const guard=process[Symbol.for('vitest-tripwire.guard of '+import.meta.dirname+'/guard.cjs')];
if(guard?.setUp instanceof Function&&process[Symbol.for('vitest-tripwire.installation')])await guard.setUp(vitest);else await import('./setup-here.js');\n`,
)

const hash = createHash('sha256')
  .update(script + cold)
  .digest('hex')
  .slice(0, 16)
await bundle({ input: 'dist/src/load.js' }, { file: `${DIR}/load.cjs`, format: 'cjs', exports: 'default' })
const load = rewrite('load.cjs', (text) => text.replace('HASH_OF_SCRIPTS', `'${hash}'`))

const names = chunks.find(({ fileName }) => fileName === 'guard.js').exports
// Not imported: what the preload has loaded is taken as it is, without a look for its exports.
writeFileSync(
  `${DIR}/guard.js`,
  `import{createRequire}from'node:module';export const{${names.join(',')}}=createRequire(import.meta.url)('./load.cjs').all();\n`,
)
// What few test files need, and is loaded by the first of them that asks.
const parts = {
  postgres: 'db/postgres',
  redis: 'db/redis',
  mysql: 'db/mysql',
  mongodb: 'db/mongodb',
  sqlite: 'db/sqlite',
  volume: 'fs/volume',
}
for (const [part, folder] of Object.entries(parts)) {
  await bundle(
    { input: `dist/plugins/${folder}/index.js` },
    { file: `${DIR}/${part}.cjs`, format: 'cjs', codeSplitting: false },
  )
}
// The preload once more as a script: a worker thread of a text of code runs nothing else before it. It has the loader in it, a file less to find.
await bundle(
  { input: `${DIR}/register.js`, external: './guard.js' },
  { file: `${DIR}/register.cjs`, format: 'cjs', codeSplitting: false },
)
rewrite('register.cjs', (text) => {
  // What `--require` loads says so (Node 15 to 26); Vitest's own preload, which imports nothing, comes before ours.
  const others =
    'Object.keys(module.constructor._cache).filter((file)=>!/[/\\\\]vitest[/\\\\]suppress-warnings\\.cjs$/.test(file))'
  const isFirst = `const IS_FIRST=module.isPreloading===true&&${others}.length===1;`
  return (
    isFirst + text.replace('require("./guard.js")', `(()=>{const module={exports:{}};${load}return module.exports})()`)
  )
})

// The doors of the main process and of authors: a run would read two hundred modules before its first test.
const ofMain = ['vite', 'reporter', 'config', 'plugin']
await bundle(
  { input: Object.fromEntries(ofMain.map((door) => [door, `dist/src/${door}.js`])) },
  { dir: 'dist/main', format: 'esm', chunkFileNames: '[name].js' },
)
