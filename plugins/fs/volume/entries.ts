/** What stands under a path, as plain data: to begin with, to compare, to print. */
import { type AnyInode, FileInode, FolderInode } from './inodes.ts'
import { kit } from './kit.ts'

export type Entry =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | undefined

export function entryOf(inode: AnyInode | undefined): Entry {
  if (inode === undefined) return undefined
  if (inode instanceof FolderInode) return { kind: 'folder', mode: inode.permissions }
  if (inode instanceof FileInode) {
    const bytes = inode.lower === undefined ? inode.bytes.slice() : new Uint8Array(kit().real.readFileSync(inode.lower))
    return { kind: 'file', bytes, mode: inode.permissions }
  }
  return { kind: 'link', target: inode.target }
}

/** What the real disk has there. */
export function realEntry(path: string): Entry {
  const { real } = kit()
  try {
    const stats = real.lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    if (stats.isDirectory()) return { kind: 'folder', mode: stats.mode & 0o7777 }
    if (stats.isSymbolicLink()) return { kind: 'link', target: real.readlinkSync(path) }
    return {
      kind: 'file',
      bytes: stats.isFile() ? new Uint8Array(real.readFileSync(path)) : new Uint8Array(0),
      mode: stats.mode & 0o7777,
    }
  } catch {
    // What may not be read is compared as if it were not there.
    return undefined
  }
}

export function sameEntry(one: Entry, other: Entry): boolean {
  if (one === undefined || other === undefined) return one === other
  if (one.kind === 'link' || other.kind === 'link')
    return one.kind === 'link' && other.kind === 'link' && one.target === other.target
  if (one.mode !== other.mode) return false
  if (one.kind === 'folder' || other.kind === 'folder') return one.kind === other.kind
  return Buffer.compare(one.bytes, other.bytes) === 0
}

/** Text where the bytes are that. */
export function textOf(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.includes(0)) return undefined
  const text = buffer.toString('utf8')
  return Buffer.from(text).equals(buffer) ? text : undefined
}
