/** Open files of volumes. Their numbers are far above those of the system, and one volume's are never another's. */
import { constants } from 'node:fs'
import type { Reply } from '../../../src/plugin.ts'
import type { Calls } from './calls.ts'
import { Fault } from './errors.ts'
import { type AnyInode, FileInode, FolderInode, LinkInode } from './inodes.ts'
import { kit } from './kit.ts'
import { FIRST_DESCRIPTOR } from './numbers.ts'
import { mayChange, mayRead, mayWrite } from './tree.ts'

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDWR, O_TRUNC, O_WRONLY } = constants
let last = FIRST_DESCRIPTOR

export class OpenFile {
  readonly inode: AnyInode
  readonly flags: number
  /** As it was given to `open`. */
  readonly path: string
  readonly reply: Reply | undefined
  position = 0

  constructor(inode: AnyInode, flags: number, path: string, reply: Reply | undefined) {
    this.reply = reply
    this.inode = inode
    this.flags = flags
    this.path = path
  }

  get reads(): boolean {
    return (this.flags & O_WRONLY) === 0
  }

  get writes(): boolean {
    return (this.flags & (O_WRONLY | O_RDWR)) !== 0
  }
}

export class Descriptors {
  readonly #calls: Calls
  readonly #files = new Map<number, OpenFile>()
  #reply: Reply | undefined
  /** Asked where code holds a descriptor whose sandbox is not its own. @throws what stops it */
  late: (file: Pick<OpenFile, 'path' | 'writes'>) => void = () => {
    throw new Fault('EBADF')
  }
  /** Runs what writes to an open file, once somebody has been asked. @throws what stops it */
  writes: (file: OpenFile, name: string, args: readonly unknown[], run: () => void) => void = (_, __, ___, run) => run()
  /** Told when the first file is opened, when the last is closed, and when any is. */
  onOpen: () => void = () => {}
  onIdle: () => void = () => {}
  onClose: (file: OpenFile) => void = () => {}

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** The call that is answered at the moment. */
  get answered(): Reply | undefined {
    return this.#reply
  }

  get size(): number {
    return this.#files.size
  }

  has(fd: number): boolean {
    return this.#files.has(fd)
  }

  /** Whether a file is open that a call opened. */
  holdsFor(reply: Reply): boolean {
    for (const file of this.#files.values()) if (file.reply === reply) return true
    return false
  }

  /** Runs the answer to a call: what it opens belongs to it. */
  opened<T>(reply: Reply, run: () => T): T {
    const before = this.#reply
    this.#reply = reply
    try {
      return run()
    } finally {
      this.#reply = before
    }
  }

  /** @throws EBADF, or what stops a call that comes too late */
  file(fd: number): OpenFile {
    const file = this.#files.get(fd)
    if (file === undefined) throw new Fault('EBADF')
    if (file.reply !== undefined && !file.reply.holds(kit().tap.frame())) this.late(file)
    return file
  }

  /** What is asked before each use of something that the present call opens, and that has no number. */
  useOf(path: string): () => void {
    const reply = this.#reply
    return () => {
      if (reply !== undefined && !reply.holds(kit().tap.frame())) this.late({ path, writes: false })
    }
  }

  open(path: string, flags: number, mode: number): number {
    const calls = this.#calls
    const follow =
      (flags & O_NOFOLLOW) !== 0 || ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) ? 'folder' : 'always'
    // Before anything is looked at, as Linux does.
    if ((flags & O_CREAT) !== 0 && path.endsWith('/')) {
      calls.tree.walk(path.replace(/\/+$/, '') || '/', 'never')
      throw new Fault('EISDIR')
    }
    const place = calls.tree.walk(path, follow)
    const writes = (flags & (O_WRONLY | O_RDWR)) !== 0
    let { inode } = place
    if (inode === undefined) {
      if ((flags & O_CREAT) === 0 || place.name === undefined) throw new Fault('ENOENT')
      mayChange(place.folder)
      inode = calls.tree.newFile(mode & ~kit().real.umask() & 0o7777)
      place.folder.put(place.name, inode)
      calls.changed(place.path, 'rename')
    } else {
      if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) throw new Fault('EEXIST')
      if (inode instanceof LinkInode) throw new Fault('ELOOP')
      if (inode instanceof FolderInode) {
        if (writes || (flags & (O_CREAT | O_TRUNC)) !== 0) throw new Fault('EISDIR')
      } else if ((flags & O_DIRECTORY) !== 0) throw new Fault('ENOTDIR')
      if ((flags & O_WRONLY) === 0) {
        mayRead(inode)
        if ((flags & O_TRUNC) === 0) calls.disclose(inode, 'read')
      }
      if (writes) mayWrite(inode)
      if (inode instanceof FileInode) {
        calls.tree.load(inode)
        if ((flags & O_TRUNC) !== 0) {
          inode.truncate(0)
          calls.changed(place.path, 'change')
        }
      }
    }
    const fd = ++last
    if (this.#files.size === 0) this.onOpen()
    this.#files.set(fd, new OpenFile(inode, flags, path, this.#reply))
    calls.open.set(inode, (calls.open.get(inode) ?? 0) + 1)
    return fd
  }

  close(fd: number): void {
    const file = this.#files.get(fd)
    if (file === undefined) throw new Fault('EBADF')
    const { inode } = file
    this.onClose(file)
    this.#files.delete(fd)
    if (this.#files.size === 0) this.onIdle()
    const left = (this.#calls.open.get(inode) ?? 1) - 1
    if (left > 0) this.#calls.open.set(inode, left)
    else {
      this.#calls.open.delete(inode)
      this.#calls.dropped(inode, false)
    }
  }

  /** @param position where, or undefined for where the last one ended */
  read(fd: number, into: Uint8Array, position: number | undefined): number {
    const file = this.file(fd)
    if (!file.reads) throw new Fault('EBADF')
    if (!(file.inode instanceof FileInode)) throw new Fault('EISDIR')
    const count = file.inode.read(into, position ?? file.position)
    if (position === undefined) file.position += count
    return count
  }

  write(fd: number, bytes: Uint8Array, position: number | undefined): number {
    const file = this.file(fd)
    const { inode } = file
    if (!file.writes || !(inode instanceof FileInode)) throw new Fault('EBADF')
    const isAppended = (file.flags & O_APPEND) !== 0
    if (bytes.length > 0) inode.write(bytes, isAppended ? inode.size : (position ?? file.position))
    if (isAppended && position === undefined) file.position = inode.size
    else if (position === undefined) file.position += bytes.length
    if (bytes.length > 0) this.#calls.changed(file.path, 'change')
    return bytes.length
  }

  truncate(fd: number, size: number): void {
    const file = this.file(fd)
    if (!file.writes || !(file.inode instanceof FileInode)) throw new Fault('EINVAL')
    file.inode.truncate(size)
    this.#calls.changed(file.path, 'change')
  }
}
