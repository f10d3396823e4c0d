/** Patterns of a command: the program and its arguments, word by word. */
import { basename } from 'node:path'
import { isRegExp, RuleSyntaxError } from '../../src/plugin.ts'
import { simpleCommand } from './command.ts'

/** How a value prints itself as code; see `src/errors/code.ts`. */
const CODE = Symbol.for('vitest-tripwire.code')
const EXPECTED =
  "['git', 'pull', '--rebase'] or 'git pull --rebase', with texts, RegExps, functions, any() and program(name) as words"

/** Stands for some words, whatever they are. */
export class AnyWords {
  readonly min: number
  readonly max: number

  constructor({ min = 0, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number } = {}) {
    if (!(min >= 0 && max >= min))
      throw new RuleSyntaxError(`min is ${min} and max ${max}`, 'min from 0, and max from min')
    this.min = min
    this.max = max
  }

  [CODE](): string {
    const parts = [this.min > 0 && `min: ${this.min}`, this.max < Number.POSITIVE_INFINITY && `max: ${this.max}`]
    const given = parts.filter(Boolean).join(', ')
    return `tripwire.subprocess.any(${given && `{ ${given} }`})`
  }
}

/** Stands for a program, wherever it lies. */
export class ProgramWord {
  readonly name: string

  constructor(name: string) {
    this.name = bare(name)
  }

  fits(word: string): boolean {
    return bare(word) === this.name
  }

  [CODE](): string {
    return `tripwire.subprocess.program(${JSON.stringify(this.name).replaceAll('"', "'")})`
  }
}

/** Whether a pattern is one word of ours, and no list of facts. */
export function isOneWord(pattern: unknown): boolean {
  return pattern instanceof AnyWords || pattern instanceof ProgramWord
}

interface Asymmetric {
  asymmetricMatch(word: unknown): unknown
}

/** One word of a pattern. */
export type Word = string | RegExp | ((word: string) => unknown) | AnyWords | ProgramWord | Asymmetric

/** A pattern that is more than its words: compared as one of Vitest's matchers is. */
class Words {
  readonly words: readonly Word[]

  constructor(words: readonly Word[]) {
    this.words = words
  }

  asymmetricMatch(command: unknown): boolean {
    return Array.isArray(command) && fitFrom(this.words, 0, command, 0)
  }

  [CODE](print: (value: unknown) => string): string {
    return print(this.words)
  }
}

/** A RegExp for the whole command, its words with blanks between them; a shell's line as it is written. */
class Line {
  readonly pattern: RegExp

  constructor({ source, flags }: RegExp) {
    this.pattern = new RegExp(source, flags.replace(/[gy]/g, ''))
  }

  asymmetricMatch(command: unknown): boolean {
    if (!Array.isArray(command)) return false
    const [shell, option, line] = command
    return this.pattern.test(shell === 'sh' && option === '-c' && command.length === 3 ? line : command.join(' '))
  }

  [CODE](): string {
    return String(this.pattern)
  }
}

/** Says nothing: an assertion of it alone is refused by its name, as one of `expect.anything()` is. */
class Anything {
  asymmetricMatch(): boolean {
    return true
  }

  [CODE](): string {
    return 'tripwire.subprocess.any()'
  }
}

/** A shell's line that is more than one simple command, as the words that start the shell. */
function shellWords(line: string): readonly string[] {
  return ['sh', '-c', line]
}

/** What the fact `command` is compared with. @throws RuleSyntaxError */
export function readCommand(pattern: unknown): unknown {
  if (typeof pattern === 'string') {
    if (pattern.trim() === '') throw new RuleSyntaxError('the command is empty', EXPECTED)
    return simpleCommand(pattern) ?? shellWords(pattern)
  }
  if (isRegExp(pattern)) return new Line(pattern)
  if (typeof pattern === 'function') return pattern
  if (pattern instanceof ProgramWord) return new Words([pattern, new AnyWords()])
  if (pattern instanceof AnyWords) return readWords([pattern])
  if (Array.isArray(pattern)) return readWords(pattern)
  if (isAsymmetric(pattern)) return pattern
  throw new RuleSyntaxError('it is no command', EXPECTED)
}

function readWords(words: readonly unknown[]): unknown {
  if (words.length === 0) throw new RuleSyntaxError('the command is empty', EXPECTED)
  const wrong = words.find((word) => !isWord(word))
  if (wrong !== undefined) throw new RuleSyntaxError(`${String(wrong)} is no word of a command`, EXPECTED)
  if (words.every((word) => typeof word === 'string')) return words
  const saysNothing = words.every((word) => word instanceof AnyWords && word.max === Number.POSITIVE_INFINITY)
  return saysNothing && words.every((word) => (word as AnyWords).min <= 1) ? new Anything() : new Words(words as Word[])
}

function isWord(word: unknown): word is Word {
  if (typeof word === 'string' || typeof word === 'function' || isRegExp(word) || isAsymmetric(word)) return true
  return word instanceof AnyWords || word instanceof ProgramWord
}

function fitFrom(words: readonly Word[], at: number, command: readonly unknown[], from: number): boolean {
  const word = words[at]
  if (word === undefined) return from === command.length
  if (!(word instanceof AnyWords))
    return from < command.length && fits(word, String(command[from])) && fitFrom(words, at + 1, command, from + 1)
  const most = Math.min(word.max, command.length - from)
  for (let taken = word.min; taken <= most; taken++) if (fitFrom(words, at + 1, command, from + taken)) return true
  return false
}

function fits(word: Exclude<Word, AnyWords>, text: string): boolean {
  if (typeof word === 'string') return word === text
  if (word instanceof ProgramWord) return word.fits(text)
  if (isRegExp(word)) return new RegExp(word.source, word.flags.replace(/[gy]/g, '')).test(text)
  return Boolean(typeof word === 'function' ? word(text) : word.asymmetricMatch(text))
}

function bare(name: string): string {
  return basename(name.replaceAll('\\', '/')).replace(/\.(?:exe|cmd|bat|com)$/i, '')
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return typeof (value as Partial<Asymmetric> | null | undefined)?.asymmetricMatch === 'function'
}
