import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runVitest } from '../../support/run-vitest.ts'
import { startWorld, type World } from '../../support/world.ts'
import { callsTo, filesAt, type Paste, PLACES } from './places.ts'

interface Fix {
  readonly does: string
  readonly code: string
}
/** One project of a run: a call at a place, with a fix or without. */
interface Trial {
  readonly place: string
  readonly way: string
  readonly fix?: Fix
}

/** What a message says to do, and what to paste. */
function fixesIn(message: string): Fix[] {
  const fixes: Fix[] = []
  for (const line of message.slice(message.indexOf('\n  fix')).split('\n').slice(1)) {
    if (/^ {2}(?:near|more)/.test(line)) break
    const [, does] = /^(?: {2}fix {4}| {9}or )(\S.*):$/.exec(line) ?? []
    const [, code] = /^ {11}(\S.*)$/.exec(line) ?? []
    const last = fixes.at(-1)
    if (does !== undefined) fixes.push({ does, code: '' })
    else if (code !== undefined && last) fixes.splice(-1, 1, { does: last.does, code: `${last.code}${code}\n` })
  }
  return fixes.map(({ does, code }) => ({ does, code: code.trim() }))
}

function pasteOf({ does, code }: Fix): Paste {
  if (/tripwire\.config\.ts/.test(does)) return { config: code.replaceAll('\n', ',\n') }
  if (/first argument|second argument/.test(does)) return { options: code }
  return does.includes('in this test') ? { body: code } : { code }
}

const REPORTER = `
import { writeFileSync } from 'node:fs'
const texts = (error) => {
  if (error.errors?.length > 0) return error.errors.flatMap(texts)
  return error.message.startsWith('[TRIPWIRE') || !error.cause ? [error.message] : texts(error.cause)
}
const all = (errors = []) => errors.flatMap(texts)
export default class {
  onTestRunEnd(modules, unhandled) {
    const told = modules.map((module) => [module.project.name, [
      ...all(module.errors()), ...[...module.children.allTests()].flatMap((test) => all(test.result().errors)),
    ]])
    writeFileSync('told.json', JSON.stringify({ told: Object.fromEntries(told), unhandled: all(unhandled) }))
  }
}
`
const CONFIG = (folders: readonly string[]) => `
import { defineConfig } from 'vitest/config'
import { tripwire } from 'vitest-tripwire/vite'
const folders = ${JSON.stringify(folders)}
const projects = folders.map((name) => ({ extends: true, root: name, test: { name } }))
export default defineConfig({ plugins: [tripwire()], test: { pool: 'threads', maxWorkers: 2, projects } })
`

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Runs all trials in one Vitest, each in a project of its own, and gives the messages of each trial. */
async function run(trials: readonly Trial[]): Promise<string[][]> {
  const files = trials.flatMap(({ place, way, fix }, at) => {
    const wanted = fix?.does.includes('unreachable host') ? 'unreachable' : 'reached'
    return Object.entries(filesAt(place, way, fix && pasteOf(fix), wanted)).map(([name, text]) => [
      `p${at}/${name}`,
      text,
    ])
  })
  const run = await runVitest(
    {
      ...Object.fromEntries(files),
      'calls.js': callsTo(world),
      'reporter.js': REPORTER,
      'vitest.config.ts': CONFIG(trials.map((_, at) => `p${at}`)),
    },
    // Some eighty projects in one run.
    { reporters: ['--reporter=./reporter.js'], read: ['told.json'], limit: 200 },
  )
  const report = JSON.parse(run.written['told.json'] ?? '{"told":{}}')
  return trials.map((_, at) => report.told[`p${at}`] ?? [run.output])
}

const NAMES = Object.keys(PLACES)
const stopped: Trial[] = Object.entries(PLACES).flatMap(([place, { ways }]) => ways.map((way) => ({ place, way })))
/** Messages by trial: first of the calls as they are, then of each with each of its fixes. */
let before: string[][]
let arrived: string[]
let fixed: Trial[]
let after: string[][]
beforeAll(async () => {
  before = await run(stopped)
  await world.quiet()
  arrived = world.log.splice(0)
  fixed = stopped.flatMap(({ place, way }, at) => {
    const fixes = fixesIn(before[at]?.[0] ?? '')
    // A mock reaches no stand-in, and asks for an assertion: test/integration/snippets.test.ts pastes both.
    return fixes.filter(({ does }) => !does.startsWith('answer it by a mock')).map((fix) => ({ place, way, fix }))
  })
  after = await run(fixed)
}, 240_000)

test('nothing leaves before anything is pasted', () => {
  expect(arrived).toEqual([])
})

describe.each(NAMES)('the errors of %s', (name) => {
  test('come once per call, with one to three fixes', () => {
    stopped.forEach(({ place, way }, at) => {
      if (place !== name) return
      const messages = before[at] ?? []
      expect([way, messages]).toEqual([way, [expect.stringMatching(/^\[TRIPWIRE_\w+\] /)]])
      const { length } = fixesIn(messages[0] as string)
      expect([way, length >= 1 && length <= 3]).toEqual([way, true])
    })
  })

  test('go away by each of the fixes alone', () => {
    const failed = fixed.filter(({ place }, at) => place === name && after[at]?.length !== 0)
    expect(failed.map((trial) => ({ ...trial, messages: after[fixed.indexOf(trial)] }))).toEqual([])
  })
})

test('a call that outlives its file is offered what holds after it, and goes away by that', async () => {
  const source = `
import { test } from 'vitest'
import { call } from './calls.js'
test('outlives', () => { setTimeout(() => call('http', 'reached').catch(() => {}), 50) })`
  const files = {
    'calls.js': callsTo(world),
    'a.test.ts': source,
    'b.test.ts':
      "import { test } from 'vitest'\ntest('waits', () => new Promise((resolve) => setTimeout(resolve, 600)))",
  }
  const args = ['--no-isolate', '--maxWorkers=1', '--sequence.shuffle.files=false']
  const stopped = await runVitest(files, { args })
  expect(stopped.exitCode).toBe(1)
  const fixes = fixesIn(stopped.output)
  expect(fixes.map(({ does }) => does)).toEqual([
    'stop the work before the test ends',
    expect.stringContaining('wait for it in the test'),
    'let it through everywhere (a new tripwire.config.ts)',
  ])
  const through = await runVitest({ ...files, 'tripwire.config.ts': fixes[2]?.code ?? '' }, { args })
  expect([through.exitCode, through.exitCode === 0 ? '' : through.output]).toEqual([0, ''])
})
