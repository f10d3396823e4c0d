import type { Family, MockHandle } from '../../src/plugin.ts'
import type { SubprocessReplyInput } from './reply.ts'
import type { SubprocessScript } from './script.ts'
import type { AnyWords, ProgramWord, Word } from './words.ts'

/**
 * A command: its words, or a line of them. A line that takes a shell to read is compared as it is written; a RegExp is tried on the words
 * with blanks between them; a function is given the words.
 */
export type CommandPattern =
  | string
  | RegExp
  | readonly Word[]
  | ProgramWord
  | AnyWords
  | ((command: readonly string[]) => unknown)

/** A start by its parts; what is left out fits anything, and an assertion has to name what the code controls. */
export interface SubprocessPattern extends SubprocessFacts {
  readonly command?: CommandPattern
  /** The program alone, by the name that PATH finds. */
  readonly program?: string | RegExp
}

/** A signal to a process that the test did not start. */
export interface SignalPattern {
  readonly pid: unknown
  readonly signal?: unknown
  /** Whether it goes to the process's group. */
  readonly group?: boolean
}

/** Facts that an assertion adds to its pattern. */
export interface SubprocessFacts {
  /** The folder it runs in, with `*` and `**`; to be asserted where it is not this process's. */
  readonly cwd?: unknown
  /** The names of the variables that differ from this process's. */
  readonly env?: unknown
  /** All that was written to it: text, or bytes that are none. */
  readonly input?: unknown
  /** The line, where a shell reads one. */
  readonly shell?: unknown
  readonly detached?: unknown
  /** How it ended; nobody has to assert it. */
  readonly exitCode?: unknown
  readonly signal?: unknown
}

/** `tripwire.subprocess`. */
export interface SubprocessFamily extends Family {
  /**
   * Answers the start of a program in sandboxes: nothing is started, and whoever started it sees Node's own child with streams, exit code and
   * signals. Without a reply the program writes nothing and ends with 0.
   *
   * @example tripwire.subprocess.mock(['git', 'pull', '--rebase'], { stdout: 'Already up to date.\n' })
   * @throws SandboxMisuseError for a pattern or a reply that cannot be meant
   */
  mock(pattern: CommandPattern | SubprocessPattern | SignalPattern, reply?: SubprocessReplyInput): MockHandle
  /** Runs the real program; the call has to be asserted like one that was answered. */
  passThrough(pattern: CommandPattern | SubprocessPattern | SignalPattern): MockHandle
  /** @example tripwire.subprocess.assert(['git', 'pull', '--rebase'], { cwd: '/srv/shop' }) */
  assert(pattern: CommandPattern | SubprocessPattern | SignalPattern, facts?: SubprocessFacts): void
  /**
   * Stands for some words of a command, whatever they are.
   *
   * @param count how many: `min` is 0 and `max` infinite unless given
   * @example tripwire.subprocess.mock(['npm', 'install', tripwire.subprocess.any({ min: 1 })])
   */
  any(count?: { readonly min?: number; readonly max?: number }): AnyWords
  /**
   * Stands for a program wherever it lies, as a word or with any arguments.
   *
   * @example tripwire.subprocess.mock([tripwire.subprocess.program('git'), 'status'])
   */
  program(name: string): ProgramWord
  /**
   * A script without steps, for a program that is talked to; each step gives a longer one: `.expectInput(text)`, `.print(text)`,
   * `.printError(text)`, `.expectMessage(message)`, `.send(message)`, `.wait(ms)`, `.exit(code)`, `.kill(signal)`, `.stay()`.
   *
   * @example
   * tripwire.subprocess.mock(['npm', 'init'], tripwire.subprocess.script().print('name? ').expectInput('shop\n').exit(0))
   */
  script(): SubprocessScript
}
