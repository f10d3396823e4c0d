/** `Stats`, `StatFs` and `Dirent` of Node's own classes, as code asks by `instanceof`. */
import nodeFs, { constants, Dirent } from 'node:fs'
import { type AnyInode, FolderInode, LinkInode } from './inodes.ts'
import { kit } from './kit.ts'

const BLOCK = 4096
/** Of a file system in memory. */
const TMPFS = 0x01_02_19_94
const DEVICE = 0x7f

let bigPrototype: object | undefined
let fsPrototype: object | undefined

export function statsOf(inode: AnyInode, bigint: boolean): object {
  const { mode, nlink, uid, gid, ino, size } = inode
  const blocks = inode instanceof FolderInode ? 0 : Math.ceil(size / 512)
  const numbers = { dev: DEVICE, mode, nlink, uid, gid, rdev: 0, blksize: BLOCK, ino, size, blocks }
  const times = { atimeMs: inode.atime, mtimeMs: inode.mtime, ctimeMs: inode.ctime, birthtimeMs: inode.birthtime }
  if (!bigint) return Object.assign(Object.create(nodeFs.Stats.prototype), numbers, times)
  bigPrototype ??= Object.getPrototypeOf(kit().real.statSync('/dev/null', { bigint: true })) as object
  const big: Record<string, bigint> = {}
  for (const [name, number] of Object.entries(numbers)) big[name] = BigInt(number)
  for (const [name, ms] of Object.entries(times)) big[name] = BigInt(Math.floor(ms))
  for (const [name, ms] of Object.entries(times)) big[name.replace('Ms', 'Ns')] = BigInt(Math.round(ms * 1e6))
  return Object.assign(Object.create(bigPrototype), big)
}

/** As Node tells of a file that is not there. */
export function noStats(bigint: boolean): object {
  const zero = { mode: 0, nlink: 0, uid: 0, gid: 0, ino: 0, size: 0, atime: 0, mtime: 0, ctime: 0, birthtime: 0 }
  const nowhere = bigint ? { dev: 0n, blksize: 0n } : { dev: 0, blksize: 0 }
  return Object.assign(statsOf(zero as AnyInode, bigint), nowhere)
}

export function statFsOf({ limit, used }: { readonly limit: number; readonly used: number }, bigint: boolean): object {
  const free = Math.floor((limit - used) / BLOCK)
  const numbers = {
    type: TMPFS,
    bsize: BLOCK,
    blocks: Math.ceil(limit / BLOCK),
    bfree: free,
    bavail: free,
    files: 0,
    ffree: 0,
  }
  fsPrototype ??= Object.getPrototypeOf(nodeFs.statfsSync('/dev/null')) as object
  const made = Object.create(fsPrototype)
  if (!bigint) return Object.assign(made, numbers)
  return Object.assign(
    made,
    Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, BigInt(number)])),
  )
}

const { UV_DIRENT_DIR, UV_DIRENT_FILE, UV_DIRENT_LINK } = constants as unknown as Readonly<Record<string, number>>
const DirentClass = Dirent as unknown as new (
  name: string | Buffer,
  type: number,
  path: string,
  whole?: string,
) => Dirent

export function direntOf(name: string | Buffer, inode: AnyInode, folder: string): Dirent {
  const type = (
    inode instanceof FolderInode ? UV_DIRENT_DIR : inode instanceof LinkInode ? UV_DIRENT_LINK : UV_DIRENT_FILE
  ) as number
  return new DirentClass(name, type, folder, folder)
}
