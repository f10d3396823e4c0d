/**
 * What Node gives for a program that the code waits for, worked out from what a mock answers: nothing below the public functions can be
 * stood on there (`spawnSync` of Node 20 to 26, lib/child_process.js and src/spawn_sync.cc).
 */
import { builtIn, DATA, originals, RuleSyntaxError } from '../../src/plugin.ts'
import type { Start } from './command.ts'
import { writeTo } from './descriptor.ts'
import { nextPid } from './program.ts'
import { errnoOf, type SubprocessReply } from './reply.ts'

// Captured at load: tests spy on them.
const { Buffer } = originals

export interface SyncOptions {
  readonly argv0?: string
  readonly stdio?: unknown
  readonly encoding?: string | null
  readonly maxBuffer?: number
  readonly timeout?: number
  readonly killSignal?: string | number
}

export interface SyncResult {
  pid: number
  output: (Uint8Array | string | null)[] | null
  stdout: unknown
  stderr: unknown
  status: number | null
  signal: string | null
  error?: Error
}

const MOST_OUTPUT = 1024 * 1024
/** What a program that did not start has for its output: null up to Node 20, nothing since. */
const NONE = Number.parseInt(process.versions.node, 10) < 22 ? null : undefined

/** @param reply of a program that starts */
export function syncResult(start: Start, options: SyncOptions, reply: SubprocessReply): SyncResult {
  const { delay = 0, stays = false } = reply
  const timeout = Number(options.timeout ?? 0)
  const late = timeout > 0 && (stays || delay >= timeout)
  if (stays && !late)
    throw new RuleSyntaxError(
      'the reply stays, and the code that waits for the program has no timeout',
      '{ exitCode } or { signal }; stays for a call with a timeout',
    )
  wait(late ? timeout : delay)
  const ends = endsOf(options.stdio)
  const output = ends.map((end, at) =>
    at === 0 || end !== 'pipe' ? null : late ? Buffer.alloc(0) : written(reply, at),
  )
  if (!late) ends.forEach((end, at) => void (end !== 'pipe' && at > 0 && pass(end, written(reply, at))))
  const most = 'maxBuffer' in options ? Number(options.maxBuffer ?? 0) : MOST_OUTPUT
  const size = output.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
  const failed = late ? 'ETIMEDOUT' : most > 0 && size > most ? 'ENOBUFS' : undefined
  const signal = failed === undefined ? (reply.signal ?? null) : signalName(options.killSignal)
  const { encoding } = options
  const decoded = output.map((bytes) =>
    bytes && encoding && encoding !== 'buffer' ? bytes.toString(encoding as BufferEncoding) : bytes,
  )
  return {
    ...(failed !== undefined && { error: systemError(start, failed) }),
    status: signal === null ? (reply.exitCode ?? 0) : null,
    signal,
    output: decoded,
    pid: nextPid(),
    stdout: decoded[1],
    stderr: decoded[2],
  }
}

/** The result of a program that does not start. */
export function notStarted(error: Error): SyncResult {
  return { error, status: null, signal: null, output: null, pid: 0, stdout: NONE, stderr: NONE }
}

/** As `execFileSync` and `execSync` give a result, or throw it. */
export function outputOf(result: SyncResult, { stdio }: SyncOptions, words: string): unknown {
  const { stderr, error } = result
  if (!stdio && stderr) process.stderr.write(stderr as string)
  if (error !== undefined) throw Object.assign(error, result)
  if (result.status !== 0) {
    const told = stderr && (stderr as string).length > 0 ? `\n${String(stderr)}` : ''
    throw Object.assign(new Error(`Command failed: ${words}${told}`), result)
  }
  return result.stdout
}

/** The error that Node makes of what the system says. */
export function systemError({ file, args, shell }: Start, code: string): Error {
  const program = shell !== undefined && file === 'sh' ? '/bin/sh' : file
  const syscall = `spawnSync ${program}`
  const spawnargs = shell === undefined ? [...args] : ['-c', shell]
  const error = new Error(`${syscall} ${code}`)
  return Object.assign(error, { errno: errnoOf(code), code, syscall, path: program, spawnargs })
}

type End = 'pipe' | 'ignore' | number | { write(chunk: Uint8Array): unknown }

function endsOf(stdio: unknown): End[] {
  const given = Array.isArray(stdio)
    ? [...stdio]
    : Array.from({ length: 3 }, (_, at) => (stdio === 'inherit' ? at : (stdio ?? 'pipe')))
  while (given.length < 3) given.push(undefined)
  return given.map((end, at) => {
    if (end === null || end === undefined) return at < 3 ? 'pipe' : 'ignore'
    if (end === 'overlapped') return 'pipe'
    if (end === 'inherit') return at
    const { fd } = end as { fd?: unknown }
    return typeof fd === 'number' ? fd : (end as End)
  })
}

function written(reply: SubprocessReply, fd: number): Buffer {
  const output = fd === 1 ? reply.stdout : fd === 2 ? reply.stderr : undefined
  if (output === undefined) return Buffer.alloc(0)
  if (typeof output === 'string') return Buffer.from(output)
  if (ArrayBuffer.isView(output)) return Buffer.from(output)
  throw new RuleSyntaxError('the reply writes bit by bit, and the code waits for all of it', DATA.expected)
}

function pass(end: End, chunk: Uint8Array): unknown {
  if (chunk.length === 0 || typeof end === 'string') return undefined
  if (end === 1) return process.stdout.write(chunk)
  if (end === 2) return process.stderr.write(chunk)
  return typeof end === 'number' ? writeTo(end, chunk) : end.write?.(chunk)
}

/** The code waits, so that nothing else happens meanwhile. */
function wait(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

function signalName(signal: string | number | undefined): string {
  if (typeof signal !== 'number') return String(signal ?? 'SIGTERM').toUpperCase()
  return Object.entries(builtIn('node:os').constants.signals).find(([, number]) => number === signal)?.[0] ?? 'SIGTERM'
}
