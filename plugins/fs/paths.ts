/** Which file a path means, with its links resolved for the part that exists. */
import { endsWith, includes, matchesText, SafeMap, slice, startsWith } from '../../src/plugin.ts'
import { real } from './originals.ts'

/** As Linux has it. */
const MOST_LINKS = 40
const { platform, isAbsolute, resolve, dirname, basename } = real
const ON_WINDOWS = platform === 'win32'

/** A path as Node's functions take it, as text; `bytes` when it is no UTF-8: then each character stands for one byte. */
export interface GivenPath {
  readonly text: string
  readonly bytes: boolean
}

/** Reads a path argument; undefined for what is none, which Node refuses itself. */
export function readPath(given: unknown): GivenPath | undefined {
  const path = textOf(given)
  return path === undefined || path.text === '' || includes(path.text, '\0') ? undefined : path
}

function textOf(given: unknown): GivenPath | undefined {
  if (typeof given === 'string') return { text: given, bytes: false }
  if (given instanceof Uint8Array) {
    const buffer = real.bufferFrom(given.buffer, given.byteOffset, given.byteLength)
    const text = buffer.toString('utf8')
    if (real.bufferFrom(text).equals(buffer)) return { text, bytes: false }
    return { text: buffer.toString('latin1'), bytes: true }
  }
  // By its parts, as Node does: jsdom has a class of its own.
  const { href, protocol } = (given ?? {}) as { href?: unknown; protocol?: unknown }
  if (typeof href !== 'string' || protocol !== 'file:') return undefined
  try {
    return { text: real.fileURLToPath(href), bytes: false }
  } catch {
    return undefined
  }
}

/** Resolves paths, and remembers folders until what they mean may have changed. */
export class Resolver {
  readonly #folders = new SafeMap<string, string>()

  forget(): void {
    this.#folders.clear()
  }

  /**
   * The absolute path of what the operating system would work on: links in every folder are followed, and in the last place for `content`. What
   * does not exist is taken by its name.
   *
   * @param from the folder that a relative path starts in
   */
  resolve({ text, bytes }: GivenPath, last: 'entry' | 'content', from = real.cwd()): string {
    if (bytes) return resolveBytes(text, last, from)
    const path = ON_WINDOWS ? resolve(from, text) : isAbsolute(text) ? text : `${from}/${text}`
    const name = basename(path)
    // `link/`, `link/.` and `link/..` mean what the link leads to, even to a function that does not follow links.
    const named = name !== '.' && name !== '..' && (ON_WINDOWS || !endsWith(path, '/'))
    if (!named) return this.#folder(path)
    const folder = this.#folder(dirname(path))
    const entry = endsWith(folder, real.sep) ? `${folder}${name}` : `${folder}${real.sep}${name}`
    return last === 'content' && isLink(entry) ? walk(entry, last, bytes) : entry
  }

  #folder(path: string): string {
    const known = this.#folders.get(path)
    if (known !== undefined) return known
    const resolved = existing(path) ?? walk(path, 'content', false)
    this.#folders.set(path, resolved)
    return resolved
  }
}

/** Links and spelling by the operating system, in one call; undefined when some part is not there. */
function existing(path: string): string | undefined {
  try {
    // A stat that throws nothing costs a tenth of an error.
    if (real.statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
    return real.realpath(path)
  } catch {
    return undefined
  }
}

/** With one character for each byte on the way, and as text at the end: what is no UTF-8 in it reads as question marks. */
function resolveBytes(text: string, last: 'entry' | 'content', from: string): string {
  const path = isAbsolute(text) ? text : `${real.bufferFrom(from).toString('latin1')}/${text}`
  return real.bufferFrom(walk(path, last, true), 'latin1').toString('utf8')
}

function isLink(path: string): boolean {
  try {
    return real.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  } catch {
    return false
  }
}

/** Part by part, as the operating system goes: `..` leaves the folder that a link led to, not the one that it stands in. */
function walk(path: string, last: 'entry' | 'content', bytes: boolean): string {
  const root = ON_WINDOWS ? real.resolve(path, '/') : '/'
  const ahead = partsOf(slice(path, root.length)).reverse()
  const trailing = !ON_WINDOWS && matchesText(/\/\.{0,2}$/, path)
  let at: string[] = []
  let links = 0
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '..') at.pop()
    else if (part !== '.') {
      at.push(part)
      const follows = ahead.length > 0 || last === 'content' || trailing
      const target = follows && links < MOST_LINKS ? linkAt(root + at.join(real.sep), bytes) : undefined
      if (target === undefined) continue
      links++
      if (isAbsolute(target)) at = []
      else at.pop()
      ahead.push(...partsOf(isAbsolute(target) ? slice(target, root.length) : target).reverse())
    }
  }
  return root + at.join(real.sep)
}

function partsOf(path: string): string[] {
  return path.split(ON_WINDOWS ? /[/\\]/ : '/').filter((part) => part !== '')
}

/** What a link leads to; undefined for what is none, and for those of `/proc` that stand for something without a path (`pipe:[4711]`). */
function linkAt(path: string, bytes: boolean): string | undefined {
  try {
    const name = bytes ? real.bufferFrom(path, 'latin1') : path
    if (!real.lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined
    const target = real.readlinkSync(name, bytes ? 'latin1' : 'utf8')
    return matchesText(/^\w+:/, target) && startsWith(path, '/proc/') ? undefined : target
  } catch {
    return undefined
  }
}
