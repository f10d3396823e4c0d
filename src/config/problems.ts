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
    this.list.push({ path, text: `${why}${got}: expected ${expected}${didYouMean(near)}` })
  }

  /** @throws ConfigError naming the place and every problem, if there is any */
  throwIfAny(place: string): void {
    if (this.list.length === 0) return
    const count = this.list.length === 1 ? 'a problem' : `${this.list.length} problems`
    const lines = this.list.map(({ path, text }) => `  ${path === '' ? '' : `${path}: `}${text}`)
    throw new ConfigError([`${place} has ${count}.`, '', ...lines].join('\n'), { problems: this.list })
  }
}

/** A value as somebody would write it, short. */
export function print(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return `'${value}'`
  const text = typeof value === 'object' ? (JSON.stringify(value) ?? String(value)) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
