/**
 * Values as code that can be pasted: what is printed stands for an equal value. Half a text would paste to a failing assertion, so texts are
 * whole up to what somebody may still read; beyond that a matcher stands for them.
 */

import { SafeSet } from '../core/collections.ts'
import { isAsymmetric } from '../core/equal.ts'
import { isA, isError, isRegExp } from '../core/kinds.ts'
import type { RedactPatterns } from './redact.ts'
import { isSecretName, redactText } from './redact.ts'

const WIDTH = 100
/** How many characters of a text, or bytes, are printed; of what is longer only how it begins. */
const LONGEST = 5_000
const BEGINNING = 80
/** The method of a value that says how it is written: what plugins give out for patterns. */
export const CODE = Symbol.for('vitest-tripwire.code')
/** What stands for a value that nobody should read: it fits, and says nothing. */
const HIDDEN = 'expect.any(String)'

/** Whether what was printed stands for a secret. */
export function isHidden(code: string): boolean {
  return code === HIDDEN
}

/** A value as code, on one line where it is short. @param indent columns that a broken value's lines stand in from the left */
export function printValue(value: unknown, redact: RedactPatterns = [], indent = 0): string {
  const flat = print(value, redact, '', new SafeSet())
  if (flat.length + indent <= WIDTH || !isContainer(value)) return flat
  return print(value, redact, ' '.repeat(indent), new SafeSet())
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** @param pad the indentation of a value that is broken into lines; empty for one line */
function print(value: unknown, redact: RedactPatterns, pad: string, inside: Set<object>, name = ''): string {
  if (typeof value === 'string') return hides(name, value, redact) ? HIDDEN : printWhole(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return value.name ? value.name : '() => …'
  if (!isContainer(value)) return Object.is(value, -0) ? '-0' : String(value)
  if (inside.has(value)) return 'expect.anything()'
  inside.add(value)
  const text = printObject(value, redact, pad, inside)
  inside.delete(value)
  return text
}

function printObject(value: object, redact: RedactPatterns, pad: string, inside: Set<object>): string {
  const own = (value as Record<symbol, unknown>)[CODE]
  if (typeof own === 'function') return String(own.call(value, (part: unknown) => print(part, redact, pad, inside)))
  const known = printKnown(value, redact)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    return wrap(
      '[',
      value.map((part) => print(part, redact, deeper(pad), inside)),
      ']',
      pad,
    )
  }
  if (isA(value, 'Set')) return `new Set(${print([...value], redact, pad, inside)})`
  if (isA(value, 'Map') || isA(value, 'Headers')) {
    // A secret is known by the name that it stands under.
    const pairs = [...value].map(([name, part]) => {
      const key = print(name, redact, deeper(pad), inside)
      return `[${key}, ${print(part, redact, deeper(pad), inside, String(name))}]`
    })
    return `new ${isA(value, 'Map') ? 'Map' : 'Headers'}(${wrap('[', pairs, ']', pad)})`
  }
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${printKey(key)}: ${print(part, redact, deeper(pad), inside, key)}`)
  return parts.length === 0 ? '{}' : wrap('{ ', parts, ' }', pad)
}

function printKnown(value: object, redact: RedactPatterns): string | undefined {
  if (isA(value, 'Date')) return `new Date('${Number.isNaN(value.getTime()) ? value : value.toISOString()}')`
  if (isA(value, 'URL')) return printMade('URL', value, redact)
  if (isA(value, 'URLSearchParams')) return printMade('URLSearchParams', value, redact)
  if (isRegExp(value)) return String(value)
  if (ArrayBuffer.isView(value)) return printBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (isA(value, 'ArrayBuffer')) return printBytes(new Uint8Array(value))
  if (isError(value)) return `new ${value.name}(${printText(value.message)})`
  return isAsymmetric(value) ? printAsymmetric(value) : undefined
}

/** A value that is made of text, unless there is a secret in it. */
function printMade(name: string, value: object, redact: RedactPatterns): string {
  const text = String(value)
  return hides('', text, redact) ? `expect.any(${name})` : `new ${name}(${printText(text)})`
}

/** Matchers with something inside, which they keep as `sample` (Vitest 4 and 5). */
const SAMPLED = [
  'objectContaining',
  'arrayContaining',
  'stringContaining',
  'stringMatching',
  'closeTo',
  'schemaMatching',
]

function printAsymmetric(value: object): string {
  const { sample, inverse } = value as { readonly sample?: unknown; readonly inverse?: boolean }
  const name = lower(value.constructor.name)
  const expect = inverse ? 'expect.not' : 'expect'
  if (name === 'any') return `${expect}.any(${(sample as { name?: string } | undefined)?.name ?? 'Object'})`
  return SAMPLED.includes(name) ? `${expect}.${name}(${printValue(sample)})` : `${expect}.anything()`
}

function printBytes(bytes: Uint8Array): string {
  if (bytes.byteLength > LONGEST) return 'expect.any(Uint8Array)'
  return `Buffer.from('${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}', 'base64')`
}

function wrap(open: string, parts: readonly string[], close: string, pad: string): string {
  const flat = `${open}${parts.join(', ')}${close}`
  if (pad === '' || flat.length + pad.length <= WIDTH) return flat
  const inner = deeper(pad)
  return `${open.trim()}\n${parts.map((part) => `${inner}${part},`).join('\n')}\n${pad}${close.trim()}`
}

function deeper(pad: string): string {
  return pad === '' ? '' : `${pad}  `
}

function printWhole(text: string): string {
  return isLong(text) ? `expect.stringContaining(${printText(cut(text, 0, BEGINNING))})` : printText(text)
}

/** Whether a text is not printed as it is. */
export function isLong(text: string): boolean {
  return text.length > LONGEST
}

/** A part of a text; no half of a character at its ends, as a source file cannot hold it. */
export function cut(text: string, from: number, to: number): string {
  return text.slice(from, to).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '')
}

function printText(text: string): string {
  if (!/['\\\p{Cc}\u2028\u2029]/u.test(text)) return `'${text}'`
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`)
}

function printKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : printText(key)
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** A value that would be hidden in any message: by its name, or by what is in it. */
function hides(name: string, value: string, redact: RedactPatterns): boolean {
  return isSecretName(name) || redactText(value, redact) !== value
}
