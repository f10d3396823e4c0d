/** What a value is, whatever realm it is of: in Vitest's vm pools `instanceof` knows no error, date or pattern of a test for one. */

// Captured at load: tests replace it.
const { toString: tag } = Object.prototype
const { apply } = Reflect

interface Kinds {
  ArrayBuffer: ArrayBuffer
  Blob: Blob
  Date: Date
  File: Blob
  Headers: Headers
  Map: Map<unknown, unknown>
  Promise: Promise<unknown>
  RegExp: RegExp
  Response: Response
  Set: Set<unknown>
  URL: URL
  URLSearchParams: URLSearchParams
}

/** By its tag, as each realm has it. */
export function isA<K extends keyof Kinds>(value: unknown, kind: K): value is Kinds[K] {
  return tagOf(value) === `[object ${kind}]`
}

export function isRegExp(value: unknown): value is RegExp {
  return isA(value, 'RegExp')
}

/** Those of the web (`DOMException`) have tags of their own. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || tagOf(value) === '[object Error]'
}

export function tagOf(value: unknown): string {
  return apply(tag, value, []) as string
}
