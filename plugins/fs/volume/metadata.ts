/** Mode, owner and times through a descriptor: one that was opened for reading may change them too, so each is a call that writes. */
import { at, modeOf, secondsOf } from './arguments.ts'
import { type Fd, numberOf } from './files.ts'
import type { AnyInode } from './inodes.ts'
import type { VolumeParts } from './volume.ts'

export function metadataFunctions({ calls, descriptors }: VolumeParts): Record<string, (...args: never[]) => unknown> {
  const changing = (
    name: string,
    syscall: string,
    fd: Fd,
    args: readonly unknown[],
    change: (inode: AnyInode) => void,
  ) =>
    at(syscall, undefined, () => {
      const file = descriptors.file(numberOf(fd))
      descriptors.writes(file, name, [fd, ...args], () => change(file.inode))
      calls.changed(file.path, 'change')
    })

  return {
    fchmod: (fd: Fd, mode: unknown) =>
      changing('fchmod', 'fchmod', fd, [mode], (inode) => calls.chmodInode(inode, modeOf(mode, 0))),
    fchown: (fd: Fd, uid: number, gid: number) =>
      changing('fchown', 'fchown', fd, [uid, gid], (inode) => calls.chownInode(inode, uid, gid)),
    futimes: (fd: Fd, atime: unknown, mtime: unknown) =>
      changing('futimes', 'futime', fd, [atime, mtime], (inode) =>
        calls.utimesInode(inode, secondsOf(atime), secondsOf(mtime)),
      ),
  }
}
