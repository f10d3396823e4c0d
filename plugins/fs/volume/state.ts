/** `tripwire.fs.assert` of what a volume holds in the end. */
import { type Entry, textOf } from './entries.ts'
import { kit } from './kit.ts'
import { isPlain } from './seeds.ts'
import type { Volume } from './volume.ts'

const FORM =
  "{ 'out/report.txt': 'text, bytes, RegExp or matcher', 'old.txt': null, 'logs/': {}, 'current': { link: 'releases/7' } }"

/** What does not fit. */
export interface Misfit {
  readonly path: string
  readonly expected: unknown
  readonly was: unknown
}

/**
 * Compares paths with what is expected of them; they are accounted for when all fit. Of several volumes (parallel sandboxes) one has to fit,
 * of which it was not said before.
 *
 * @returns what does not fit in the first @throws RuleSyntaxError
 */
export function assertState(volumes: readonly Volume[], given: unknown): Misfit[] {
  const open = volumes.filter(({ accounts }) => accounts.open().length > 0)
  let misfits: Misfit[] | undefined
  for (const volume of open.length > 0 ? open : volumes) {
    const found = compare(volume, given)
    if (found.length === 0) return found
    misfits ??= found
  }
  return misfits ?? []
}

function compare(volume: Volume, given: unknown): Misfit[] {
  const { Misuse, fits } = kit()
  if (!isPlain(given) || Object.keys(given).length === 0) throw new Misuse('the first argument names no paths', FORM)
  const misfits: Misfit[] = []
  for (const [name, expected] of Object.entries(given)) {
    const entry = volume.entryAt(volume.pathOf(name))
    const was = shownEntry(entry)
    if (!fitsEntry(name, expected, entry, fits)) misfits.push({ path: name, expected, was })
  }
  if (misfits.length === 0) for (const name of Object.keys(given)) volume.accounts.assert(volume.pathOf(name))
  return misfits
}

function fitsEntry(
  name: string,
  expected: unknown,
  entry: Entry,
  fits: (expected: unknown, was: unknown) => boolean,
): boolean {
  const { Misuse, isAsymmetric, isRegExp } = kit()
  if (expected === null) return entry === undefined
  if (name.endsWith('/')) {
    if (!isPlain(expected)) throw new Misuse(`'${name}' is a folder`, FORM)
    return entry?.kind === 'folder' && (expected.mode === undefined || expected.mode === entry.mode)
  }
  if (typeof expected === 'string' || isRegExp(expected) || ArrayBuffer.isView(expected) || isAsymmetric(expected))
    return entry?.kind === 'file' && fitsContent(expected, entry.bytes, fits)
  if (isPlain(expected) && 'link' in expected) return entry?.kind === 'link' && fits(expected.link, entry.target)
  if (isPlain(expected) && ('content' in expected || 'mode' in expected)) {
    if (entry?.kind !== 'file') return false
    const isMode = expected.mode === undefined || fits(expected.mode, entry.mode)
    return isMode && (!('content' in expected) || fitsContent(expected.content, entry.bytes, fits))
  }
  throw new Misuse(`what is expected of '${name}' is no text, no bytes, no matcher and no link`, FORM)
}

function fitsContent(
  expected: unknown,
  bytes: Uint8Array,
  fits: (expected: unknown, was: unknown) => boolean,
): boolean {
  if (ArrayBuffer.isView(expected))
    return Buffer.compare(new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength), bytes) === 0
  const text = Buffer.from(bytes).toString('utf8')
  if (typeof expected === 'string') return expected === text
  // Of those with `g` and `y` each look would begin where the last one ended.
  if (kit().isRegExp(expected)) return new RegExp(expected.source, expected.flags.replace(/[gy]/g, '')).test(text)
  if (fits(expected, text)) return true
  // What is no text may be told by its kind, `expect.any(Uint8Array)`; a matcher that says what a text is not would take any bytes.
  const isNegative = (expected as { readonly inverse?: unknown }).inverse === true
  return !isNegative && textOf(bytes) === undefined && fits(expected, Buffer.from(bytes))
}

/** As a test would write it. */
export function shownEntry(entry: Entry): unknown {
  if (entry === undefined) return null
  if (entry.kind === 'folder') return {}
  if (entry.kind === 'link') return { link: entry.target }
  return textOf(entry.bytes) ?? Buffer.from(entry.bytes)
}
