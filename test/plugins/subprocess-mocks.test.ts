import { type ChildProcess, exec, execFile, execFileSync, execSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import spawnCross from 'cross-spawn'
import { execa } from 'execa'
import { x } from 'tinyexec'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { $ } from 'zx'

let folder: string
let tool: string
const BIG = 3_000_000

/** A program that does what its first argument says; the mocks below do the same. */
const TOOL = `#!/bin/sh
case "$1" in
  says) printf out; printf err >&2; exit 0;;
  fails) printf out; printf err >&2; exit 3;;
  dies) kill -KILL $$;;
  big) head -c ${BIG} /dev/zero | tr '\\0' x;;
  sleeps) exec sleep 20;;
  cat) cat;;
esac
`

function mockTool(): void {
  const { any, mock, program } = tripwire.subprocess
  const is = (word: string) => [any({ max: 1 }), program('tool'), word]
  mock(is('says'), { stdout: 'out', stderr: 'err' }).optional().always()
  mock(is('fails'), { stdout: 'out', stderr: 'err', exitCode: 3 }).optional().always()
  mock(is('dies'), { signal: 'SIGKILL' }).optional().always()
  mock(is('big'), { stdout: 'x'.repeat(BIG) })
    .optional()
    .always()
  mock(is('sleeps'), { stays: true }).optional().always()
  mock(is('cat'), async ({ stdin }) => ({ stdout: await stdin }))
    .optional()
    .always()
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tripwire-mocks-'))
  tool = join(folder, 'tool')
  writeFileSync(tool, TOOL, { mode: 0o755 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What there is to see of a child, until it has closed; streams in the order of each, not of all. */
function life(child: ChildProcess): Promise<unknown> {
  const seen: Record<string, unknown> = {
    pid: typeof child.pid,
    stdio: child.stdio.map((stream) => stream?.constructor.name),
  }
  const events: unknown[] = []
  for (const name of ['spawn', 'error', 'exit', 'close'])
    child.on(name, (...args) => events.push([name, ...args.map(plain)]))
  child.stdio.forEach((stream, at) => {
    stream?.on('close', () => Object.assign(seen, { [`closed${at}`]: true }))
    if (at > 0) stream?.on('data', (chunk) => Object.assign(seen, { [at]: `${seen[at] ?? ''}${chunk}` }))
    if (at > 0) stream?.on('end', () => Object.assign(seen, { [at]: short(String(seen[at] ?? '')) }))
  })
  return new Promise((resolve) => {
    child.once('close', () => {
      const { exitCode, signalCode, killed } = child
      setTimeout(() => resolve({ ...seen, events, exitCode, signalCode, killed }), 20)
    })
  })
}

/** Long values by their length: comparing them takes seconds. */
const short = (text: string) => (text.length > 10_000 ? `${text.length} characters` : text)

/** An error, or a result, with its fields. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return short(value)
  if (Buffer.isBuffer(value)) return ['bytes', short(value.toString('latin1'))]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const { name, message } = value as Error
  const told = value instanceof Error ? { name, message } : {}
  const fields = Object.entries(value).filter(([key]) => key !== 'pid' && key !== 'error' && key !== 'stack')
  const { pid, error } = value as { pid?: number; error?: Error }
  return {
    ...told,
    ...Object.fromEntries(fields.map(([key, field]) => [key, plain(field)])),
    ...(pid !== undefined && { pid: pid > 0 }),
    ...(error !== undefined && error !== value && { error: plain(error) }),
  }
}

/** Asserts a call by what it was. */
function assertCall({ command, cwd, env, input, detached }: Readonly<Record<string, unknown>>): void {
  tripwire.subprocess.assert(command as string[], { cwd, env, detached, ...(input !== undefined && { input }) })
}

const attempt = (fn: () => unknown) => {
  try {
    return { gave: plain(fn()) }
  } catch (error) {
    return { threw: plain(error) }
  }
}

const called = (start: (done: (...args: unknown[]) => void) => unknown) =>
  new Promise((resolve) => start((...args) => resolve(args.map(plain))))

const awaited = (promise: Promise<unknown>) =>
  promise.then(
    (gave) => ({ gave: plain(gave) }),
    (error) => ({ threw: plain(error) }),
  )

const abortedSoon = () => AbortSignal.abort('enough')

/** Each way to use a program, tried with the real one and with the mock. */
const WAYS: Readonly<Record<string, () => unknown>> = {
  spawn: () => life(spawn(tool, ['says'])),
  'spawn, failing': () => life(spawn(tool, ['fails'])),
  'spawn, killed by itself': () => life(spawn(tool, ['dies'])),
  'spawn in a shell': () => life(spawn(tool, ['says'], { shell: true })),
  'spawn with a timeout': () => life(spawn(tool, ['sleeps'], { timeout: 100 })),
  'spawn with a timeout and a signal': () => life(spawn(tool, ['sleeps'], { timeout: 100, killSignal: 'SIGINT' })),
  'spawn, aborted': () => life(spawn(tool, ['sleeps'], { signal: abortedSoon() })),
  'spawn without streams': () => life(spawn(tool, ['says'], { stdio: 'ignore' })),
  'spawn with one stream': () => life(spawn(tool, ['says'], { stdio: ['ignore', 'pipe', 'ignore'] })),
  'spawn with a fourth stream': () => life(spawn(tool, ['says'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })),
  'spawn with a big output': () => life(spawn(tool, ['big'])),
  'spawn with input': () => {
    const child = spawn(tool, ['cat'])
    child.stdin.write('one ')
    child.stdin.end('two')
    return life(child)
  },
  'spawn, killed': () => {
    const child = spawn(tool, ['sleeps'])
    const seen = life(child)
    const gave = [child.kill(0), child.killed, child.kill(), child.killed]
    return seen.then(async (all) => [gave, all, child.kill()])
  },
  'spawn, killed by its number': async () => {
    const child = spawn(tool, ['sleeps'])
    const seen = life(child)
    process.kill(child.pid as number, 'SIGHUP')
    const all = await seen
    return [all, attempt(() => process.kill(child.pid as number, 0))]
  },
  'spawn into a file': async () => {
    const path = join(folder, 'log')
    const log = openSync(path, 'w')
    return [await life(spawn(tool, ['says'], { stdio: ['ignore', log, log] })), readFileSync(path, 'utf8').length]
  },
  exec: () => called((done) => exec(`${tool} says`, done)),
  'exec, failing': () => called((done) => exec(`${tool} fails`, done)),
  'exec, killed by itself': () => called((done) => exec(`exec ${tool} sleeps`, { timeout: 100 }, done)),
  execFile: () => called((done) => execFile(tool, ['says'], done)),
  'execFile, failing': () => called((done) => execFile(tool, ['fails'], done)),
  'execFile with too big an output': () => called((done) => execFile(tool, ['big'], { maxBuffer: 1000 }, done)),
  'execFile with a timeout': () => called((done) => execFile(tool, ['sleeps'], { timeout: 100 }, done)),
  'execFile, aborted': () => called((done) => execFile(tool, ['sleeps'], { signal: abortedSoon() }, done)),
  'execFile, bytes': () => called((done) => execFile(tool, ['says'], { encoding: 'buffer' }, done)),
  'execFile, hexadecimal': () => called((done) => execFile(tool, ['says'], { encoding: 'hex' }, done)),
  'exec, promisified': () => awaited(promisify(exec)(`${tool} says`)),
  'execFile, promisified, failing': () => awaited(promisify(execFile)(tool, ['fails'])),
  spawnSync: () => plain(spawnSync(tool, ['says'])),
  'spawnSync, failing': () => plain(spawnSync(tool, ['fails'], { encoding: 'utf8' })),
  'spawnSync, killed by itself': () => plain(spawnSync(tool, ['dies'])),
  'spawnSync with a timeout': () => plain(spawnSync(tool, ['sleeps'], { timeout: 100, killSignal: 'SIGINT' })),
  'spawnSync with a timeout and a number for a signal': () =>
    plain(spawnSync(tool, ['sleeps'], { timeout: 100, killSignal: 9 })),
  'spawnSync without streams': () => plain(spawnSync(tool, ['says'], { stdio: 'ignore' })),
  'spawnSync with one stream': () => plain(spawnSync(tool, ['says'], { stdio: ['ignore', 'pipe'] })),
  'spawnSync with a fourth stream': () => plain(spawnSync(tool, ['says'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })),
  'spawnSync in a shell': () => plain(spawnSync(tool, ['says'], { shell: true })),
  'spawnSync without a limit': () => plain(spawnSync(tool, ['big'], { maxBuffer: Number.POSITIVE_INFINITY })),
  execFileSync: () => attempt(() => execFileSync(tool, ['says'], { stdio: 'pipe' })),
  'execFileSync, failing': () => attempt(() => execFileSync(tool, ['fails'], { stdio: 'pipe' })),
  'execFileSync with a name of its own': () =>
    attempt(() => execFileSync(tool, ['fails'], { stdio: 'pipe', argv0: 'other' } as object)),
  'execFileSync with a timeout': () => attempt(() => execFileSync(tool, ['sleeps'], { stdio: 'pipe', timeout: 100 })),
  execSync: () => attempt(() => execSync(`${tool} says`, { stdio: 'pipe' })),
  'execSync, failing': () => attempt(() => execSync(`${tool} fails`, { stdio: 'pipe', encoding: 'utf8' })),
  'execSync with a timeout': () => attempt(() => execSync(`exec ${tool} sleeps`, { stdio: 'pipe', timeout: 100 })),
  execa: () =>
    execa(tool, ['says']).then(({ stdout, stderr, exitCode, failed }) => ({ stdout, stderr, exitCode, failed })),
  'execa, failing': () =>
    awaited(execa(tool, ['fails']).catch(({ shortMessage, exitCode, stdout }) => ({ shortMessage, exitCode, stdout }))),
  'execa with input': () => execa(tool, ['cat'], { input: 'given' }).then(({ stdout }) => stdout),
  'execa with a timeout': () =>
    execa(tool, ['sleeps'], { timeout: 100, reject: false }).then(({ timedOut, signal, exitCode }) => [
      timedOut,
      signal,
      exitCode,
    ]),
  'execa, all': () => execa(tool, ['cat'], { input: 'given', all: true }).then(({ all }) => all),
  'execa, by lines': async () => {
    const lines: string[] = []
    for await (const line of execa(tool, ['cat'], { input: 'one\ntwo\n' })) lines.push(line as string)
    return lines
  },
  tinyexec: () => x(tool, ['fails']).then(({ stdout, stderr, exitCode }) => ({ stdout, stderr, exitCode })),
  'cross-spawn': () => life(spawnCross(tool, ['says'])),
  zx: () =>
    $({ nothrow: true })`${tool} fails`.then(({ stdout, stderr, exitCode, signal }) => ({
      stdout,
      stderr,
      exitCode,
      signal,
    })),
}

describe.each(Object.keys(WAYS))('%s', (name) => {
  test('sees of a mock what it sees of a program', async () => {
    const way = WAYS[name] as () => unknown
    const natural = await tripwire.allow('subprocess', way)
    mockTool()
    const ours = await tripwire.sandbox(async (box) => [await way(), box.interactions.map(({ outcome }) => outcome)])
    expect(ours).toEqual([natural, expect.arrayContaining(['replied'])])
    for (const { facts } of tripwire.calls('subprocess')) assertCall(facts)
  })
})

test('a program that is stopped beside a volume would see none of it, which is said', async () => {
  tripwire.fs.volume({ 'a.txt': 'x' }).optional()
  const [trip] = await tripwire.expectTrip('subprocess', () =>
    tripwire.sandbox(() => expect(() => execFileSync('cat', ['a.txt'])).toThrow()),
  )
  expect(trip?.message).toContain('hint   a program sees the real disk, and nothing of the volume of this test')
})
