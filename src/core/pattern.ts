import type { FactKind } from '../plugin.ts'
import { compileCidr } from './cidr.ts'
import { fits } from './equal.ts'
import { compileHostGlob, compilePathGlob, matchWord } from './glob.ts'
import { isRegExp } from './kinds.ts'
import { isLoopbackHost, normaliseHost, normalisePath } from './normalise.ts'

// Captured at load: tests replace them.
const { isArray } = Array
const { isInteger } = Number

export type Test = (value: unknown) => boolean

/** A pattern that cannot be meant: what was expected of it. */
export class PatternError extends Error {
  override name = 'PatternError'
  readonly expected: string
  constructor(expected: string) {
    super(`expected ${expected}`)
    this.expected = expected
  }
}

/**
 * Compiles a pattern for a fact: a string is read by the fact's kind, a RegExp is tried on the text, an array means any of,
 * a function is asked, a Vitest asymmetric matcher compares. @throws PatternError
 */
export function compilePattern(kind: FactKind, pattern: unknown): Test {
  if (kind === 'data' && typeof pattern !== 'function' && !isRegExp(pattern)) return compileData(pattern)
  if (isArray(pattern)) return compileAny(kind, pattern)
  if (isRegExp(pattern)) return compileRegExp(pattern)
  if (typeof pattern === 'function') return (value) => Boolean((pattern as (value: unknown) => unknown)(value))
  if (isAsymmetric(pattern)) {
    const own = fixedCopy(pattern)
    return (value) => own.asymmetricMatch(value) === true
  }
  const compile = KINDS[kind]
  if (compile === undefined) throw new PatternError(`a pattern of a known kind, not ${kind}`)
  return compile(pattern)
}

interface Asymmetric {
  asymmetricMatch(value: unknown): unknown
}

function isAsymmetric(pattern: unknown): pattern is Asymmetric {
  return typeof (pattern as Partial<Asymmetric> | null)?.asymmetricMatch === 'function'
}

/** The rule stays what it is when somebody changes the object that it was made of. */
function fixedCopy<T extends object>(pattern: T): T {
  return Object.freeze(Object.create(Object.getPrototypeOf(pattern), Object.getOwnPropertyDescriptors(pattern)))
}

function compileAny(kind: FactKind, patterns: readonly unknown[]): Test {
  if (patterns.length === 0) throw new PatternError('at least one value')
  const tests = patterns.map((pattern) => compilePattern(kind, pattern))
  return (value) => tests.some((test) => test(value))
}

function compileRegExp({ source, flags }: RegExp): Test {
  const pattern = new RegExp(source, flags.replace(/[gy]/g, ''))
  return (value) => value !== undefined && value !== null && pattern.test(String(value))
}

const HOSTS = "a host, a glob ('*.example.com') or a CIDR block ('10.0.0.0/8')"
/** No name has an empty part between its dots, so it would fit nothing. */
const EMPTY_LABEL = /^\.|\.\.+[^.]/

function compileHost(pattern: unknown): Test {
  const text = needText(pattern, HOSTS)
  const inBlock = compileCidr(text)
  if (inBlock !== undefined) return (value) => typeof value === 'string' && inBlock(normaliseHost(value))
  if (text.includes('/') || EMPTY_LABEL.test(text)) throw new PatternError(HOSTS)
  if (!text.includes('*') && isLoopbackHost(text)) return (value) => typeof value === 'string' && isLoopbackHost(value)
  const test = compileHostGlob(text.includes('*') ? text.trim().toLowerCase().replace(/\.$/, '') : normaliseHost(text))
  return (value) => typeof value === 'string' && test(normaliseHost(value))
}

function compilePort(pattern: unknown): Test {
  if (pattern === '*') return (value) => value !== undefined
  const port = typeof pattern === 'string' && /^\d{1,5}$/.test(pattern) ? Number(pattern) : pattern
  if (typeof port !== 'number' || !isInteger(port) || port < 0 || port > 65_535) {
    throw new PatternError("a port from 0 to 65535, or '*'")
  }
  return (value) => Number(value) === port
}

function compileWord(pattern: unknown): Test {
  if (typeof pattern === 'number' || typeof pattern === 'boolean') return (value) => value === pattern
  const text = needText(pattern, 'a word, with * for anything')
  if (!text.includes('*')) return (value) => value === text
  return (value) => typeof value === 'string' && matchWord(text, value)
}

function compileName(pattern: unknown): Test {
  const text = needText(pattern, 'a name, with * for anything').toLowerCase()
  return (value) => typeof value === 'string' && matchWord(text, value.toLowerCase())
}

function compilePath(pattern: unknown): Test {
  const text = needText(pattern, "a path that starts with '/'")
  if (!text.startsWith('/')) throw new PatternError("a path that starts with '/'")
  const test = compilePathGlob(normalisePath(text))
  return (value) => typeof value === 'string' && test(normalisePath(value))
}

function compileFile(pattern: unknown): Test {
  const test = compilePathGlob(needText(pattern, 'a file path, with * and **'))
  return (value) => typeof value === 'string' && test(value)
}

function compileText(pattern: unknown): Test {
  if (typeof pattern === 'object' && pattern !== null) throw new PatternError('text')
  return (value) => value === pattern
}

/** Every word of the pattern, in its place; a string stands for a list of one. */
function compileList(pattern: unknown): Test {
  const first = compileWord(pattern)
  return (value) => isArray(value) && value.length === 1 && first(value[0])
}

function compileData(pattern: unknown): Test {
  return (value) => fits(pattern, value)
}

/** Those that are named; a fact's names are in lower case. */
function compileHeaders(pattern: unknown): Test {
  if (typeof pattern !== 'object' || pattern === null) throw new PatternError('headers by name')
  const wanted = Object.entries(pattern).map(([name, expected]) => [name.toLowerCase(), expected] as const)
  return (value) => {
    const headers = (value ?? {}) as Readonly<Record<string, unknown>>
    return wanted.every(([name, expected]) => headerFits(expected, headers[name]))
  }
}

function headerFits(expected: unknown, value: unknown): boolean {
  if (isRegExp(expected)) return value !== undefined && compileRegExp(expected)(value)
  return fits(typeof expected === 'number' ? String(expected) : expected, value)
}

const KINDS: Readonly<Record<FactKind, (pattern: unknown) => Test>> = {
  host: compileHost,
  port: compilePort,
  path: compilePath,
  file: compileFile,
  word: compileWord,
  name: compileName,
  text: compileText,
  list: compileList,
  data: compileData,
  headers: compileHeaders,
}

function needText(pattern: unknown, expected: string): string {
  if (typeof pattern !== 'string' || pattern.trim() === '') throw new PatternError(expected)
  return pattern
}
