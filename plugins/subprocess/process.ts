/** What a process does to others or to itself: signals to processes that this worker did not start, and `execve`. */

import type { Reply, Tap } from '../../src/plugin.ts'
import { builtIn } from '../../src/plugin.ts'
import { ask } from './answer.ts'
import { factsOf } from './command.ts'
import { isMocked, programOf } from './program.ts'
import { nameOf, type SubprocessAnswer } from './reply.ts'
import { isScript } from './script.ts'

// Captured at load: tests replace them.
const { isInteger } = Number
const { abs } = Math

interface Process {
  kill(pid: number, signal?: string | number): true
  execve?(file: string, args?: readonly string[], env?: Record<string, string>): void
}

export function guardProcess(tap: Tap): void {
  tap.patch(process as Process, 'kill', (original) => {
    return function kill(this: unknown, pid, signal) {
      const number = Number(pid)
      const mocked = isMocked(abs(number)) ? signalNumber(signal) : undefined
      if (mocked !== undefined) {
        const program = programOf(abs(number))
        if (program === undefined) throw noSuchProcess()
        program.kill(mocked)
        return true
      }
      if (isInteger(number)) {
        const facts = { pid: Math.abs(number), group: number < 0, signal: signalName(signal) }
        const outcome = tap.judge({ protocol: 'subprocess', operation: 'subprocess:kill', facts })
        if (outcome.kind === 'block') throw outcome.error
        if (outcome.kind === 'refuse') throw noSuchProcess()
        if (outcome.kind === 'reply' && !outcome.reply.passThrough) return answer(outcome.reply)
      }
      return Reflect.apply(original, this, [pid, signal])
    }
  })
  if (typeof (process as Process).execve !== 'function') return
  tap.patch(process as unknown as Required<Process>, 'execve', (original) => {
    return function execve(this: unknown, file, args = [], env = {}) {
      if (typeof file === 'string') {
        const start = {
          file,
          args: args.slice(1),
          cwd: undefined,
          env,
          shell: undefined,
          detached: false,
          input: undefined,
        }
        const outcome = tap.judge({ protocol: 'subprocess', operation: 'subprocess:execve', facts: factsOf(start) })
        if (outcome.kind === 'block') throw outcome.error
        if (outcome.kind === 'refuse')
          throw Object.assign(new Error(`execve ${file} ENOENT`), { code: 'ENOENT', syscall: 'execve' })
        if (outcome.kind === 'reply' && !outcome.reply.passThrough) {
          answer(outcome.reply)
          throw new Error(
            `execve would replace this process by ${file}: a mock can only let it fail ({ error: 'ENOENT' })`,
          )
        }
      }
      return Reflect.apply(original, this, [file, args, env])
    }
  })
}

/** A signal that a mock answers arrives, or fails as the mock says. */
function answer(reply: Reply): true {
  const answer = reply.answer as SubprocessAnswer
  const call = { command: [], args: [], cwd: '', env: {}, stdin: '' }
  const given = ask(isScript(answer) ? () => ({}) : answer, call, reply)
  reply.complete({})
  if (!('errno' in given)) return true
  if (given.error !== undefined) throw given.error
  const code = nameOf(given.errno)
  throw Object.assign(new Error(`kill ${code}`), { errno: given.errno, code, syscall: 'kill' })
}

/** Undefined for what Node refuses. */
function signalNumber(signal: unknown): number | undefined {
  if (signal === undefined) return builtIn('node:os').constants.signals.SIGTERM
  return typeof signal === 'number' ? signal : builtIn('node:os').constants.signals[signal as NodeJS.Signals]
}

function signalName(signal: unknown): string {
  if (signal === undefined) return 'SIGTERM'
  if (typeof signal !== 'number') return String(signal)
  if (signal === 0) return '0'
  return (
    Object.entries(builtIn('node:os').constants.signals).find(([, number]) => number === signal)?.[0] ?? String(signal)
  )
}

function noSuchProcess(): Error {
  return Object.assign(new Error('kill ESRCH'), { errno: -3, code: 'ESRCH', syscall: 'kill' })
}
