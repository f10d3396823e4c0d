/** Folders, files and links by their paths, over the real disk or over nothing. */
import { Fault } from './errors.ts'
import { type AnyInode, FileInode, FolderInode, LinkInode } from './inodes.ts'
import { kit } from './kit.ts'

/** As Linux has it. */
const MOST_LINKS = 40
const LONGEST_NAME = 255
const LONGEST_PATH = 4096

/** What a path leads to. */
export interface Place {
  /** The folder that holds it, and its name there; undefined for `.`, `..` and the root. */
  readonly folder: FolderInode
  readonly name: string | undefined
  readonly inode: AnyInode | undefined
  /** Whether it ends in `/`: then it means a folder. */
  readonly slashed: boolean
  /** Whether the real disk would say the same of it: nothing on the way to it was changed here. */
  readonly real: boolean
  /** With all links followed. */
  readonly path: string
}

export class Tree {
  readonly root: FolderInode
  /** The current folder, once the code under test has gone to one that is only here. */
  cwd: string | undefined
  readonly limit: number
  #used = 0
  /** Files of the real disk that have several names and were changed here, by what the disk knows them by: then all these names mean one. */
  readonly #linked = new Map<string, FileInode>()

  constructor(over: 'project' | 'empty', limit: number) {
    this.limit = limit
    this.root = new FolderInode(0o755)
    if (over === 'project') this.root.lower = '/'
  }

  get used(): number {
    return this.#used
  }

  newFile(permissions: number): FileInode {
    return new FileInode(permissions, (more) => {
      if (more > 0 && this.#used + more > this.limit) throw new Fault('ENOSPC')
      this.#used += more
    })
  }

  /**
   * @param path absolute, or relative to the current folder
   * @param follow a link in the last place: never, where it ends in `/`, or always
   */
  walk(path: string, follow: Follow): Place {
    if (path === '') throw new Fault('ENOENT')
    if (Buffer.byteLength(path) >= LONGEST_PATH) throw new Fault('ENAMETOOLONG')
    const absolute = path.startsWith('/') ? path : `${this.cwd ?? kit().real.cwd()}/${path}`
    return this.#from(this.root, absolute, {
      follow,
      links: 0,
      names: [],
      real: this.cwd === undefined || path.startsWith('/'),
    })
  }

  #from(start: FolderInode, path: string, how: Walking): Place {
    const parts = path.split('/').filter((part) => part !== '')
    const slashed = path.endsWith('/') && parts.length > 0
    let folder = path.startsWith('/') ? this.root : start
    let { names, real } = how
    if (path.startsWith('/')) names = []
    for (let at = 0; at < parts.length; at++) {
      const name = parts[at] as string
      const isLast = at === parts.length - 1
      if (name === '.' || name === '..') {
        mayEnter(folder)
        if (name === '..') {
          folder = folder.parent
          names = names.slice(0, -1)
        }
        continue
      }
      mayEnter(folder)
      if (Buffer.byteLength(name) > LONGEST_NAME) throw new Fault('ENAMETOOLONG', undefined, isLast)
      const inode = this.lookup(folder, name)
      real &&=
        inode === undefined
          ? folder.lower === pathOf(names) && !folder.gone.has(name)
          : inode.lower === pathOf([...names, name])
      if (inode instanceof LinkInode && (!isLast || how.follow === 'always' || (slashed && how.follow === 'folder'))) {
        if (how.links >= MOST_LINKS) throw new Fault('ELOOP')
        const rest = parts.slice(at + 1).join('/')
        const target = `${inode.target}${rest === '' ? (slashed ? '/' : '') : `/${rest}${slashed ? '/' : ''}`}`
        return this.#from(folder, target, { ...how, links: how.links + 1, names, real: real && !inode.touched })
      }
      names = [...names, name]
      if (isLast) {
        if (slashed && inode !== undefined && !(inode instanceof FolderInode))
          throw new Fault('ENOTDIR', undefined, true)
        return { folder, name, inode, slashed, real, path: pathOf(names) }
      }
      if (inode === undefined) throw new Fault('ENOENT')
      if (!(inode instanceof FolderInode)) throw new Fault('ENOTDIR')
      folder = inode
    }
    return {
      folder: folder.parent,
      name: undefined,
      inode: folder,
      slashed,
      real: real && folder.lower === pathOf(names),
      path: pathOf(names),
    }
  }

  /** What a folder holds under a name; what nobody has changed is looked at on the real disk each time. */
  lookup(folder: FolderInode, name: string): AnyInode | undefined {
    const known = this.#changed(folder, name)
    if (known?.touched || folder.lower === undefined || folder.gone.has(name)) return known
    if (known instanceof FolderInode && isInUse(known)) return known
    const path = folder.lower === '/' ? `/${name}` : `${folder.lower}/${name}`
    const found = this.#look(path, folder, known)
    if (found !== undefined) folder.entries.set(name, found)
    else folder.entries.delete(name)
    return found
  }

  /** What stands there, or what was made of it by another of its names. */
  #changed(folder: FolderInode, name: string): AnyInode | undefined {
    const known = folder.entries.get(name)
    if (this.#linked.size === 0 || !(known instanceof FileInode) || known.lower === undefined) return known
    const changed = known.nlink > 1 ? this.#linked.get(identityOf(known.lower)) : undefined
    if (changed !== undefined) folder.entries.set(name, changed)
    return changed ?? known
  }

  #look(path: string, parent: FolderInode, known: AnyInode | undefined): AnyInode | undefined {
    const { real } = kit()
    let stats: import('node:fs').Stats | undefined
    try {
      stats = real.lstatSync(path, { throwIfNoEntry: false })
    } catch {
      // Who may not look into the real folder finds nothing there.
      return undefined
    }
    if (stats === undefined) return undefined
    if (this.#linked.size > 0 && stats.nlink > 1 && stats.isFile()) {
      const changed = this.#linked.get(identityOf(path))
      if (changed !== undefined) return changed
    }
    const inode = this.#sameKind(stats, known, path) ?? this.#make(stats, path, parent)
    if (inode instanceof FileInode) inode.assumeSize(stats.size)
    const { mode, uid, gid, atimeMs, mtimeMs, ctimeMs, birthtimeMs, nlink } = stats
    const times = { atime: atimeMs, mtime: mtimeMs, ctime: ctimeMs, birthtime: birthtimeMs }
    return Object.assign(inode, { mode, uid, gid, nlink, ...times, lower: path, touched: false })
  }

  #sameKind(stats: import('node:fs').Stats, known: AnyInode | undefined, path: string): AnyInode | undefined {
    if (known === undefined || known instanceof LinkInode || known.lower !== path) return undefined
    return known instanceof FolderInode === stats.isDirectory() && !stats.isSymbolicLink() ? known : undefined
  }

  #make(stats: import('node:fs').Stats, path: string, parent: FolderInode): AnyInode {
    if (stats.isDirectory()) return new FolderInode(0, parent)
    return stats.isSymbolicLink() ? new LinkInode(kit().real.readlinkSync(path)) : this.newFile(0)
  }

  /** The names in a folder, those on the real disk among them. */
  list(folder: FolderInode): string[] {
    const names = new Set<string>(folder.lower === undefined ? [] : namesBelow(folder.lower))
    for (const name of folder.gone) names.delete(name)
    for (const [name, { touched }] of folder.entries) if (touched || folder.lower === undefined) names.add(name)
    return [...names]
  }

  /** Whether something in a folder, or below it, is not as the real disk has it. */
  differsBelow(folder: FolderInode): boolean {
    if (folder.lower === undefined || folder.touched || folder.gone.size > 0) return true
    for (const inode of folder.entries.values()) {
      if (inode.touched || (inode instanceof FolderInode && this.differsBelow(inode))) return true
    }
    return false
  }

  /** Reads what a file has on the real disk, before it is changed here. @throws what the real disk says */
  load(file: FileInode): void {
    if (file.lower === undefined) return
    const bytes = kit().real.readFileSync(file.lower)
    if (file.nlink > 1) this.#linked.set(identityOf(file.lower), file)
    file.load(new Uint8Array(bytes))
    file.origin = file.lower
    file.lower = undefined
    // From here on it is what it is here.
    file.touched = true
  }

  /** The absolute path of something that stands in the tree; undefined once it is gone. */
  pathOf(folder: FolderInode): string | undefined {
    const names: string[] = []
    for (let at = folder; at !== this.root; at = at.parent) {
      const name = [...at.parent.entries].find(([, inode]) => inode === at)?.[0]
      if (name === undefined) return undefined
      names.unshift(name)
    }
    return pathOf(names)
  }
}

