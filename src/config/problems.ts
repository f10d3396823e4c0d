import { isRegExp } from '../core/kinds.ts'
import { isMatcher, printMatcher, specOf } from '../core/matcher.ts'
import { shorten } from '../core/shorten.ts'
import { didYouMean } from '../core/suggest.ts'
import { ConfigError } from '../errors/classes.ts'

/** One thing that is wrong with a config. */
export interface Problem {
  /** `files["test/**"].guard.http`; empty for the whole. */
  readonly path: string
  readonly text: string
}

/** Collects everything that is wrong, so that a user mends it in one go. */
export class Problems {
  readonly list: Problem[] = []

  /** @param near spellings that come near: the sentence ends with them, or with a period */
  add(path: string, value: unknown, why: string, expected: string, near: readonly string[] = []): void {
    const got = path === '' ? '' : ` (got ${print(value)})`
    this.list.push({ path, text: `${why}${got}: expected ${expected}${didYouMean([...new Set(near)])}` })
  }

  /** @throws ConfigError naming the place and every problem, if there is any */
  throwIfAny(place: string): void {
    if (this.list.length === 0) return
    const count = this.list.length === 1 ? 'a problem' : `${this.list.length} problems`
    const lines = this.list.map(({ path, text }) => `  ${path === '' ? '' : `${path}: `}${text}`)
    const error = new ConfigError([`${place} has ${count}.`, '', ...lines].join('\n'))
    // For who asks for it: whoever prints an error with all that it has would say everything twice.
    throw Object.defineProperty(error, 'problems', { value: this.list })
  }
}

/** A value as somebody would write it, short; never throws, whatever somebody wrote. */
export function print(value: unknown): string {
  return shorten(written(value))
}

function written(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null || isRegExp(value)) return String(value)
  if (isMatcher(value)) return printMatcher(specOf(value))
  try {
    return JSON.stringify(value) ?? 'an object'
  } catch {
    return 'an object'
  }
}

/** A key path with one more key, as code would write it. */
export function join(path: string, key: string): string {
  if (!/^[\w$]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}
