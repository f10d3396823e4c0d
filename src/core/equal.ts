/**
 * Whether a value is as expected: deep equality that asks Vitest's asymmetric matchers wherever they stand, and takes a key that is
 * `undefined` for one that is not there. Bytes compare as bytes, whatever view they come in; what cannot be looked into is only itself.
 */
import { isA, isError, tagOf } from './kinds.ts'

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
  const tag = tagOf(expected).slice('[object '.length, -1)
  const content = CONTENTS[tag]
  if (content !== undefined) return Object.is(content(expected), content(actual))
  if (isError(expected)) return sameError(expected, actual as Error)
  if (LISTS.includes(tag))
    return sameParts([...(expected as Iterable<unknown>)], [...(actual as Iterable<unknown>)], inner)
  if (tag === 'Map' || tag === 'Set')
    return sameMembers([...(expected as Iterable<unknown>)], [...(actual as Iterable<unknown>)], inner)
  return sameKeys(expected as Fields, actual as Fields, inner, TRANSPARENT.includes(tag))
}

/** Values that are what they say, by their tags. */
const CONTENTS: Readonly<Record<string, ((value: object) => unknown) | undefined>> = {
  Date: (value) => (value as Date).getTime(),
  RegExp: String,
  URL: String,
  URLSearchParams: String,
  Number: (value) => value.valueOf(),
  String: (value) => value.valueOf(),
  Boolean: (value) => value.valueOf(),
  // Their bytes cannot be read at once.
  Blob: (value) => value,
  File: (value) => value,
}
/** What gives its parts one by one, in an order that counts. */
const LISTS: readonly string[] = ['Array', 'Headers', 'FormData']
/** What has nothing but its keys. */
const TRANSPARENT: readonly string[] = ['Object', 'Arguments']

type Fields = Readonly<Record<PropertyKey, unknown>>

function sameParts(expected: readonly unknown[], actual: readonly unknown[], outer: Outer): boolean {
  return expected.length === actual.length && expected.every((part, at) => equal(part, actual[at], outer))
}

/** In whatever order. */
function sameMembers(expected: readonly unknown[], actual: readonly unknown[], outer: Outer): boolean {
  const left = [...actual]
  const isThere = (member: unknown) => {
    const at = left.findIndex((other) => equal(member, other, outer))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  }
  return expected.length === actual.length && expected.every(isThere)
}

/** @param transparent whether there is nothing else to compare; else two without keys are two */
function sameKeys(expected: Fields, actual: Fields, outer: Outer, transparent: boolean): boolean {
  const wanted = keysOf(expected)
  const present = keysOf(actual)
  if (!transparent && wanted.length + present.length === 0) return false
  for (const key of wanted) if (!equal(expected[key], actual[key], outer)) return false
  return present.every((key) => actual[key] === undefined || Object.hasOwn(expected, key))
}

function keysOf(value: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(value)
  return [...Object.keys(value), ...symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key))]
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
