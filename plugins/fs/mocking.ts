/** Mocks and assertions of files: volumes, and what `tripwire.fs` reads and prints. */
import { type FactPatterns, isRegExp, type Layer, type Mocking, RuleSyntaxError } from '../../src/plugin.ts'
import { parseFsRule } from './rule.ts'
import {
  answeredNames,
  hasVolume,
  isVolume,
  newVolume,
  OF_THE_SYSTEM,
  type Volume,
  volumeHere,
  volumeOf,
  volumes,
} from './volumes.ts'

const FORMS = "'write:out/**', 'read:fixtures/*.json', a RegExp for the path, or { path, operation, function }"
const VOLUME = "tripwire.fs.volume({ 'a.txt': 'text' })"
const KEYS = ['path', 'operation', 'function']

export const mocking: Mocking = {
  example: '',
  suggest: suggestion,
  forwards: true,
  readPattern,
  readReply() {
    throw new RuleSyntaxError('files are answered by a volume, which holds what was written for who reads it', VOLUME)
  },
  controlled: () => ['path', 'operation'],
  print: ({ operation, facts }) => ({
    pattern: quote(`${operation.slice('fs:'.length)}:${facts.path}`),
    names: ['path', 'operation'],
  }),
  box: (interactions) => volumes().viewOf(() => volumeOf(interactions())),
  extend: (register, print, asserting) => ({
    volume(contents?: unknown, options?: unknown) {
      if (hasVolume())
        throw new RuleSyntaxError(
          'there is a volume in this scope already, and the first would answer everything',
          'one volume with all files, or a second in a sandbox',
        )
      const volume = newVolume(contents, options)
      const handle = register(
        { function: answeredNames(), path: (path: string) => !OF_THE_SYSTEM.test(path) },
        volume,
        print('tripwire.fs.volume', contents === undefined ? [] : [contents]),
      )
      handle.always()
      return { ...volumes().viewOf(() => volume), optional: () => void handle.optional() }
    },
    fail: (pattern: unknown, error: unknown, options?: unknown) => {
      const { faults, at } = needVolume()
      faults.fail(at, pattern, error, options)
    },
    slow(pattern: unknown, ms: unknown) {
      const { faults, at } = needVolume()
      faults.slow(at, pattern, ms)
    },
    short(pattern: unknown, bytes: unknown) {
      const { faults, at } = needVolume()
      faults.short(at, pattern, bytes)
    },
    assert(given: unknown, facts?: Readonly<Record<string, unknown>>) {
      if (typeof given === 'string' || isRegExp(given)) {
        asserting.next(given, facts)
        return
      }
      asserting.outside('tripwire.fs.assert')
      const here = volumeHere()
      const answered = asserting.interactions.map(answerOf).filter(isVolume)
      const all = [...new Set([...(here ? [here] : []), ...answered])]
      if (all.length === 0) throw new RuleSyntaxError('there is no volume here', VOLUME)
      const misfits = volumes().assertState(all, given)
      if (misfits.length > 0) throw asserting.differs(print('tripwire.fs.assert', [given]), misfits)
    },
  }),
}

function needVolume(): Volume {
  const volume = volumeHere()
  if (volume === undefined) throw new RuleSyntaxError('there is no volume here, and nothing else fails at will', VOLUME)
  return volume
}

/** Undefined for what no volume answers: what Node does natively, and what is the system's. */
function suggestion({ operation, facts }: Layer): string | undefined {
  if (facts.driver !== undefined || !answeredNames().test(String(facts.function))) return undefined
  if (OF_THE_SYSTEM.test(String(facts.path))) return undefined
  if (operation === 'fs:write') return 'tripwire.fs.volume() // every write lands in memory, and nothing on the disk'
  return `tripwire.fs.volume({ ${quote(String(facts.path))}: '…' })`
}

function quote(path: string): string {
  return /['\\]/.test(path) ? JSON.stringify(path) : `'${path}'`
}

function answerOf(interaction: object): unknown {
  return (interaction as { mock?: { answer: unknown } }).mock?.answer
}

function readPattern(pattern: unknown): FactPatterns {
  if (typeof pattern === 'string') return parseFsRule(pattern.replace(/^fs:/, ''), { dir: undefined }) as FactPatterns
  if (isRegExp(pattern)) return { path: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no pattern', FORMS)
  const unknown = Object.keys(pattern).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a call on files has no '${unknown}' to choose it by`, FORMS)
  return pattern as FactPatterns
}
