/** Carries out what a mock answers to a program that is started beside the test. */
import { DATA, type Facts, isError, originals, type Reply, RuleSyntaxError } from '../../src/plugin.ts'
import type { Start } from './command.ts'
import { play } from './play.ts'
import type { Program } from './program.ts'
import { errnoOf, type Output, type ProgramCall, type SubprocessAnswer, type SubprocessReply } from './reply.ts'
import { SubprocessScript } from './script.ts'

// Captured at load: tests fake timers.
const { setTimeout, clearTimeout, setImmediate } = originals
const enoent = () => errnoOf('ENOENT') ?? -2

/** What was written, as facts compare it: text where it is that; undefined when there is none. */
export function readInput(bytes: Uint8Array): string | Uint8Array | undefined {
  if (bytes.length === 0) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new Uint8Array(bytes)
  }
}

/** The call as a reply's function sees it. */
export function callOf(facts: Facts, { env }: Start, stdin: ProgramCall['stdin']): ProgramCall {
  const command = facts.command as readonly string[]
  return { command, args: command.slice(1), cwd: String(facts.cwd), env, stdin }
}

/** How a program that could not be started fails: Node's number for it, and the error in its place. */
export interface Failure {
  readonly errno: number
  readonly error: Error | undefined
}

/** What is to become of a program, or why it does not start. */
export type Given = { readonly reply: SubprocessReply | Promise<SubprocessReply> } | Failure

/** Asks the mock; what its function throws is how the start fails. */
export function ask(answer: Exclude<SubprocessAnswer, SubprocessScript>, call: ProgramCall, asking: Reply): Given {
  try {
    const reply = answer(call)
    if (!(reply instanceof Promise)) return failureOf(reply) ?? { reply }
    const told = reply.catch((error) => {
      throw asking.fails(error)
    })
    // It is waited for later, once the program has started.
    told.catch(() => {})
    return { reply: told }
  } catch (error) {
    return thrown(asking.fails(error))
  }
}

function failureOf({ error }: SubprocessReply): Failure | undefined {
  if (error === undefined) return undefined
  return isError(error) ? thrown(error) : { errno: errnoOf(error) ?? enoent(), error: undefined }
}

function thrown(error: unknown): Failure {
  return { errno: enoent(), error: isError(error) ? error : new Error(String(error)) }
}

/** What becomes of a program. */
export interface Life {
  /** It does not start. */
  readonly failure: Failure | undefined
  /** To be called once it has started. */
  begin(): void
}

/** Asks the mock for a program's life, as early as it can be asked: a mock that speaks of what is written to the program waits for that. */
export function perform(program: Program, start: Start, reply: Reply): Life {
  const stdin = inputOf(program)
  const answer = reply.answer as SubprocessAnswer
  const askNow = (asked: Exclude<SubprocessAnswer, SubprocessScript>) =>
    ask(asked, callOf(reply.facts, start, stdin.text), reply)
  const early = reply.tentative || answer instanceof SubprocessScript ? undefined : askNow(answer)
  const failure = early !== undefined && 'errno' in early ? early : undefined
  program.onEnd = (exitCode, signal) => {
    stdin.end()
    const input = readInput(program.input.bytes)
    reply.complete({
      ...(input !== undefined && { input }),
      ...(exitCode !== undefined && { exitCode }),
      // Those of real time have no name.
      ...(signal && { signal }),
    })
  }
  const go = () => {
    if (program.ended) return
    const input = readInput(program.input.bytes)
    const error = reply.tentative ? reply.complete(input === undefined ? {} : { input }) : undefined
    if (error !== undefined) return program.fail(enoent(), error)
    // By now it may be another mock's.
    const chosen = reply.answer as SubprocessAnswer
    if (chosen instanceof SubprocessScript) {
      play(program, chosen, reply, (error) => fail(program, thrown(error)))
      return
    }
    const given = early ?? askNow(chosen)
    if ('errno' in given) return fail(program, given)
    if (given.reply instanceof Promise)
      given.reply.then(
        (later) => run(program, later, reply),
        (error) => fail(program, thrown(error)),
      )
    else run(program, given.reply, reply)
  }
  return {
    failure,
    begin() {
      stdin.begin()
      if (reply.tentative) void stdin.text.then(go)
      else setImmediate(go)
    },
  }
}

function fail(program: Program, { errno, error }: Failure): void {
  program.fail(errno, error)
}

/** What is written to a program, as a promise of all of it. */
function inputOf(program: Program) {
  let end = () => {}
  const text = new Promise<string>((resolve) => {
    end = () => resolve(program.input.text)
  })
  const look = () => program.input.ended && end()
  program.onInput = look
  return { text, begin: look, end }
}

function run(program: Program, reply: SubprocessReply, asking: Reply): void {
  const failure = failureOf(reply)
  if (failure !== undefined) {
    fail(program, failure)
    return
  }
  const { delay = 0, stdout, stderr, exitCode = 0, signal, stays } = reply
  const act = () => {
    const writing = [write(program, 1, stdout), write(program, 2, stderr)].filter((each) => each !== undefined)
    const end = () => {
      if (!stays) program.end(signal === undefined ? exitCode : undefined, signal)
    }
    if (writing.length === 0) end()
    else Promise.all(writing).then(end, (error) => fail(program, thrown(asking.fails(error))))
  }
  if (delay === 0) {
    act()
    return
  }
  const timer = setTimeout(act, delay)
  const { onEnd } = program
  program.onEnd = (...how) => {
    clearTimeout(timer)
    onEnd?.(...how)
  }
}

/** @returns when there is more to wait for */
function write(program: Program, fd: number, output: Output | undefined): Promise<void> | undefined {
  if (output === undefined) return undefined
  if (typeof output !== 'string' && !ArrayBuffer.isView(output)) return pump(program, fd, output)
  program.write(fd, output)
  return undefined
}

async function pump(program: Program, fd: number, output: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const chunk of output) {
    if (program.ended) return
    if (!DATA.can(chunk)) throw new RuleSyntaxError(`its output gave ${String(chunk)}`, `chunks of ${DATA.expected}`)
    program.write(fd, chunk)
    await program.drained(fd)
  }
}
