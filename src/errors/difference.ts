import { fits } from '../core/equal.ts'
import { tagOf } from '../core/kinds.ts'

type Fields = Readonly<Record<string, unknown>>

/** What differs between two values, without the keys that fit: at whatever depth, as long as both are plain objects. */
export interface Difference {
  readonly expected: unknown
  readonly actual: unknown
  /** How many keys were left out. */
  readonly same: number
}

export function differenceOf(expected: unknown, actual: unknown): Difference {
  if (!isRecord(expected) || !isRecord(actual)) return { expected, actual, same: 0 }
  const wanted: Record<string, unknown> = {}
  const present: Record<string, unknown> = {}
  let same = 0
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (fits(expected[key], actual[key])) {
      same++
      continue
    }
    const part = differenceOf(expected[key], actual[key])
    same += part.same
    wanted[key] = part.expected
    present[key] = part.actual
  }
  return { expected: wanted, actual: present, same }
}

function isRecord(value: unknown): value is Fields {
  return (
    tagOf(value) === '[object Object]' &&
    typeof (value as Partial<{ asymmetricMatch: unknown }>).asymmetricMatch !== 'function'
  )
}
