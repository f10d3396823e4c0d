import { isA, isError, isRegExp, tagOf } from './kinds.ts'

/**
 * Whether a value is as expected: deep equality that asks Vitest's asymmetric matchers wherever they stand, and takes a key that is
 * `undefined` for one that is not there. Bytes compare as bytes, whatever view they come in.
 */
export function fits(expected: unknown, actual: unknown): boolean {
  return equal(expected, actual, [])
}

/** A value that compares by a method of its own: `expect.any(String)`, `expect.objectContaining(…)`. */
export function isAsymmetric(value: unknown): value is { asymmetricMatch(value: unknown): boolean } {
  return typeof (value as { asymmetricMatch?: unknown } | null | undefined)?.asymmetricMatch === 'function'
}

/** Pairs that are being compared further out, for values that hold themselves. */
type Outer = readonly (readonly [unknown, unknown])[]

function equal(expected: unknown, actual: unknown, outer: Outer): boolean {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual) === true
  if (Object.is(expected, actual)) return true
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null) return false
  if (outer.some(([a, b]) => a === expected && b === actual)) return true
  const inner: Outer = [...outer, [expected, actual]]
  const bytes = bytesOf(expected)
  if (bytes !== undefined) return sameBytes(bytes, bytesOf(actual))
  if (tagOf(expected) !== tagOf(actual)) return false
  if (isA(expected, 'Date')) return Object.is(expected.getTime(), (actual as Date).getTime())
  if (isRegExp(expected)) return String(expected) === String(actual)
  if (isError(expected)) return sameError(expected, actual as Error)
  if (isA(expected, 'Map')) return equal([...expected], [...(actual as Map<unknown, unknown>)], inner)
  if (isA(expected, 'Set')) return equal([...expected], [...(actual as Set<unknown>)], inner)
  if (Array.isArray(expected)) {
    const other = actual as readonly unknown[]
    return expected.length === other.length && expected.every((part, at) => equal(part, other[at], inner))
  }
  return sameKeys(expected as Fields, actual as Fields, inner)
}

type Fields = Readonly<Record<string, unknown>>

function sameKeys(expected: Fields, actual: Fields, outer: Outer): boolean {
  for (const key of Object.keys(expected)) if (!equal(expected[key], actual[key], outer)) return false
  return Object.keys(actual).every((key) => actual[key] === undefined || key in expected)
}

function sameError(expected: Error, actual: Error): boolean {
  return expected.name === actual.name && expected.message === actual.message
}

function bytesOf(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return isA(value, 'ArrayBuffer') ? new Uint8Array(value) : undefined
}

function sameBytes(expected: Uint8Array, actual: Uint8Array | undefined): boolean {
  return (
    actual !== undefined && expected.length === actual.length && expected.every((byte, index) => byte === actual[index])
  )
}
