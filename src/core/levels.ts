import { suggest } from './suggest.ts'

/** How strictly a protocol is guarded. */
export type Level = 'off' | 'observe' | 'warn' | 'error'

export const LEVELS: readonly Level[] = ['off', 'observe', 'warn', 'error']

/** Why a value is no level. */
export interface LevelProblem {
  readonly expected: string
  readonly near: readonly string[]
}

const EXPECTED = `one of ${LEVELS.map((level) => `'${level}'`).join(', ')}`

/** Reads a level wherever one may stand: any case, `'strict'` for error, `false` for off. */
export function parseLevel(value: unknown): Level | LevelProblem {
  if (value === false) return 'off'
  if (value === true) return { expected: `${EXPECTED}; true does not say how strict: write 'error'`, near: [] }
  if (typeof value !== 'string') return { expected: EXPECTED, near: [] }
  const word = value.toLowerCase()
  if (word === 'strict') return 'error'
  const level = LEVELS.find((known) => known === word)
  return level ?? { expected: EXPECTED, near: suggest(word, [...LEVELS, 'strict']) }
}
