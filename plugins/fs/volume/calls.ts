/** What the operating system does with paths, as Linux does it. All throw a `Fault`. */
import { Fault } from './errors.ts'
import { type AnyInode, FileInode, FolderInode, LinkInode } from './inodes.ts'
import { kit } from './kit.ts'
import { type Follow, may, mayChange, type Place, type Tree } from './tree.ts'

export class Calls {
  readonly tree: Tree
  /** Told of what changed: the path, and whether the name itself came or went. */
  changed: (path: string, kind: 'rename' | 'change') => void = () => {}
  /** Asked before code gets to know what the real disk has under a path that it may not have named. @throws what stops it */
  disclosing: (path: string, access: 'probe' | 'read') => void = () => {}
  /** How many descriptors hold a file that may have no name any more. */
  readonly open = new Map<AnyInode, number>()

  constructor(tree: Tree) {
    this.tree = tree
  }

  /** @throws ENOENT */
  need(path: string, follow: Follow): Place & { readonly inode: AnyInode } {
    const place = this.tree.walk(path, follow)
    if (place.inode === undefined) throw new Fault('ENOENT')
    return place as Place & { readonly inode: AnyInode }
  }

  /** Whether what stands there is, or was copied from, something of the real disk that may not be looked at. @throws what stops it */
  disclose(inode: AnyInode, access: 'probe' | 'read'): void {
    const path = inode.lower ?? inode.origin
    if (path !== undefined) this.disclosing(path, access)
  }

  /** The names in a folder, for the code under test. */
  names(folder: FolderInode): string[] {
    this.disclose(folder, 'read')
    return this.tree.list(folder)
  }

  access(path: string, mode: number): void {
    const { inode } = this.need(path, 'always')
    this.disclose(inode, 'probe')
    if (mode !== 0 && !may(inode, mode)) throw new Fault('EACCES')
  }

  readlink(path: string): string {
    const { inode } = this.need(path, 'folder')
    if (!(inode instanceof LinkInode)) throw new Fault('EINVAL')
    this.disclose(inode, 'probe')
    return inode.target
  }

  mkdir(path: string, mode: number): void {
    const { folder, name, inode, path: whole } = this.tree.walk(unslashed(path), 'never')
    if (inode !== undefined || name === undefined) throw new Fault('EEXIST')
    mayChange(folder)
    folder.put(name, new FolderInode(mode & ~kit().real.umask() & 0o1777, folder))
    this.changed(whole, 'rename')
  }

