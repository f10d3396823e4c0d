/** Mocks and assertions of files: volumes, and what `tripwire.fs` reads and prints. */
import {
  type FactPatterns,
  type Facts,
  isRegExp,
  type Layer,
  type Mocking,
  pathBelow,
  RuleSyntaxError,
  suggest,
} from '../../src/plugin.ts'
import { changeOf } from './names.ts'
import { HOME } from './originals.ts'
import { resolveLinks } from './roots.ts'
import { anchored, parseFsRule } from './rule.ts'
import { CHANGES } from './table.ts'
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

const FORMS =
  "'write:out/**', 'rename:out.tmp', 'read:fixtures/*.json', a RegExp for the path, or { path, operation, change, function }"
const VOLUME = "tripwire.fs.volume({ 'a.txt': 'text' })"
const KEYS = ['path', 'operation', 'change', 'function']
const CHANGE_WORDS = [...new Set(Object.values(CHANGES))]

const made: Mocking = {
  example: '',
  suggest: suggestion,
  forwards: true,
  readPattern,
  readReply() {
    throw new RuleSyntaxError('files are answered by a volume, which holds what was written for who reads it', VOLUME)
  },
  derive: ({ operation, facts }) =>
    operation === 'fs:write' ? { ...facts, change: changeOf(String(facts.function)) } : facts,
  controlled,
  print,
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
        namesStartAt = volumeOfOperations(asserting.interactions)?.at
        try {
          asserting.next(given, facts)
        } finally {
          namesStartAt = undefined
        }
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

/** Asked for by the first mock or assertion: files without any need none of it. */
export function mocking(): Mocking {
  return made
}

/** Where relative paths of the assertion start that is read at the moment; where those of rules do if undefined. */
let namesStartAt: string | undefined

function volumeOfOperations(interactions: readonly object[]): Volume | undefined {
  const volume = volumeHere() ?? interactions.map(answerOf).findLast(isVolume)
  return volume?.ledger === 'operations' ? volume : undefined
}

/** What a call on a volume did, beside its path, where each is asserted. */
const LEFT = ['error', 'to', 'mode', 'content']

function controlled(facts: Facts, answer?: unknown): readonly string[] {
  const names = ['path', 'operation']
  if (!isVolume(answer) || answer.ledger !== 'operations') return names
  const left = LEFT.find((name) => name in facts)
  return [...names, ...(facts.change === 'write' ? [] : ['change']), ...(left === undefined ? [] : [left])]
}

function print({ operation, facts }: Layer, answer?: unknown): { pattern: string; names: string[] } {
  const path = String(facts.path)
  const below = pathBelow(resolveLinks(isVolume(answer) ? answer.at : HOME), path)
  const near = below?.startsWith('~') ? `./${below}` : below
  const { change = 'write' } = facts
  const isNamed = operation === 'fs:write' && change !== 'write'
  const word = isNamed ? change : operation.slice('fs:'.length)
  return { pattern: quote(`${word}:${near || path}`), names: ['path', 'operation', ...(isNamed ? ['change'] : [])] }
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
  if (typeof pattern === 'string') return readText(pattern.replace(/^fs:/, ''))
  if (isRegExp(pattern)) return { path: pattern }
  if (typeof pattern !== 'object' || pattern === null) throw new RuleSyntaxError('it is no pattern', FORMS)
  const unknown = Object.keys(pattern).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`a call on files has no '${unknown}' to choose it by`, FORMS)
  return pattern as FactPatterns
}

function readText(text: string): FactPatterns {
  const [, word = '', path] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (!CHANGE_WORDS.includes(word)) {
    if (!/^(?:probe|read|write)$/.test(word))
      throw new RuleSyntaxError(`'${word}' is nothing that is done to files`, FORMS, nearWords(word, path))
    return parseFsRule(text, { dir: namesStartAt }) as FactPatterns
  }
  if (path === '') throw new RuleSyntaxError('the path is missing', FORMS)
  // Links themselves are moved and removed, not what they lead to.
  const meant = path === undefined ? {} : { path: anchored(path, namesStartAt, 'entry') }
  return { operation: 'write', change: word, ...meant }
}

function nearWords(word: string, path = '…'): string[] {
  return suggest(word, ['probe', 'read', 'write', ...CHANGE_WORDS]).map((near) => `'${near}:${path}'`)
}
