/** What a test says of a volume, checked. */
import type { Entry } from './entries.ts'
import { kit } from './kit.ts'
import { normalised } from './paths.ts'

export type Contents = readonly {
  readonly path: string
  /** Undefined for what is not there, whatever the real disk has. */
  readonly content:
    | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode?: number | undefined }
    | { readonly kind: 'folder'; readonly mode?: number | undefined }
    | { readonly kind: 'link'; readonly target: string }
    | undefined
}[]

export interface VolumeOptions {
  /** Absolute. */
  readonly at: string
  readonly over: 'project' | 'empty'
  /** In bytes. */
  readonly size: number
  /** What has to be asserted. */
  readonly ledger: 'state' | 'operations'
}

const KEYS = ['at', 'over', 'size', 'ledger']
const FORM = "{ 'src/a.txt': 'text or bytes', 'logs/': null, 'old.txt': null, 'current': { link: 'releases/7' } }"
const OPTIONS = "{ at: 'folder', over: 'project' | 'empty', size: bytes, ledger: 'state' | 'operations' }"
const MEBIBYTE = 2 ** 20
const { isInteger } = Number

/** @throws RuleSyntaxError */
export function readOptions(given: unknown): VolumeOptions {
  const { real, Misuse, suggest } = kit()
  const options = (given ?? {}) as Readonly<Record<string, unknown>>
  if (!isPlain(options)) throw new Misuse('the options are no object', OPTIONS)
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw new Misuse(`a volume has no '${unknown}'`, OPTIONS, suggest(unknown, KEYS))
  const { at = '.', over = 'project', size = 64 * MEBIBYTE, ledger = 'state' } = options
  if (typeof at !== 'string' || at === '') throw new Misuse('`at` is no folder', OPTIONS)
  if (over !== 'project' && over !== 'empty') throw new Misuse(`\`over\` is ${String(over)}`, OPTIONS)
  if (ledger !== 'state' && ledger !== 'operations') throw new Misuse(`\`ledger\` is ${String(ledger)}`, OPTIONS)
  if (!isInteger(size) || (size as number) < 0) throw new Misuse(`\`size\` is ${String(size)}`, OPTIONS)
  return { at: real.resolve(real.cwd(), at), over, size: size as number, ledger }
}

/** @throws RuleSyntaxError */
export function readContents(given: unknown, at: string): Contents {
  const { Misuse } = kit()
  if (given !== undefined && !isPlain(given)) throw new Misuse('the contents are no object', FORM)
  return Object.entries((given ?? {}) as Readonly<Record<string, unknown>>).map(([name, value]) => {
    if (name === '' || name.includes('\0')) throw new Misuse(`'${name}' is no path`, FORM)
    const path = normalised(name.startsWith('/') ? name : `${at}/${name}`)
    return { path, content: readContent(name, value) }
  })
}

function readContent(name: string, value: unknown): Contents[number]['content'] {
  const { Misuse } = kit()
  if (name.endsWith('/')) {
    if (value === null) return { kind: 'folder' }
    if (isPlain(value) && onlyHas(value, ['mode'])) return { kind: 'folder', mode: value.mode as number | undefined }
    throw new Misuse(
      `'${name}' is a folder: it has null or { mode }, and what is in it is named by its whole path`,
      FORM,
    )
  }
  if (value === null) return undefined
  if (typeof value === 'string') return { kind: 'file', bytes: Buffer.from(value) }
  if (ArrayBuffer.isView(value))
    return { kind: 'file', bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice() }
  if (isPlain(value) && onlyHas(value, ['link']) && typeof value.link === 'string')
    return { kind: 'link', target: value.link }
  if (isPlain(value) && onlyHas(value, ['content', 'mode']) && 'content' in value) {
    const content = readContent(name, value.content)
    if (content?.kind === 'file') return { ...content, mode: value.mode as number | undefined }
  }
  throw new Misuse(`what '${name}' holds is no text, no bytes and no link`, FORM)
}

function onlyHas(value: object, keys: readonly string[]): boolean {
  return Object.keys(value).every((key) => keys.includes(key))
}

export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
}

export type { Entry }
