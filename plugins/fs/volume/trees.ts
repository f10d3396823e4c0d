/** Functions on whole trees: removing, copying, searching, listing by `Dir`. Node carries them out by others of its functions. */
import type { Dirent } from 'node:fs'
import { at, encodedName, type Options, optionsOf, pathText } from './arguments.ts'
import { Fault, systemError } from './errors.ts'
import { VolumeDir } from './folders.ts'
import { FolderInode, LinkInode } from './inodes.ts'
import { kit } from './kit.ts'
import { normalised, parentOf } from './paths.ts'
import { direntOf } from './stats.ts'
import type { VolumeParts } from './volume.ts'

type Fns = Record<string, (...args: never[]) => unknown>

const MAJOR = Number.parseInt(process.versions.node, 10)

export function treeFunctions({ calls, descriptors, faults, functions }: VolumeParts): Fns {
  const { tree } = calls
  const rm = (path: unknown, options: Options = {}, sync = false) => {
    const isForced = options.force === true && options.recursive === true
    // Before Node 23 nothing is looked at first then.
    const syscall = sync && isForced && MAJOR < 23 ? 'unlink' : 'lstat'
    const text = pathText(path)
    const place = at(syscall, text, () => {
      try {
        return calls.need(text, 'folder')
      } catch (error) {
        const { code } = error as Fault
        if (options.force === true && code === 'ENOENT') return undefined
        if (sync && isForced && MAJOR >= 23 && code === 'ENOTDIR') return undefined
        throw error
      }
    })
    if (place === undefined) return
    if (place.inode instanceof FolderInode && options.recursive !== true) {
      const about = { syscall: 'rm', path: text, errno: 'EISDIR', message: 'is a directory' }
      throw systemError('ERR_FS_EISDIR', 'Path is a directory', about)
    }
    at(place.inode instanceof FolderInode ? 'rmdir' : 'unlink', text, () => {
      faults.opening(text, 'write')
      calls.remove(text)
    })
  }

  const absolute = (path: string) => (path.startsWith('/') ? path : `${calls.cwd()}/${path}`)

  const copy = (from: string, to: string, options: Options): void => {
    const { filter } = options as { filter?: (from: string, to: string) => boolean }
    if (filter !== undefined && !filter(from, to)) return
    const source = at('lstat', from, () => calls.need(from, options.dereference === true ? 'always' : 'folder')).inode
    const target = at('lstat', to, () => {
      try {
        return tree.walk(to, options.dereference === true ? 'always' : 'folder').inode
      } catch (error) {
        if ((error as Fault).code === 'ENOENT') return undefined
        throw error
      }
    })
    const about = { syscall: 'cp', path: to, errno: 'EINVAL' }
    if (source === target) {
      const invalid = { ...about, message: 'src and dest cannot be the same' }
      throw systemError('ERR_FS_CP_EINVAL', 'Invalid src or dest', invalid)
    }
    if (source instanceof FolderInode) {
      if (target !== undefined && !(target instanceof FolderInode)) {
        const message = `cannot overwrite non-directory ${to} with directory ${from}`
        const told = { ...about, errno: 'EISDIR', message }
        throw systemError('ERR_FS_CP_DIR_TO_NON_DIR', 'Cannot overwrite non-directory with directory', told)
      }
      if (`${normalised(absolute(to))}/`.startsWith(`${normalised(absolute(from))}/`)) {
        const message = `cannot copy ${from} to a subdirectory of self ${to}`
        throw systemError('ERR_FS_CP_EINVAL', 'Invalid src or dest', { ...about, message })
      }
      if (options.recursive !== true) {
        // As Node does, which makes the folder first, and then looks what it copies.
        functions.mkdir(parentOf(normalised(absolute(to))), { recursive: true })
        const message = `${from} is a directory (not copied)`
        const told = { ...about, path: from, errno: 'EISDIR', message }
        throw systemError('ERR_FS_EISDIR', 'Path is a directory', told)
      }
      if (target === undefined) {
        functions.mkdir(to, { recursive: true })
        functions.chmod(to, source.permissions)
      }
      for (const name of calls.names(source)) copy(`${from}/${name}`, `${to}/${name}`, options)
      return
    }
    if (target instanceof FolderInode) {
      const message = `cannot overwrite directory ${to} with non-directory ${from}`
      const told = { ...about, errno: 'ENOTDIR', message }
      throw systemError('ERR_FS_CP_NON_DIR_TO_DIR', 'Cannot overwrite directory with non-directory', told)
    }
    if (target !== undefined && options.force === false) {
      if (options.errorOnExist !== true) return
      const told = { ...about, errno: 'EEXIST', message: `${to} already exists` }
      throw systemError('ERR_FS_CP_EEXIST', 'Target already exists', told)
    }
    functions.mkdir(parentOf(normalised(absolute(to))), { recursive: true })
    if (target !== undefined) functions.unlink(to)
    if (source instanceof LinkInode) {
      const isWhole = options.verbatimSymlinks === true || source.target.startsWith('/')
      const leads = isWhole ? source.target : normalised(`${parentOf(normalised(absolute(from)))}/${source.target}`)
      functions.symlink(leads, to)
      return
    }
    functions.copyFile(from, to, options.mode ?? 0)
    if (options.preserveTimestamps === true) functions.utimes(to, source.atime / 1000, source.mtime / 1000)
  }

  const opendir = (path: unknown, given?: unknown, sync = false) => {
    const text = pathText(path)
    const { encoding, recursive } = optionsOf(given)
    // Sync, Node does not say which.
    return at('opendir', sync ? undefined : text, () => {
      faults.opening(text, 'read')
      const { inode } = calls.need(text, 'always')
      if (!(inode instanceof FolderInode)) throw new Fault('ENOTDIR')
      if (recursive === true)
        return new VolumeDir(
          text,
          functions.readdir(text, { encoding, recursive, withFileTypes: true }) as Dirent[],
          descriptors.useOf(text),
        )
      const entries = calls.names(inode).flatMap((name) => {
        const entry = tree.lookup(inode, name)
        return entry === undefined ? [] : [direntOf(encodedName(name, encoding), entry, text)]
      })
      return new VolumeDir(text, entries, descriptors.useOf(text))
    })
  }

  const glob = (patterns: unknown, options: Options = {}) => {
    const { matchesGlob } = process.getBuiltinModule('node:path') as unknown as {
      matchesGlob(path: string, pattern: string): boolean
    }
    const cwd = normalised(absolute(options.cwd === undefined ? '.' : pathText(options.cwd)))
    const wanted = ([patterns].flat() as string[]).map((pattern) =>
      normalised(`${pattern.startsWith('/') ? '' : `${cwd}/`}${pattern}`),
    )
    const roots = [patterns].flat() as string[]
    const excluded = options.exclude as undefined | readonly string[] | ((entry: unknown) => boolean)
    const found: unknown[] = []
    const visit = (folder: FolderInode, path: string) => {
      for (const name of calls.names(folder)) {
        const inode = tree.lookup(folder, name)
        if (inode === undefined) continue
        const whole = path === '/' ? `/${name}` : `${path}/${name}`
        const shown = kit().real.relative(cwd, whole)
        const entry = options.withFileTypes === true ? direntOf(name, inode, path) : shown
        const isExcluded =
          typeof excluded === 'function'
            ? excluded(options.withFileTypes === true ? entry : shown)
            : (excluded ?? []).some((pattern) => matchesGlob(shown, pattern))
        if (isExcluded) continue
        const at = wanted.findIndex((pattern) => matchesGlob(whole, pattern))
        if (at >= 0) found.push(typeof entry === 'string' && roots[at]?.startsWith('/') ? whole : entry)
        if (inode instanceof FolderInode) visit(inode, whole)
      }
    }
    const start = at('scandir', cwd, () => calls.need(cwd, 'always')).inode
    if (start instanceof FolderInode) visit(start, cwd)
    return found
  }

  return {
    rm: (path: unknown, options?: Options) => rm(path, options),
    rmSync: (path: unknown, options?: Options) => rm(path, options, true),
    cp(from: unknown, to: unknown, options: Options = {}) {
      copy(pathText(from), pathText(to), options)
    },
    opendir: (path: unknown, given?: unknown) => opendir(path, given),
    opendirSync: (path: unknown, given?: unknown) => opendir(path, given, true),
    glob,
    openAsBlob(path: unknown, options: { type?: string } = {}) {
      return new Blob([functions.readFile(path) as BlobPart], { type: options.type ?? '' })
    },
  } as Fns
}
