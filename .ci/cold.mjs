/**
 * What a test file that mocks nothing and trips nowhere never runs: more than a quarter of the guard. It is a script of its own (`cold.cjs`)
 * that a worker loads at the first call into it. In the place of its functions the guard has stand-ins, so the sources know nothing of it.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Modules by folder. They may not hold functions of Node or of JavaScript from their start on: by then tests have replaced them (`src/originals.ts`). */
export const COLD = {
  'src/errors':
    'code contract difference engine install-errors misuse nearest-miss redact remedies render script trip trip-and-error varied',
  'src/core': 'assertions equal families portable replies suggest',
  'plugins/http':
    'answer-fetch body client-tls failure forward forward-http2 mocking msw network-failures reply send serve undici-handler',
  'plugins/ws': 'handlers mocking msw msw-connection script serve turn',
  'plugins/sockets': 'conversations mocking script serve',
  'plugins/dns': 'answers mocking record-types records',
  'plugins/subprocess': 'answer descriptor mocking play program program-input reply script sync-result words',
  'plugins/db':
    'catalogue engine-options family mocking patterns place postgres-mocks relations schema scripted scripted-family scripts sqlite-mocks statements',
  'plugins/functions': 'target',
  'plugins/fs': 'copies failure globs mocking sql-files',
  'plugins/native': 'addons exports openings report',
  'src/redirect': 'certificate',
}

const ENTRY = '\0cold'
const STAND_IN = '\0stand-in:'
const modules = Object.entries(COLD).flatMap(([folder, names]) => names.split(' ').map((name) => `${folder}/${name}`))
const idOf = (module) => resolve('dist', `${module}.js`)
const ids = new Map(modules.map((module, at) => [idOf(module), at]))

export const coldEntry = ENTRY
export const isCold = (id) => id === ENTRY || ids.has(id)

/** Leads what is not cold to stand-ins of what is. @throws where a stand-in cannot be like the original */
export function coldModules() {
  return {
    name: 'cold-modules',
    async resolveId(source, importer) {
      if (source === ENTRY) return source
      if (importer === undefined || importer.startsWith('\0')) return null
      const found = await this.resolve(source, importer, { skipSelf: true })
      if (found === null || !ids.has(found.id) || ids.has(importer)) return found
      checkUse(found.id, importer)
      return STAND_IN + found.id
    },
    load(id) {
      if (id === ENTRY) return [...ids].map(([each, at]) => entryOf(each, at)).join('\n')
      return id.startsWith(STAND_IN) ? standInsOf(id.slice(STAND_IN.length)) : null
    },
  }
}

function exportsOf(id) {
  const text = readFileSync(id, 'utf8')
  return [...text.matchAll(/^export (?:async )?(function|class)\*? (\w+)/gm)].map(([, kind, name]) => ({ kind, name }))
}

function entryOf(id, at) {
  const names = exportsOf(id).map(({ name }) => `${name} as ${name}$${at}`)
  return `export { ${names.join(', ')} } from ${JSON.stringify(id)}`
}

function standInsOf(id) {
  const at = ids.get(id)
  return exportsOf(id)
    .map(({ kind, name }) => {
      const original = `COLD().${name}$${at}`
      return `export function ${name}(...args) { return ${kind === 'class' ? `new (${original})` : original}(...args) }`
    })
    .join('\n')
}

/** `new` is all that a stand-in of a class can do. */
function checkUse(id, importer) {
  const text = readFileSync(importer, 'utf8')
  for (const { kind, name } of exportsOf(id))
    if (kind === 'class' && new RegExp(`(?:instanceof|extends) ${name}\\b|\\b${name}\\.`).test(text))
      throw new Error(`${importer} does more with ${name} than make one, and it comes late; see .ci/cold.mjs`)
}
