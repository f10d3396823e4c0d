/** What differs from one attempt of a test to the next (ports, ids, dates): an assertion of it holds for a matcher, and for no value. */
import { fits } from '../core/equal.ts'
import { tagOf } from '../core/kinds.ts'
import { CODE } from './code.ts'

/** A value with matchers for its parts that were otherwise in another attempt, to be printed. */
export function varied(now: unknown, before: unknown): unknown {
  if (fits(before, now) || now === undefined) return now
  if (Array.isArray(now) && Array.isArray(before) && now.length === before.length)
    return now.map((part, at) => varied(part, before[at]))
  if (isRecord(now) && isRecord(before) && sameKeys(now, before))
    return Object.fromEntries(Object.entries(now).map(([key, part]) => [key, varied(part, before[key])]))
  return matcherFor(now)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return tagOf(value) === '[object Object]' && !saysItsCode(value)
}

/** What is written as something else than its keys is varied as a whole. */
function saysItsCode(value: unknown): boolean {
  return typeof (value as Record<symbol, unknown> | undefined)?.[CODE] === 'function'
}

function sameKeys(one: object, other: object): boolean {
  const keys = Object.keys(other)
  return Object.keys(one).length === keys.length && keys.every((key) => Object.hasOwn(one, key))
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'String',
  number: 'Number',
  boolean: 'Boolean',
  bigint: 'BigInt',
}

function matcherFor(value: unknown): object {
  const name =
    typeof value === 'object' && value !== null ? tagOf(value).slice('[object '.length, -1) : NAMES[typeof value]
  const code = name === undefined || value === null || saysItsCode(value) ? 'expect.anything()' : `expect.any(${name})`
  return { [CODE]: () => code }
}

/** An address in quotes, as it is in both: `*` stands for a segment of its path, or for its port. Undefined where they are two places. */
export function variedAddress(now: string, before: string): string | undefined {
  if (!isQuoted(now) || !isQuoted(before)) return undefined
  const [parts, others] = [now.split('/'), before.split('/')]
  if (parts.length !== others.length || parts.length < 3) return undefined
  const merged = parts.map((part, at) => {
    if (part === others[at]) return part
    const isLast = at === parts.length - 1
    const end = isLast ? "'" : ''
    if (at > 2) return `*${end}`
    if (at < 2 || hostOf(part) !== hostOf(others[at] as string)) return undefined
    return `${hostOf(part)}:*${end}`
  })
  return merged.includes(undefined) ? undefined : merged.join('/')
}

function isQuoted(text: string): boolean {
  return /^'[^']*'$/.test(text)
}

function hostOf(authority: string): string {
  return authority.replace(/:\d+'?$/, '')
}
