import { fits } from '../core/equal.ts'
import { tagOf } from '../core/kinds.ts'
import { CODE, cut, isHidden, isLong } from './code.ts'

type Fields = Readonly<Record<string, unknown>>

/** What differs between two values, without the keys that fit: at whatever depth, as long as both are plain objects. */
export interface Difference {
  readonly expected: unknown
  readonly actual: unknown
  /** How many keys were left out. */
  readonly same: number
}

export function differenceOf(expected: unknown, actual: unknown): Difference {
  if (typeof expected === 'string' && typeof actual === 'string') return differenceOfTexts(expected, actual)
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

/** Characters that are shown of a long text before and after where another begins to differ. */
const AROUND = 40

/** Of long texts the part around where they part ways: each begins like the other, so the beginnings would say nothing. */
function differenceOfTexts(expected: string, actual: string): Difference {
  if (!isLong(expected) && !isLong(actual)) return { expected, actual, same: 0 }
  let at = 0
  while (at < expected.length && expected[at] === actual[at]) at++
  return { expected: excerpt(expected, at), actual: excerpt(actual, at), same: 0 }
}

function excerpt(text: string, at: number): object {
  const part = cut(text, Math.max(0, at - AROUND), at + AROUND)
  const place = `${text.length} characters, here from ${Math.max(0, at - AROUND)}`
  // Whether there is a secret in it is asked of the whole: what says so may stand before the part.
  return {
    [CODE]: (print: (value: unknown) => string) => (isHidden(print(text)) ? print(text) : `${print(part)} (${place})`),
  }
}

function isRecord(value: unknown): value is Fields {
  return (
    tagOf(value) === '[object Object]' &&
    typeof (value as Partial<{ asymmetricMatch: unknown }>).asymmetricMatch !== 'function'
  )
}
