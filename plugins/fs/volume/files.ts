/** Functions on the contents of files and on descriptors, in their sync form. */
import nodeFs from 'node:fs'
import { at, bytesOf, encoded, flagsOf, modeOf, type Options, optionsOf, pathText } from './arguments.ts'
import { Fault } from './errors.ts'
import { FileInode } from './inodes.ts'
import { statsOf } from './stats.ts'
import type { VolumeParts } from './volume.ts'

type Fns = Record<string, (...args: never[]) => unknown>
export type Fd = number | { readonly fd: number }

export const numberOf = (fd: Fd): number => (typeof fd === 'number' ? fd : fd.fd)

export function fileFunctions({ calls, descriptors, faults }: VolumeParts): Fns {
  const open = (path: unknown, flags?: unknown, mode?: unknown): number => {
    const numbers = flagsOf(flags)
    const bits = modeOf(mode, 0o666)
    return at('open', pathText(path), () => {
      faults.opening(pathText(path), (numbers & 3) !== 0 ? 'write' : 'read')
      return descriptors.open(pathText(path), numbers, bits)
    })
  }
  const close = (fd: number) => at('close', undefined, () => descriptors.close(fd))

  const readBare = (fd: Fd, into: Uint8Array, position: number | undefined): number => {
    const file = descriptors.file(numberOf(fd))
    const most = faults.most(file.path, 'read', into.length)
    const count = descriptors.read(numberOf(fd), most < into.length ? into.subarray(0, most) : into, position)
    faults.moved(file.path, 'read', count)
    return count
  }
  const readOnce = (fd: Fd, into: Uint8Array, position: number | undefined): number =>
    at('read', undefined, () => readBare(fd, into, position))

  const writeOnce = (fd: Fd, bytes: Uint8Array, position: number | undefined): number =>
    at('write', undefined, () => {
      const file = descriptors.file(numberOf(fd))
      const most = faults.most(file.path, 'write', bytes.length)
      const count = descriptors.write(numberOf(fd), most < bytes.length ? bytes.subarray(0, most) : bytes, position)
      faults.moved(file.path, 'write', count)
      return count
    })

  const writeAll = (fd: Fd, bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeOnce(fd, bytes.subarray(done), undefined)
  }

  const readAll = (fd: Fd): Uint8Array => at('read', undefined, () => readAllBare(fd))
  const readAllBare = (fd: Fd): Uint8Array => {
    const file = descriptors.file(numberOf(fd))
    const chunks: Uint8Array[] = []
    for (;;) {
      const size = file.inode instanceof FileInode ? Math.max(file.inode.size - file.position, 1) : 1
      const chunk = new Uint8Array(size)
      const count = readBare(fd, chunk, undefined)
      if (count === 0) return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
      chunks.push(count === size ? chunk : chunk.subarray(0, count))
    }
  }

  /** Opens what is no descriptor yet, and closes it afterwards. */
  const using = <T>(path: unknown, how: readonly [flags: unknown, mode?: unknown], use: (fd: Fd) => T): T => {
    if (isFd(path)) return use(path)
    const fd = open(path, ...how)
    try {
      return use(fd)
    } finally {
      close(fd)
    }
  }

  const writeFile = (path: unknown, data: unknown, given: unknown, flag: string) => {
    const options = optionsOf(given)
    const bytes = bytesOf(data, options.encoding)
    using(path, [options.flag ?? flag, options.mode], (fd) => writeAll(fd, bytes))
  }

  const stat = (fd: Fd, options?: Options) =>
    at('fstat', undefined, () => statsOf(descriptors.file(numberOf(fd)).inode, options?.bigint === true))

  const truncate = (fd: Fd, length = 0) =>
    at('ftruncate', undefined, () => descriptors.truncate(numberOf(fd), Math.max(0, length)))

  return {
    open,
    close,
    readFile(path: unknown, given?: unknown) {
      const options = optionsOf(given)
      return encoded(using(path, [options.flag], readAll), options.encoding)
    },
    // From Node 26 on, who waits is told the path of a folder as well.
    ...(Number.parseInt(process.versions.node, 10) >= 26 && {
      'async.readFile': (path: unknown, given?: unknown) => {
        const options = optionsOf(given)
        const all = (fd: Fd) => at('read', isFd(path) ? undefined : pathText(path), () => readAllBare(fd))
        return encoded(using(path, [options.flag], all), options.encoding)
      },
    }),
    writeFile: (path: unknown, data: unknown, given?: unknown) => writeFile(path, data, given, 'w'),
    appendFile: (path: unknown, data: unknown, given?: unknown) => writeFile(path, data, given, 'a'),
    truncate: (path: unknown, length = 0) => using(path, ['r+'], (fd) => truncate(fd, length)),
    ftruncate: truncate,
    copyFile(from: unknown, to: unknown, mode = 0) {
      const [source, target] = [pathText(from), pathText(to)]
      return at('copyfile', source, () => copy(source, target, mode), target)
    },
    read(fd: Fd, buffer: Uint8Array, ...rest: unknown[]) {
      const { offset, length, position } = readArguments(buffer, rest)
      // Node does not even look at the descriptor.
      if (length === 0) return 0
      return readOnce(fd, viewOf(buffer).subarray(offset, offset + length), position)
    },
    readv(fd: Fd, buffers: readonly Uint8Array[], position?: number) {
      return each(buffers, positionOf(position), (buffer, where) => readOnce(fd, viewOf(buffer), where))
    },
    write(fd: Fd, data: string | Uint8Array, ...rest: unknown[]) {
      if (typeof data === 'string') {
        const [position, encoding] = rest
        return writeOnce(fd, bytesOf(data, encoding), positionOf(position))
      }
      const { offset, length, position } = readArguments(data, rest)
      return writeOnce(fd, viewOf(data).subarray(offset, offset + length), position)
    },
    writev(fd: Fd, buffers: readonly Uint8Array[], position?: number) {
      return each(buffers, positionOf(position), (buffer, where) => writeOnce(fd, viewOf(buffer), where))
    },
    fstat: stat,
    fsync: (fd: Fd) => at('fsync', undefined, () => void descriptors.file(numberOf(fd))),
    fdatasync: (fd: Fd) => at('fdatasync', undefined, () => void descriptors.file(numberOf(fd))),
  } as Fns

  function copy(source: string, target: string, mode: number): void {
    const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = nodeFs.constants
    if ((mode & COPYFILE_FICLONE_FORCE) !== 0) throw new Fault('ENOTSUP')
    faults.opening(source, 'read')
    faults.opening(target, 'write')
    const from = descriptors.open(source, nodeFs.constants.O_RDONLY, 0)
    try {
      const { inode } = descriptors.file(from)
      // As libuv does, which asks what it copies before it opens what it copies to.
      const { O_CREAT, O_EXCL, O_WRONLY } = nodeFs.constants
      const flags = O_WRONLY | O_CREAT | ((mode & COPYFILE_EXCL) === 0 ? 0 : O_EXCL)
      const to = descriptors.open(target, flags, inode.permissions)
      try {
        const there = descriptors.file(to).inode
        if (there === inode) return
        descriptors.truncate(to, 0)
        there.permissions = inode.permissions
        // A folder is not told from a file before it is read.
        if (!(inode instanceof FileInode)) throw new Fault('EISDIR')
        const { bytes } = inode
        for (let done = 0; done < bytes.length; ) {
          const readable = faults.most(source, 'read', bytes.length - done)
          const most = faults.most(target, 'write', readable)
          descriptors.write(to, bytes.subarray(done, done + most), undefined)
          faults.moved(source, 'read', most)
          faults.moved(target, 'write', most)
          done += most
        }
      } catch (error) {
        // As libuv does, whether it was there before or not.
        calls.unlink(target)
        throw error
      } finally {
        descriptors.close(to)
      }
    } finally {
      descriptors.close(from)
    }
  }
}

