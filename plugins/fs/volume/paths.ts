/** Functions on names: looking, making, moving, removing; in their sync form. */
import nodeFs from 'node:fs'
import { at, encodedName, modeOf, type Options, optionsOf, pathText, secondsOf } from './arguments.ts'
import { Fault } from './errors.ts'
import { FolderInode, LinkInode } from './inodes.ts'
import { direntOf, statFsOf, statsOf } from './stats.ts'
import { type Follow, mayRead } from './tree.ts'
import type { VolumeParts } from './volume.ts'

type Fns = Record<string, (...args: never[]) => unknown>

const MOST_LINKS = 40
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export function pathFunctions({ calls, faults }: VolumeParts): Fns {
  const { tree } = calls
  const stat = (syscall: string, follow: Follow) => (path: unknown, options?: Options) => {
    try {
      return at(syscall, pathText(path), () => {
        faults.opening(pathText(path), 'probe')
        const { inode } = calls.need(pathText(path), follow)
        calls.disclose(inode, 'probe')
        return statsOf(inode, options?.bigint === true)
      })
    } catch (error) {
      const { code } = error as { code?: string }
      if (options?.throwIfNoEntry === false && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined
      throw error
    }
  }
  const writing = (syscall: string, path: unknown, fn: (path: string) => void, dest?: unknown) =>
    at(
      syscall,
      pathText(path),
      () => {
        faults.opening(pathText(path), 'write')
        if (dest !== undefined) faults.opening(pathText(dest), 'write')
        fn(pathText(path))
      },
      dest === undefined ? undefined : pathText(dest),
    )

  const exists = (path: unknown): boolean => {
    try {
      faults.opening(pathText(path), 'probe')
      const { inode } = tree.walk(pathText(path), 'always')
      if (inode !== undefined) calls.disclose(inode, 'probe')
      return inode !== undefined
    } catch {
      // Node's never throws, whatever it is given.
      return false
    }
  }

  const mkdir = (path: unknown, given?: unknown): string | undefined => {
    const options = optionsOf(given, 'mode')
    const mode = modeOf(options.mode, 0o777)
    if (options.recursive !== true) return writing('mkdir', path, (text) => calls.mkdir(text, mode)) as undefined
    return at('mkdir', pathText(path), () => {
      faults.opening(pathText(path), 'write')
      return makeAll(pathText(path), mode)
    })
  }

  /** As Node goes: what it cannot make for want of a folder, it makes after that folder. @returns the first that was made */
  function makeAll(path: string, mode: number): string | undefined {
    const ahead = [path]
    let first: string | undefined
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      const code = failure(() => calls.mkdir(next as string, mode))
      if (code === undefined) first ??= next
      else if (code === 'ENOENT') {
        const at = next.lastIndexOf('/')
        const above = at < 0 ? next : next.slice(0, at)
        if (above !== next) ahead.push(next, above)
        else if (ahead.length === 0) throw new Fault('EEXIST')
      } else if (code !== 'EEXIST') throw new Fault(code)
      else if (!(calls.need(next === '' ? '/' : next, 'always').inode instanceof FolderInode))
        throw new Fault(ahead.length > 0 ? 'ENOTDIR' : 'EEXIST')
    }
    return first
  }

  const readdir = (path: unknown, given?: unknown): unknown[] => {
    const { encoding, withFileTypes, recursive } = optionsOf(given)
    const text = pathText(path)
    const list = (shown: string) =>
      at('scandir', shown, () => {
        faults.opening(shown, 'read')
        const { inode } = calls.need(shown, 'always')
        if (!(inode instanceof FolderInode)) throw new Fault('ENOTDIR')
        mayRead(inode)
        return calls.names(inode).flatMap((name) => {
          const entry = tree.lookup(inode, name)
          return entry === undefined ? [] : [{ name, inode: entry }]
        })
      })
    const found: unknown[] = []
    const open = [{ shown: text, below: '' }]
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      for (const { name, inode } of list(next.shown)) {
        const below = next.below === '' ? name : `${next.below}/${name}`
        const shown = next.shown.endsWith('/') ? `${next.shown}${name}` : `${next.shown}/${name}`
        if (withFileTypes) found.push(direntOf(encodedName(name, encoding), inode, next.shown))
        else found.push(encodedName(below, encoding))
        // Only where it is asked for types does Node leave links alone.
        const goesOn = withFileTypes ? inode instanceof FolderInode : recursive === true && leadsToFolder(shown)
        if (recursive === true && goesOn) open.push({ shown, below })
      }
    }
    return found
  }

  function leadsToFolder(path: string): boolean {
    try {
      return tree.walk(path, 'always').inode instanceof FolderInode
    } catch (error) {
      if (error instanceof Fault) return false
      throw error
    }
  }

  const mkdtemp = (prefix: unknown, given?: unknown) => {
    const text = pathText(prefix)
    for (;;) {
      const suffix = Array.from({ length: 6 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')
      // Node's errors name the prefix with these six letters.
      const made = at('mkdtemp', `${text}XXXXXX`, () => {
        if (tree.walk(`${text}${suffix}`, 'never').inode !== undefined) return undefined
        faults.opening(`${text}${suffix}`, 'write')
        calls.mkdir(`${text}${suffix}`, 0o700)
        return `${text}${suffix}`
      })
      if (made !== undefined) return encodedName(made, optionsOf(given).encoding)
    }
  }

  /** Written in JavaScript: by the text of the path first, then part by part. */
  const realpath = (path: unknown, given?: unknown) => {
    const whole = pathText(path)
    let rest = normalised(whole.startsWith('/') ? whole : `${calls.cwd()}/${whole}`)
      .split('/')
      .slice(1)
    let found = ''
    for (let links = 0; rest.length > 0; ) {
      const next = `${found}/${rest[0]}`
      const inode = rest[0] === '' ? undefined : at('lstat', next, () => calls.need(next, 'never').inode)
      rest = rest.slice(1)
      if (!(inode instanceof LinkInode)) found = inode === undefined ? found : next
      else {
        at('stat', next, () => calls.need(next, 'always'))
        if (links++ > MOST_LINKS)
          at('stat', next, () => {
            throw new Fault('ELOOP')
          })
        const leads = normalised(inode.target.startsWith('/') ? inode.target : `${found}/${inode.target}`)
        rest = [...leads.split('/').slice(1), ...rest]
        found = ''
      }
    }
    return encodedName(found === '' ? '/' : found, optionsOf(given).encoding)
  }

  const native = (syscall: string) => (path: unknown, given?: unknown) =>
    at(syscall, pathText(path), () => {
      faults.opening(pathText(path), 'probe')
      return encodedName(calls.realpath(pathText(path)), optionsOf(given).encoding)
    })

  return {
    access: (path: unknown, mode?: number) =>
      at('access', pathText(path), () => {
        faults.opening(pathText(path), 'probe')
        calls.access(pathText(path), mode ?? nodeFs.constants.F_OK)
      }),
    exists,
    stat: stat('stat', 'always'),
    lstat: stat('lstat', 'folder'),
    statfs: (path: unknown, options?: Options) =>
      at('statfs', pathText(path), () => {
        calls.need(pathText(path), 'always')
        return statFsOf(tree, options?.bigint === true)
      }),
    readlink: (path: unknown, given?: unknown) =>
      at('readlink', pathText(path), () => encodedName(calls.readlink(pathText(path)), optionsOf(given).encoding)),
    realpath,
    'promises.realpath': native('realpath'),
    mkdir,
    mkdtemp,
    mkdtempDisposable(prefix: unknown, given?: unknown) {
      const path = String(mkdtemp(prefix, given))
      const remove = () => calls.remove(path)
      return { path, remove, [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: remove }
    },
    readdir,
    rmdir(path: unknown, options?: Options) {
      if (options?.recursive === true && failure(() => calls.need(`${pathText(path)}/`, 'never')) === undefined)
        return writing('rmdir', path, () => calls.remove(pathText(path)))
      return writing('rmdir', path, (text) => calls.rmdir(text))
    },
    unlink: (path: unknown) => writing('unlink', path, (text) => calls.unlink(text)),
    rename: (from: unknown, to: unknown) => writing('rename', from, (text) => calls.rename(text, pathText(to)), to),
    link: (from: unknown, to: unknown) => writing('link', from, (text) => calls.link(text, pathText(to)), to),
    symlink: (target: unknown, path: unknown) =>
      at(
        'symlink',
        pathText(target),
        () => {
          faults.opening(pathText(path), 'write')
          calls.symlink(pathText(target), pathText(path))
        },
        pathText(path),
      ),
    chmod: (path: unknown, mode: unknown) => writing('chmod', path, (text) => calls.chmod(text, modeOf(mode, 0))),
    lchmod: (path: unknown, mode: unknown) =>
      writing('lchmod', path, (text) => calls.chmod(text, modeOf(mode, 0), 'never')),
    chown: (path: unknown, uid: number, gid: number) =>
      writing('chown', path, (text) => calls.chown(text, uid, gid, 'always')),
    lchown: (path: unknown, uid: number, gid: number) =>
      writing('lchown', path, (text) => calls.chown(text, uid, gid, 'folder')),
    utimes: (path: unknown, atime: unknown, mtime: unknown) =>
      writing('utime', path, (text) => calls.utimes(text, secondsOf(atime), secondsOf(mtime), 'always')),
    lutimes: (path: unknown, atime: unknown, mtime: unknown) =>
      writing('lutime', path, (text) => calls.utimes(text, secondsOf(atime), secondsOf(mtime), 'folder')),
  } as Fns
}

/** The code of what a call fails with; undefined where it does not. */
function failure(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error.code
    throw error
  }
}

// Captured at load: tests replace it.
const { random } = Math

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

/** Without `.`, `..` and doubled slashes, by the text alone. */
export function normalised(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