export type Follow = 'never' | 'folder' | 'always'

interface Walking {
  readonly follow: Follow
  readonly links: number
  readonly names: readonly string[]
  readonly real: boolean
}

function pathOf(names: readonly string[]): string {
  return `/${names.join('/')}`
}

/** A folder that holds what was changed stays what it is, whatever the real disk says of it meanwhile. */
function isInUse(folder: FolderInode): boolean {
  if (folder.gone.size > 0) return true
  for (const inode of folder.entries.values()) {
    if (inode.touched || (inode instanceof FolderInode && isInUse(inode))) return true
  }
  return false
}

function identityOf(path: string): string {
  const stats = kit().real.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return `${stats?.dev}:${stats?.ino}`
}

function namesBelow(path: string): string[] {
  try {
    return kit().real.readdirSync(path)
  } catch {
    // It may be gone by now, or not be readable: only what the volume has is in it.
    return []
  }
}

const READ = 4
const WRITE = 2
const EXECUTE = 1

/** Whether this process may do something, by mode and owner, as the operating system decides. */
export function may(inode: AnyInode, want: number): boolean {
  const uid = kit().real.getuid()
  const { mode } = inode
  // Who may do everything may run only what somebody may run.
  if (uid === 0) return (want & EXECUTE) === 0 || inode instanceof FolderInode || (mode & 0o111) !== 0
  const shift = uid === inode.uid ? 6 : kit().real.getgid() === inode.gid ? 3 : 0
  return ((mode >> shift) & want) === want
}

function mayEnter(folder: FolderInode): void {
  if (!may(folder, EXECUTE)) throw new Fault('EACCES')
}

/** @throws where names in it may not be changed */
export function mayChange(folder: FolderInode): void {
  if (!may(folder, WRITE | EXECUTE)) throw new Fault('EACCES')
}

export function mayRead(inode: AnyInode): void {
  if (!may(inode, READ)) throw new Fault('EACCES')
}

export function mayWrite(inode: AnyInode): void {
  if (!may(inode, WRITE)) throw new Fault('EACCES')
}
