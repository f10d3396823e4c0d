/** What a mock of a program may answer. */

import { builtIn, isError, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { SubprocessScript } from './script.ts'

/** What a program writes: all at once, or bit by bit (not where the code waits for it, as with `spawnSync`). */
export type Output = string | Uint8Array | AsyncIterable<string | Uint8Array>

/** What becomes of a program. */
export interface SubprocessReply {
  readonly stdout?: Output
  readonly stderr?: Output
  /** From 0 to 255; 0 unless given. */
  readonly exitCode?: number
  /** The signal that ends it, instead of an exit code: `'SIGKILL'`. */
  readonly signal?: NodeJS.Signals
  /** Milliseconds before it writes and ends. */
  readonly delay?: number
  /** Goes on after it has written, until a signal ends it: a server, a watcher. */
  readonly stays?: boolean
  /** It does not start: a code as the system has them (`'ENOENT'`, `'EACCES'`), or an error of your own. */
  readonly error?: string | Error
}

/** A program as it was started, for replies that depend on it. */
export interface ProgramCall {
  /** The program and its arguments; `['sh', '-c', line]` for a line that a shell has to read. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** All that is written to it: known at once where the code waits for the program, else once its stdin ends. `await` suits both. */
  readonly stdin: string | Promise<string>
}

/** A reply, a script, or a function of the start. */
export type SubprocessReplyInput =
  | SubprocessReply
  | SubprocessScript
  | ((call: ProgramCall) => SubprocessReply | undefined | Promise<SubprocessReply | undefined>)

/** What the seam is given: what to ask for a reply, or a script. */
export type SubprocessAnswer = SubprocessScript | ((call: ProgramCall) => SubprocessReply | Promise<SubprocessReply>)

const KEYS = ['stdout', 'stderr', 'exitCode', 'signal', 'delay', 'stays', 'error']
const EXPECTED =
  "a reply such as { stdout: 'done\\n' }, { exitCode: 1 } or { error: 'ENOENT' }, or a function of the start"

/** @throws RuleSyntaxError */
export function readReply(reply: unknown): SubprocessAnswer {
  if (reply instanceof SubprocessScript) return reply
  if (typeof reply !== 'function') {
    const fixed = checked(reply, 'the reply is')
    return () => fixed
  }
  return (call) => {
    const given: unknown = reply(call)
    if (typeof (given as { then?: unknown } | undefined)?.then !== 'function')
      return checked(given, 'the function gave')
    // A promise of ours: in vm pools that of a test is of another realm.
    return Promise.resolve(given).then((later) => checked(later, 'the function gave'))
  }
}

/** @throws RuleSyntaxError */
function checked(reply: unknown, what: string): SubprocessReply {
  if (reply === undefined) return {}
  if (typeof reply !== 'object' || reply === null) throw new RuleSyntaxError(`${what} ${String(reply)}`, EXPECTED)
  const unknown = Object.keys(reply).find((key) => !KEYS.includes(key))
  if (unknown !== undefined)
    throw new RuleSyntaxError(`a reply has no '${unknown}'`, `one of ${KEYS.join(', ')}`, suggest(unknown, KEYS))
  const { stdout, stderr, exitCode, signal, delay, stays, error } = reply as Record<string, unknown>
  for (const [name, output] of Object.entries({ stdout, stderr })) {
    if (!isOutput(output))
      throw new RuleSyntaxError(`${name} is ${String(output)}`, 'text, bytes, or an async iterable of them')
  }
  if (exitCode !== undefined && !(Number.isInteger(exitCode) && Number(exitCode) >= 0 && Number(exitCode) <= 255))
    throw new RuleSyntaxError(`the exit code is ${String(exitCode)}`, 'a number from 0 to 255')
  if (signal !== undefined && !(String(signal) in builtIn('node:os').constants.signals)) {
    const names = Object.keys(builtIn('node:os').constants.signals)
    throw new RuleSyntaxError(
      `the signal is ${String(signal)}`,
      "a signal's name, as 'SIGTERM'",
      suggest(String(signal), names),
    )
  }
  if (delay !== undefined && !(typeof delay === 'number' && delay >= 0))
    throw new RuleSyntaxError(`the delay is ${String(delay)}`, 'milliseconds, from 0')
  const ends = Object.entries({ exitCode, signal, stays, error }).filter(
    ([, value]) => value !== undefined && value !== false,
  )
  if (ends.length > 1)
    throw new RuleSyntaxError(
      `${ends.map(([key]) => key).join(' and ')} exclude each other`,
      'one of exitCode, signal, stays, error',
    )
  if (error !== undefined && !isError(error) && errnoOf(String(error)) === undefined)
    throw new RuleSyntaxError(`the error is ${String(error)}`, "a code of the system, as 'ENOENT', or an Error")
  return reply
}

function isOutput(output: unknown): boolean {
  if (output === undefined || typeof output === 'string' || ArrayBuffer.isView(output)) return true
  return typeof (output as AsyncIterable<unknown> | null)?.[Symbol.asyncIterator] === 'function'
}

/** The number by which Node knows an error on this platform. */
export function errnoOf(name: string): number | undefined {
  const { getSystemErrorMap } = builtIn('node:util')
  for (const [number, [code]] of getSystemErrorMap()) if (code === name) return number
  return undefined
}

/** The name of an error by its number. */
export function nameOf(errno: number): string {
  const { getSystemErrorName } = builtIn('node:util')
  return getSystemErrorName(errno)
}
