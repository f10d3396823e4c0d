/** Mocks and assertions of programs: what `tripwire.subprocess` reads and prints. */
import { type FactPatterns, type Layer, type Mocking, originals, RuleSyntaxError, suggest } from '../../src/plugin.ts'
import { readReply } from './reply.ts'
import { isScript, SubprocessScript } from './script.ts'
import { AnyWords, isOneWord, ProgramWord, readCommand } from './words.ts'

const FORMS =
  "['git', 'pull'], 'git pull', program('git'), a RegExp or function for the command, or { command, cwd, env, input }"
/** Of a program; of a signal. */
const KEYS = ['command', 'program', 'cwd', 'env', 'input', 'shell', 'detached', 'pid', 'signal', 'group']
const { cwd: currentFolder } = originals

const made: Mocking = {
  example: ({ operation }) => (operation === 'subprocess:kill' ? '{}' : "{ stdout: '' }"),
  forwards: true,
  readPattern,
  readReply,
  derive({ operation, facts }) {
    return operation === 'subprocess:spawn' ? { ...facts, input: undefined } : facts
  },
  controlled({ command, cwd, env, input, detached, group }, answer) {
    if (command === undefined) return ['pid', 'signal', ...(group === true ? ['group'] : [])]
    const named: (string | [string, string])[] = [['command', 'program']]
    if (cwd !== currentFolder()) named.push('cwd')
    if (Array.isArray(env) && env.length > 0) named.push('env')
    const expected = isScript(answer) && answer.steps.some(({ kind }) => kind === 'expectInput')
    if (input !== undefined && !expected) named.push('input')
    if (detached === true) named.push('detached')
    return named
  },
  print({ facts }: Layer) {
    const { command, pid, signal, group } = facts
    if (Array.isArray(command))
      return { pattern: `[${command.map((word) => quote(String(word))).join(', ')}]`, names: ['command'] }
    const names = ['pid', 'signal', ...(group === true ? ['group'] : [])]
    return {
      pattern: `{ pid: ${pid}, signal: ${quote(String(signal))}${group === true ? ', group: true' : ''} }`,
      names,
    }
  },
  extend: () => ({
    any: (count?: { min?: number; max?: number }) => new AnyWords(count),
    program: (name: string) => new ProgramWord(name),
    script: () => new SubprocessScript(),
  }),
}

/** Asked for by the first mock or assertion: files without any need none of it. */
export function mocking(): Mocking {
  return made
}

function readPattern(pattern: unknown): FactPatterns {
  if (!isFacts(pattern)) return { command: readCommand(pattern) }
  const unknown = Object.keys(pattern).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a program has no '${unknown}'`, FORMS, suggest(unknown, KEYS))
  if (Object.keys(pattern).length === 0) throw new RuleSyntaxError('the pattern is empty', FORMS)
  const { command, ...rest } = pattern
  return command === undefined ? rest : { command: readCommand(command), ...rest }
}

function isFacts(pattern: unknown): pattern is Readonly<Record<string, unknown>> {
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern)) return false
  const { asymmetricMatch } = pattern as Record<string, unknown>
  return (
    !isOneWord(pattern) &&
    typeof asymmetricMatch !== 'function' &&
    Object.prototype.toString.call(pattern) === '[object Object]'
  )
}

/** A text as code. */
export function quote(text: string): string {
  if (!/['\\\p{Cc}\u2028\u2029]/u.test(text)) return `'${text}'`
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`)
}
