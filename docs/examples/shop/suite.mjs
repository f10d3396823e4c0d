import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const HERE = import.meta.dirname
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const WITNESS = pathToFileURL(join(HERE, 'witness.mjs')).href

/** Runs a suite of the shop in real Vitest; gives what it said, what failed, what arrived outside, and which names were asked for. */
export async function runSuite({ root, dir = root, config, unset = [] }, world) {
  // Where the suite may write: the witness does so from inside of it.
  const temporary = mkdtempSync(join(world.settings.TMPDIR, 'suite-'))
  const files = { report: join(temporary, 'report.json'), witness: join(temporary, 'names') }
  const env = { ...process.env, ...world.settings, WITNESS: files.witness, NO_COLOR: '1', CI: '' }
  env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${WITNESS}`
  for (const name of unset) delete env[name]
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${files.report}`]
  const where = ['--config', join(HERE, dir, config), '--dir', join(HERE, dir)]
  const { code, output } = await run([VITEST, 'run', ...where, ...reporters], join(HERE, root), env)
  const result = {
    code,
    output,
    summary: linesOf(output, /^\s+(Test Files|Tests) /),
    report: reportIn(output),
    shown: shownIn(output),
    /** Whether the report has a call, and puts it there. */
    places: (call, place) =>
      entriesOf(reportIn(output)).some(([head, at]) => head.includes(call) && at.includes(place)),
    failed: failedIn(files.report),
    arrived: await world.arrived(),
    asked: read(files.witness)
      .split('\n')
      .filter((name) => name !== '' && name !== 'localhost'),
  }
  rmSync(temporary, { recursive: true, force: true })
  return result
}

function run(args, cwd, env) {
  const child = spawn(process.execPath, args, { cwd, env })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

/** Tests that failed as `file: describe > test`, files that failed for themselves by their name. */
function failedIn(report) {
  const { testResults } = JSON.parse(read(report) || '{ "testResults": [] }')
  return testResults
    .flatMap(({ name, message, assertionResults }) => [
      ...(message ? [basename(name)] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ ancestorTitles, title }) => `${basename(name)}: ${[...ancestorTitles, title].join(' > ')}`),
    ])
    .sort()
}

/** What tripwire says at the end of the run. */
const reportIn = (output) => /^Stopped calls\n[\s\S]*?^Tripwire: .*$/m.exec(output)?.[0] ?? ''

/** What tests printed: Vitest says whose it is, and leaves a line empty below it. */
const shownIn = (output) =>
  [...output.matchAll(/^stdout \| (.+)\n((?:.+\n)+)/gm)].map(([, test, text]) => ({
    test,
    lines: text.trimEnd().split('\n'),
  }))

/** The report's entries, of two lines each: the call, and `at` its place. */
function entriesOf(report) {
  const lines = report.split('\n')
  return lines.flatMap((line, number) => (/^ +at /.test(line) ? [[lines[number - 1], line]] : []))
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const linesOf = (output, pattern) =>
  output
    .split('\n')
    .filter((line) => pattern.test(line))
    .join('\n')

/** Where a text stands in a source of the shop: `src/prices.ts:9`. */
export function lineOf(file, text) {
  const lines = readFileSync(join(HERE, 'src', file), 'utf8').split('\n')
  return `src/${file}:${lines.findIndex((line) => line.includes(text)) + 1}:`
}