  rmdir(path: string): void {
    const { folder, name, inode, path: whole } = this.need(path, 'never')
    if (name === undefined) {
      const last = /([^/]*)\/*$/.exec(path)?.[1]
      throw new Fault(last === '.' ? 'EINVAL' : last === '..' ? 'ENOTEMPTY' : 'EBUSY')
    }
    if (!(inode instanceof FolderInode)) throw new Fault('ENOTDIR')
    mayChange(folder)
    if (this.tree.list(inode).length > 0) throw new Fault('ENOTEMPTY')
    folder.take(name)
    this.changed(whole, 'rename')
  }

  unlink(path: string): void {
    const { folder, name, inode, path: whole } = this.need(path, 'never')
    if (inode instanceof FolderInode || name === undefined) throw new Fault('EISDIR')
    mayChange(folder)
    folder.take(name)
    this.dropped(inode)
    this.changed(whole, 'rename')
  }

  /** A name or a descriptor of something is gone. */
  dropped(inode: AnyInode, name = true): void {
    if (name) {
      // Its other names count one less.
      if (inode instanceof FileInode && inode.nlink > 1) this.tree.load(inode)
      inode.nlink--
      inode.ctime = kit().real.now()
    }
    if (inode.nlink <= 0 && !this.open.has(inode) && inode instanceof FileInode) inode.release()
  }

  link(from: string, to: string): void {
    const { inode } = this.need(from, 'folder')
    const { folder, name, inode: there, path: whole } = this.tree.walk(unslashed(to), 'never')
    if (there !== undefined || name === undefined) throw new Fault('EEXIST')
    if (unslashed(to) !== to) throw new Fault('ENOENT')
    if (inode instanceof FolderInode) throw new Fault('EPERM')
    mayChange(folder)
    if (inode instanceof FileInode) this.tree.load(inode)
    inode.touched = true
    inode.nlink++
    inode.ctime = kit().real.now()
    folder.put(name, inode)
    this.changed(whole, 'rename')
  }

  symlink(target: string, path: string): void {
    if (target === '') throw new Fault('ENOENT')
    const { folder, name, inode, path: whole } = this.tree.walk(unslashed(path), 'never')
    if (inode !== undefined || name === undefined) throw new Fault('EEXIST')
    if (unslashed(path) !== path) throw new Fault('ENOENT')
    mayChange(folder)
    folder.put(name, new LinkInode(target))
    this.changed(whole, 'rename')
  }

  rename(from: string, to: string): void {
    const [source, target] = this.#ends(from, to)
    if (source.name === undefined || target.name === undefined) throw new Fault('EBUSY')
    const { inode } = source
    if (inode === undefined) throw new Fault('ENOENT')
    const there = target.inode
    if (inode instanceof FolderInode) {
      for (let at = target.folder; at !== at.parent; at = at.parent) if (at === inode) throw new Fault('EINVAL')
    } else if (target.slashed) throw new Fault('ENOTDIR')
    if (there === inode) return
    if (there instanceof FolderInode) {
      for (let at = source.folder; at !== at.parent; at = at.parent) if (at === there) throw new Fault('ENOTEMPTY')
    }
    mayChange(source.folder)
    mayChange(target.folder)
    if (there instanceof FolderInode && !(inode instanceof FolderInode)) throw new Fault('EISDIR')
    if (there !== undefined && !(there instanceof FolderInode) && inode instanceof FolderInode)
      throw new Fault('ENOTDIR')
    if (there instanceof FolderInode && this.tree.list(there).length > 0) throw new Fault('ENOTEMPTY')
    if (there !== undefined) target.folder.take(target.name)
    if (there !== undefined && !(there instanceof FolderInode)) this.dropped(there)
    source.folder.take(source.name)
    inode.touched = true
    inode.ctime = kit().real.now()
    target.folder.put(target.name, inode)
    this.changed(source.path, 'rename')
    this.changed(target.path, 'rename')
  }

  /** The folders of both are looked for first, then what is moved, then what is there. */
  #ends(from: string, to: string): [Place, Place] {
    let source: Place | undefined
    let first: unknown
    try {
      source = this.tree.walk(from, 'never')
    } catch (error) {
      if (!(error as Fault).last) throw error
      first = error
    }
    try {
      const target = this.tree.walk(to, 'never')
      if (source !== undefined) return [source, target]
      // Whether both are names at all is asked before either is looked at.
      if (target.name === undefined) throw new Fault('EBUSY')
    } catch (error) {
      if (!(error as Fault).last) throw error
      if (source !== undefined && source.name === undefined) throw new Fault('EBUSY')
      if (source?.inode === undefined && source?.name !== undefined) throw new Fault('ENOENT')
      throw first ?? error
    }
    throw first
  }

  chmod(path: string, mode: number, follow: Follow = 'always'): void {
    const { inode, path: whole } = this.need(path, follow)
    this.chmodInode(inode, mode)
    this.changed(whole, 'change')
  }

  chmodInode(inode: AnyInode, mode: number): void {
    mustOwn(inode)
    this.#keep(inode)
    inode.permissions = mode
  }

  chown(path: string, uid: number, gid: number, follow: Follow): void {
    const { inode, path: whole } = this.need(path, follow)
    this.chownInode(inode, uid, gid)
    this.changed(whole, 'change')
  }

  chownInode(inode: AnyInode, uid: number, gid: number): void {
    const { real } = kit()
    const isSame = (uid === -1 || uid === inode.uid) && (gid === -1 || gid === inode.gid || gid === real.getgid())
    if (real.getuid() !== 0 && !isSame) throw new Fault('EPERM')
    this.#keep(inode)
    if (uid !== -1) inode.uid = uid
    if (gid !== -1) inode.gid = gid
    inode.ctime = real.now()
  }

  /** @param atime in seconds, as mtime */
  utimes(path: string, atime: number, mtime: number, follow: Follow): void {
    const { inode, path: whole } = this.need(path, follow)
    this.utimesInode(inode, atime, mtime)
    this.changed(whole, 'change')
  }

  utimesInode(inode: AnyInode, atime: number, mtime: number): void {
    mustOwn(inode)
    this.#keep(inode)
    inode.atime = atime * 1000
    inode.mtime = mtime * 1000
    inode.ctime = kit().real.now()
  }

  /** What of it is changed is no longer the real disk's. */
  #keep(inode: AnyInode): void {
    if (inode instanceof FileInode) this.tree.load(inode)
    inode.touched = true
  }

  /** The current folder. */
  cwd(): string {
    return this.tree.cwd ?? kit().real.cwd()
  }

  /** Removes something and all that is below it. */
  remove(path: string): void {
    const { inode, name } = this.need(path, 'never')
    if (name === undefined) this.rmdir(path)
    if (!(inode instanceof FolderInode)) {
      this.unlink(path)
      return
    }
    for (const name of this.tree.list(inode)) this.remove(`${path}/${name}`)
    this.rmdir(path)
  }

  /** The path with every link followed. */
  realpath(path: string): string {
    return this.need(path, 'always').path
  }
}

/** What is made has no slash at its end, but to say that it is a folder. */
function unslashed(path: string): string {
  return path.replace(/(?<=[^/])\/+$/, '')
}

function mustOwn(inode: AnyInode): void {
  const uid = kit().real.getuid()
  if (uid !== 0 && uid !== inode.uid) throw new Fault('EPERM')
}
