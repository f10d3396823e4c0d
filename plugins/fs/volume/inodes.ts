/** What a volume is made of: files, folders and links, and what lies below them on the real disk. */
import { constants } from 'node:fs'
import { kit } from './kit.ts'

const { S_IFDIR, S_IFLNK, S_IFREG } = constants
const PERMISSIONS = 0o7777
let lastIno = 0

/** What a file system knows of one thing, whatever names it has. Times in milliseconds. */
abstract class Inode {
  readonly ino = ++lastIno
  mode: number
  uid = kit().real.getuid()
  gid = kit().real.getgid()
  nlink = 1
  atime: number
  mtime: number
  ctime: number
  birthtime: number
  /** Its path on the real disk, as long as it is what is there. */
  lower: string | undefined
  /** The path on the real disk that its contents come from, though they were changed here since. */
  origin: string | undefined
  /** Whether something of it was changed here. */
  touched = true
  abstract readonly size: number

  constructor(mode: number) {
    this.mode = mode
    this.atime = this.mtime = this.ctime = this.birthtime = kit().real.now()
  }

  get permissions(): number {
    return this.mode & PERMISSIONS
  }

  set permissions(mode: number) {
    this.touched = true
    this.mode = (this.mode & ~PERMISSIONS) | (mode & PERMISSIONS)
    this.ctime = kit().real.now()
  }

  modified(): void {
    this.touched = true
    this.mtime = this.ctime = kit().real.now()
  }
}

export type { Inode }

const NOTHING = new Uint8Array(0)

export class FileInode extends Inode {
  #bytes: Uint8Array = NOTHING
  #size = 0
  /** How many bytes the volume keeps for it: none of what was only looked at on the real disk. */
  #held = 0
  /** Told how many bytes more (or less) are kept. @throws where there is no room */
  readonly #takes: (more: number) => void

  constructor(permissions: number, takes: (more: number) => void) {
    super(S_IFREG | permissions)
    this.#takes = takes
  }

  get size(): number {
    return this.#size
  }

  /** The size of a file on the real disk, whose bytes nobody has asked for. */
  assumeSize(size: number): void {
    this.#size = size
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }

  /** @param bytes are nobody else's */
  load(bytes: Uint8Array): void {
    this.#hold(bytes.length)
    this.#bytes = bytes
    this.#size = bytes.length
  }

  read(into: Uint8Array, at: number): number {
    if (at >= this.#size) return 0
    const part = this.#bytes.subarray(at, Math.min(this.#size, at + into.length))
    into.set(part)
    return part.length
  }

  write(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length
    if (end > this.#size) this.#grow(end)
    this.#bytes.set(bytes, at)
    this.modified()
  }

  truncate(size: number): void {
    if (size > this.#size) this.#grow(size)
    else {
      this.#hold(size)
      this.#bytes.fill(0, size, this.#size)
      this.#size = size
      if (size === 0) this.origin = undefined
    }
    this.modified()
  }

  /** Its last name and its last descriptor are gone. */
  release(): void {
    this.#hold(0)
    this.#bytes = NOTHING
    this.#size = 0
  }

  #hold(size: number): void {
    this.#takes(size - this.#held)
    this.#held = size
  }

  #grow(size: number): void {
    this.#hold(size)
    if (size > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(size, this.#bytes.length * 2, 64))
      bytes.set(this.bytes)
      this.#bytes = bytes
    }
    this.#size = size
  }
}

export class LinkInode extends Inode {
  readonly target: string

  constructor(target: string) {
    super(S_IFLNK | 0o777)
    this.target = target
  }

  get size(): number {
    return Buffer.byteLength(this.target)
  }
}

export class FolderInode extends Inode {
  readonly entries = new Map<string, AnyInode>()
  /** Names of what lies below that are gone. */
  readonly gone = new Set<string>()
  parent: FolderInode

  constructor(permissions: number, parent?: FolderInode) {
    super(S_IFDIR | permissions)
    this.parent = parent ?? this
    this.nlink = 2
  }

  /** A number that means nothing, as that of a real folder. */
  get size(): number {
    return 4096
  }

  put(name: string, inode: AnyInode): void {
    this.entries.set(name, inode)
    if (inode instanceof FolderInode) {
      inode.parent = this
      this.nlink++
    }
    this.modified()
  }

  take(name: string): void {
    if (this.entries.get(name) instanceof FolderInode) this.nlink--
    this.entries.delete(name)
    if (this.lower !== undefined) this.gone.add(name)
    this.modified()
  }
}

export type AnyInode = FileInode | FolderInode | LinkInode
