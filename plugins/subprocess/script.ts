/** Scripts of programs that are talked to: what they wait for, write and send, step by step. */
import {
  builtIn,
  fits,
  fitsMessage,
  type Inbox,
  isAsymmetric,
  isRegExp,
  RuleSyntaxError,
  Script,
  suggest,
  type Taken,
} from '../../src/plugin.ts'

/** What a step waits for: text, a RegExp from where the input stands, or what a function or matcher accepts. */
export type ExpectedInput = string | RegExp | object | ((input: string) => unknown)

/** What a step writes; a function is given what was expected last. */
export type Printed = string | Uint8Array | ((last: unknown) => string | Uint8Array | Promise<string | Uint8Array>)

/** What a mocked program waits for and does, in order; it ends with 0 after its last step. A script never changes: each step gives a new one. */
export function isScript(answer: unknown): answer is SubprocessScript {
  return answer instanceof SubprocessScript
}

export class SubprocessScript extends Script {
  /** Waits until this is written to the program's stdin; something else is a ScriptError. */
  expectInput(input: ExpectedInput): this {
    if (typeof input !== 'string' && typeof input !== 'function' && !isRegExp(input) && !isAsymmetric(input))
      refuse('.expectInput', `the step expects ${String(input)}`, 'text, a RegExp, a matcher or a function')
    return this.step('expectInput', input)
  }

  /** Waits for a message of the parent (fork). */
  expectMessage(message: unknown): this {
    return this.step('expectMessage', message)
  }

  /** Writes to stdout. */
  print(text: Printed): this {
    return this.step('print', printable('.print', text))
  }

  /** Writes to stderr. */
  printError(text: Printed): this {
    return this.step('printError', printable('.printError', text))
  }

  /** Sends a message to the parent (fork); a function is given what was expected last. */
  send(message: unknown): this {
    return this.step('send', message)
  }

  /** @param ms milliseconds */
  wait(ms: number): this {
    if (!(typeof ms === 'number' && ms >= 0)) refuse('.wait', `the step waits ${String(ms)}`, 'milliseconds, from 0')
    return this.step('wait', ms)
  }

  /** @param code from 0 to 255 */
  exit(code = 0): this {
    if (!(Number.isInteger(code) && code >= 0 && code <= 255))
      refuse('.exit', `the exit code is ${String(code)}`, 'a number from 0 to 255')
    return this.step('exit', code)
  }

  /** Ends by a signal. */
  kill(signal: NodeJS.Signals): this {
    const names = Object.keys(builtIn('node:os').constants.signals)
    if (!names.includes(signal))
      refuse('.kill', `the signal is ${String(signal)}`, "a signal's name, as 'SIGTERM'", suggest(signal, names))
    return this.step('kill', signal)
  }

  /** Goes on until a signal ends it. */
  stay(): this {
    return this.step('stay')
  }
}

function refuse(step: string, message: string, expected: string, near: readonly string[] = []): never {
  throw Script.refused(step, new RuleSyntaxError(message, expected, near))
}

function printable(step: string, text: unknown): unknown {
  if (typeof text === 'string' || typeof text === 'function' || ArrayBuffer.isView(text)) return text
  return refuse(step, `the step prints ${String(text)}`, 'text, bytes, or a function')
}

/** What was written and sent to a program, and that no step has taken. */
export class ProgramInbox implements Inbox {
  #input = ''
  readonly #messages: unknown[] = []
  #asked = 'expectInput'
  last: unknown

  read(input: string): void {
    this.#input += input
  }

  push(message: unknown): void {
    this.#messages.push(message)
  }

  take(pattern: unknown, kind: string): Taken {
    this.#asked = kind
    return kind === 'expectMessage' ? this.#takeMessage(pattern) : this.#takeInput(pattern)
  }

  get left(): unknown {
    return this.#asked === 'expectMessage' ? this.#messages[0] : this.#input || undefined
  }

  #takeMessage(pattern: unknown): Taken {
    if (this.#messages.length === 0) return 'nothing'
    if (!fitsMessage(pattern, this.#messages[0])) return 'differs'
    this.last = this.#messages.shift()
    return 'taken'
  }

  #takeInput(pattern: unknown): Taken {
    const input = this.#input
    if (input === '') return 'nothing'
    if (typeof pattern === 'string') {
      if (input.startsWith(pattern)) return this.#taken(pattern.length)
      return pattern.startsWith(input) ? 'unsure' : 'differs'
    }
    if (isRegExp(pattern)) {
      const match = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}y`).exec(input)
      return match === null ? 'unsure' : this.#taken(match[0].length)
    }
    const accepted = typeof pattern === 'function' && !isAsymmetric(pattern) ? pattern(input) : fits(pattern, input)
    return accepted ? this.#taken(input.length) : 'unsure'
  }

  #taken(length: number): Taken {
    this.last = this.#input.slice(0, length)
    this.#input = this.#input.slice(length)
    return 'taken'
  }
}
