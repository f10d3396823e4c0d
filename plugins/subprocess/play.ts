/** Plays a program's script: along with the code that talks to it, or all at once where the code waits for the program. */
import {
  DATA,
  originals,
  Performance,
  type Reply,
  RuleSyntaxError,
  type Sayable,
  type Step,
  say,
} from '../../src/plugin.ts'
import type { Program } from './program.ts'
import type { SubprocessReply } from './reply.ts'
import { ProgramInbox, type SubprocessScript } from './script.ts'

// Captured at load: tests fake timers.
const { setTimeout, clearTimeout, setImmediate, Buffer } = originals
/** The code of a program whose input ended before its script did. */
const BROKEN_OFF = 1
const ENDINGS = new Set(['exit', 'kill', 'stay'])

function stepsOf({ steps }: SubprocessScript): readonly Step[] {
  return ENDINGS.has(steps.at(-1)?.kind ?? '') ? steps : [...steps, { kind: 'exit', args: [0] }]
}

/** @param fail the program did not start after all */
export function play(program: Program, script: SubprocessScript, reply: Reply, fail: (error: unknown) => void): void {
  const steps = stepsOf(script)
  const inbox = new ProgramInbox()
  const show = new Performance({
    steps,
    inbox,
    perform(step, last) {
      // It was killed meanwhile, and does nothing more.
      if (program.ended) return new Promise(() => {})
      const doing = step.kind === 'wait' ? wait(step.args[0] as number) : act(program, step, last)
      // Meanwhile its input may have ended.
      if (typeof doing?.then === 'function')
        doing.then(
          () => setImmediate(advance),
          () => {},
        )
      return doing
    },
    deviate: (at, came) => fail(reply.deviates({ step: at + 1, steps, came })),
    fail: (error) => fail(reply.fails(error)),
  })
  let timer: NodeJS.Timeout | undefined
  const wait = (ms: number) =>
    new Promise((resolve) => {
      timer = setTimeout(resolve, ms)
    })
  const { onEnd } = program
  program.onEnd = (...how) => {
    clearTimeout(timer)
    onEnd?.(...how)
  }
  reply.owes(() => (program.ended ? unsaid(show.left, script) : show.left))
  const advance = () => {
    inbox.read(program.input.nextText())
    show.advance()
    const [next] = show.left
    const deaf =
      next?.kind === 'expectInput' ? program.input.ended : next?.kind === 'expectMessage' && !program.connected
    if (!deaf || program.ended || show.busy) return
    show.ended()
    program.end(BROKEN_OFF)
  }
  const { onInput } = program
  program.onInput = () => {
    onInput?.()
    advance()
  }
  program.onMessage = (message) => {
    inbox.push(message)
    advance()
  }
  program.onDisconnect = advance
  advance()
}

/** What a program that was killed still had to do; to wait, and to end in its time, is nothing. */
function unsaid(left: readonly Step[], { steps }: SubprocessScript): readonly Step[] {
  const said = left.filter((step) => steps.includes(step))
  const next = said.findIndex(({ kind }) => kind !== 'wait')
  return next < 0 ? [] : said.slice(next)
}

function act(program: Program, { kind, args: [arg] }: Step, last: unknown): PromiseLike<unknown> | undefined {
  if (kind === 'exit') program.end(arg as number)
  if (kind === 'kill') program.end(undefined, arg as string)
  if (ENDINGS.has(kind)) return undefined
  if (kind === 'send') return say(arg, last, MESSAGE, (message) => program.send(message))
  return say(arg, last, DATA, (text) => program.write(kind === 'print' ? 1 : 2, text))
}

/** Node refuses to send nothing. */
const MESSAGE: Sayable<unknown> = {
  can: (value): value is unknown => value !== undefined,
  expected: 'a message',
}

/** What comes of a script where all input is there from the start. */
export function playAtOnce(script: SubprocessScript, input: string, reply: Reply): SubprocessReply {
  const steps = stepsOf(script)
  const inbox = new ProgramInbox()
  inbox.read(input)
  let failed: Error | undefined
  let ended: SubprocessReply = { exitCode: BROKEN_OFF }
  let delay = 0
  const printed = { print: [] as Uint8Array[], printError: [] as Uint8Array[] }
  const show = new Performance({
    steps,
    inbox,
    perform({ kind, args: [arg] }, last) {
      if (kind === 'wait') delay += arg as number
      else if (kind === 'exit') ended = { exitCode: arg as number }
      else if (kind === 'kill') ended = { signal: arg as NodeJS.Signals }
      else if (kind === 'stay') ended = { stays: true }
      else if (kind === 'print' || kind === 'printError')
        say(atOnce(arg), last, DATA, (text) => printed[kind].push(Buffer.from(text as string)))
    },
    deviate(at, came) {
      failed = reply.deviates({ step: at + 1, steps, came })
    },
    fail(error) {
      failed = reply.fails(error)
    },
  })
  reply.owes(() => show.left)
  show.advance()
  show.ended()
  if (failed !== undefined) return { error: failed }
  return { ...ended, delay, stdout: Buffer.concat(printed.print), stderr: Buffer.concat(printed.printError) }
}

/** A function whose promise nobody can wait for. */
function atOnce(arg: unknown): unknown {
  if (typeof arg !== 'function') return arg
  return (last: unknown) => {
    const given: unknown = arg(last)
    if (typeof (given as PromiseLike<unknown> | undefined)?.then !== 'function') return given
    throw new RuleSyntaxError(
      'a step of the script prints a promise, and the code waits for the program',
      DATA.expected,
    )
  }
}