function isFd(path: unknown): path is Fd {
  return typeof path === 'number' || typeof (path as { fd?: unknown } | null)?.fd === 'number'
}

function positionOf(position: unknown): number | undefined {
  if (typeof position === 'bigint') return position < 0n ? undefined : Number(position)
  return typeof position === 'number' && position >= 0 ? position : undefined
}

export function viewOf(buffer: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

/** `offset, length, position`, or an object of them. */
export function readArguments(buffer: ArrayBufferView, rest: readonly unknown[]) {
  const [first] = rest
  const named = typeof first === 'object' && first !== null ? (first as Options) : undefined
  const [offset, length, position] = named ? [named.offset, named.length, named.position] : rest
  const from = Number(offset ?? 0)
  const most = buffer.byteLength - from
  const count = length === undefined || length === null ? most : Number(length)
  if (!(from >= 0 && from <= buffer.byteLength) || !(count >= 0 && count <= most)) {
    // Node says what is wrong with them.
    const fd = nodeFs.openSync('/dev/null', 'r')
    try {
      nodeFs.readSync(fd, buffer as Uint8Array, from, count, null)
    } finally {
      nodeFs.closeSync(fd)
    }
  }
  return { offset: from, length: count, position: positionOf(position) }
}

/** One after the other, until one is not filled. */
function each(
  buffers: readonly Uint8Array[],
  position: number | undefined,
  use: (buffer: Uint8Array, where: number | undefined) => number,
): number {
  let done = 0
  for (const buffer of buffers) {
    const count = use(buffer, position === undefined ? undefined : position + done)
    done += count
    if (count < buffer.byteLength) break
  }
  return done
}
