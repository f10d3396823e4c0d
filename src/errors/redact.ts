import { SafeSet } from '../core/collections.ts'
import { isA, isRegExp } from '../core/kinds.ts'

const HIDDEN = '…'
/** In a rule the place of a secret is a wildcard, so that the rule still fits. */
const ANYTHING = '*'

const SECRET_WORDS = new SafeSet(
  'authorization auth password passwd pwd passphrase secret token jwt cookie cookies signature sig credential credentials session sessionid apikey'.split(
    ' ',
  ),
)
/** `api_key`, `access-key-id`, `privateKey`; a bare `key` is a secret in a query only. */
const SECRET_KEY = /(?:^|_)(?:api|access|private|secret|account|subscription|shared)_?key(?:_|$)/

/** What a config's `redact` lists. */
export type RedactPatterns = readonly (string | RegExp)[]

/**
 * Text with its secrets hidden: credentials and secret-looking values in URLs, headers and flags, and what the patterns match.
 *
 * Bodies and files come through here whole. What may begin at any character has a most in its length: without one a long word (base64)
 * is gone through again from each of its characters.
 */
export function redactText(text: string, patterns: RedactPatterns = [], hidden = HIDDEN): string {
  return hidePatterns(
    text
      .replace(/([a-z][a-z0-9+.-]{0,40}:\/\/)[^/?#\s]*@/gi, `$1${hidden}@`)
      .replace(/([?&;#])([^=&#\s;]{1,100})=([^&#\s;'"]*)/g, (whole, mark: string, name: string) =>
        isSecretQuery(name) ? `${mark}${name}=${hidden}` : whole,
      )
      .replace(/(--?)([\w-]{1,100})=(\S+)/g, (whole, dashes: string, name: string) =>
        isSecretName(name) ? `${dashes}${name}=${hidden}` : whole,
      )
      // Sentences speak of "basic authentication" too: what is secret has a digit in it.
      .replace(/\b(Bearer|Basic)\s+(?=[\w.~+/-]*\d)[\w.~+/-]{8,}=*/gi, `$1 ${hidden}`),
    patterns,
    hidden,
  )
}

/** A rule fit for a message: it still matches what it matched. */
export function redactRule(rule: string, patterns: RedactPatterns = []): string {
  return redactText(rule, patterns, ANYTHING)
}

/** The method of a value that says how it is written; see `code.ts`. */
const CODE = Symbol.for('vitest-tripwire.code')

/** Facts fit for a message or a report, as plain data that can be cloned: secret-looking names hidden, text redacted, at every depth. */
export function redactFacts(
  facts: Readonly<Record<string, unknown>>,
  patterns: RedactPatterns = [],
): Record<string, unknown> {
  return redactObject(facts, patterns, new SafeSet())
}

function redactObject(value: object, patterns: RedactPatterns, inside: Set<object>): Record<string, unknown> {
  const entries: [string, unknown][] = []
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined || typeof part === 'function' || typeof part === 'symbol') continue
    entries.push([name, isSecretName(name) ? HIDDEN : redactValue(part, patterns, inside)])
  }
  return Object.fromEntries(entries)
}

function redactValue(value: unknown, patterns: RedactPatterns, inside: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value, patterns)
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (isA(value, 'Date') || isRegExp(value)) return String(value)
  if (ArrayBuffer.isView(value) || isA(value, 'ArrayBuffer')) return `${value.byteLength} bytes`
  const code = (value as Record<symbol, unknown>)[CODE]
  if (typeof code === 'function') return redactText(String(code.call(value, String)), patterns)
  if (inside.has(value)) return '[circular]'
  inside.add(value)
  const plain = redactContainer(value, patterns, inside)
  inside.delete(value)
  return plain
}

function redactContainer(value: object, patterns: RedactPatterns, inside: Set<object>): unknown {
  if (isA(value, 'Map') || isA(value, 'Set') || isA(value, 'Headers')) {
    return redactContainer([...(value as Iterable<unknown>)], patterns, inside)
  }
  if (!Array.isArray(value)) return redactObject(value, patterns, inside)
  // Raw headers and arguments are flat lists: what follows a secret's name is the secret.
  return value.map((part, at) => (isSecretFlag(value[at - 1]) ? HIDDEN : redactValue(part, patterns, inside)))
}

function hidePatterns(text: string, patterns: RedactPatterns, hidden: string): string {
  let clean = text
  for (const pattern of patterns) {
    if (pattern === '') continue
    if (typeof pattern === 'string') clean = clean.replaceAll(pattern, hidden)
    else {
      const everywhere = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`)
      clean = clean.replace(everywhere, (match) => (match === '' ? '' : hidden))
    }
  }
  return clean
}

function isSecretQuery(name: string): boolean {
  const plain = decoded(name)
  return isSecretName(plain) || /^(?:key|code|sas)$/i.test(plain)
}

/** Whether any word of a name speaks of a secret: `x-api-key`, `accessToken`, `X-Amz-Signature`, `--password`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.some((word) => SECRET_WORDS.has(word)) || SECRET_KEY.test(words.join('_'))
}

function isSecretFlag(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]+$/.test(value) && isSecretName(value)
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
