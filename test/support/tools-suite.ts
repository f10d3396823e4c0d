import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { runVitest } from './run-vitest.ts'
import { startWorld } from './world.ts'

const FIXTURES = resolve(import.meta.dirname, '../fixtures/coexistence')

/** Who comes first: the guard or the tool. */
export interface Order {
  readonly name: string
  /** What `defineConfig` is given. */
  readonly config: string
  /** Whether the test starts the tool; then a file plays all of its module, one after the other. */
  readonly start?: boolean
  /** Whether the tool stops. */
  readonly stop?: boolean
  /** Whether the guard is taken back while the tool stands above it. */
  readonly remove?: boolean
  /** False for the run without a guard. */
  readonly guarded?: boolean
  /** Which modules of tools it is for. */
  readonly modules: readonly string[]
  /** Which tools of them; all, when left out. */
  readonly only?: RegExp
}

/** What was seen of one tool in one order. */
export interface Row {
  readonly tool: string
  /** What it answered, before and after it let calls through; `answered` each time. */
  readonly answers: readonly string[]
  /** The protocol of the trip, by way; else what came instead. */
  readonly through: Readonly<Record<string, string>>
  /** What came of the same calls when a rule allows them. */
  readonly allowed: Readonly<Record<string, string>>
  /** The protocol of the trip once the tool has stopped. */
  readonly after: Readonly<Record<string, string>>
  /** Built-ins that are not what they were before the tool started. */
  readonly changed: readonly string[]
}

export interface Tried {
  readonly rows: ReadonlyMap<string, Row>
  /** Why a tool's file could not even start, by the tool. */
  readonly refused: ReadonlyMap<string, string>
  /** Requests that reached the world. */
  readonly requests: readonly string[]
  readonly output: string
}

const fixture = (name: string) => readFileSync(join(FIXTURES, name), 'utf8')
const listed = (folder: string) => readdirSync(join(FIXTURES, folder)).filter((name) => /\.m?js$/.test(name))

/** The names of the tools of each module. */
export async function toolsOf(module: string): Promise<readonly string[]> {
  const path = join(FIXTURES, 'tools', `${module}.js`)
  return Object.keys((await import(/* @vite-ignore */ path)).tools)
}

/** Plays every tool of an order, in real Vitest. */
export async function tryTools({
  config,
  start = false,
  stop = true,
  remove = false,
  guarded = true,
  modules,
  only = /^/,
}: Order): Promise<Tried> {
  await using world = await startWorld()
  const files: Record<string, string> = {
    'vitest.config.ts': `import { defineConfig } from 'vitest/config'
      import { tripwire } from 'vitest-tripwire/vite'
      export default defineConfig({ ${config} })`,
    'node_modules/from-outside/package.json': '{ "name": "from-outside", "type": "module", "exports": "./index.js" }',
    'node_modules/from-outside/index.js': FROM_OUTSIDE,
  }
  for (const name of listed('.')) files[name] = fixture(name)
  for (const name of listed('tools')) files[`tools/${name}`] = fixture(`tools/${name}`)
  const named = new Map<string, string>()
  for (const module of modules) {
    const names = await toolsOf(module)
    const groups = start ? [names] : names.map((name) => [name])
    // By its number the setup file finds the tool.
    for (const [number, group] of groups.entries()) {
      if (!group.some((name) => only.test(name))) continue
      const file = `${module}.${number}.test.js`
      named.set(file, group.join(', '))
      files[file] = `
        import { tools } from './tools/${module}.js'
        import { suite } from './suite.js'
        for (const name of ${JSON.stringify(group)})
          suite(name, (globalThis.started ?? tools)[name], ${JSON.stringify({ guarded, start, stop, remove })})`
    }
  }
  const env = { WORLD_HTTP: `http://127.0.0.1:${world.http}`, WORLD_UNIX: world.unix }
  const run = await runVitest(files, { env })
  await world.quiet()
  const rows = [...run.output.matchAll(/ROW(.*)END/g)].map(([, row]): Row => JSON.parse(row as string))
  const refused = Object.entries(run.files).filter(([file, { message }]) => named.has(basename(file)) && message !== '')
  return {
    rows: new Map(rows.map((row) => [row.tool, row])),
    refused: new Map(refused.map(([file, { message }]) => [named.get(basename(file)) as string, message])),
    requests: world.log.filter((event) => / \//.test(event)),
    output: run.output,
  }
}

/** A dependency that Node itself loads, whose named imports are bindings of the built-in modules. */
const FROM_OUTSIDE = `
import { get } from 'http'
import 'net'
import 'dns'
export const ask = (url) => new Promise((done, fail) =>
  get(url, (response) => response.toArray().then((parts) => done(parts.join('')))).on('error', fail))
`
