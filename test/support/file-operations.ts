/** Random operations on files, and what came of each as plain data: to be made in two places and compared. */
import fs, { promises, type Stats } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDWR } = fs.constants

/** Below the folder in which it all happens: files, folders, what lies under both, links, what is not there, other ways to say the same. */
const NAMES = [
  'a',
  'b',
  'd',
  'd/a',
  'd/e',
  'd/e/a',
  'l',
  'd/l',
  'a/x',
  'no/x',
  'd/',
  'l/',
  './a',
  'd/../b',
  'd/e/../a',
  'l/a',
  'd/.',
]
const TARGETS = ['a', 'd', 'no', '../a', 'e', 'l', '.', 'no/where']
const TEXTS = ['', 'x', 'text', 'längst kein ASCII', 'y'.repeat(3000)]
const FLAGS = [
  'r',
  'r+',
  'w',
  'w+',
  'wx',
  'a',
  'a+',
  'ax',
  'rs+',
  O_RDWR | O_CREAT | O_EXCL,
  O_RDWR | O_NOFOLLOW,
  O_DIRECTORY,
  O_RDWR | O_APPEND,
]
const MODES = [0o644, 0o600, 0o755, 0o400, 0o777, '640']

const name = fc.constantFrom(...NAMES)
const text = fc.constantFrom(...TEXTS)
const slot = fc.integer({ min: 0, max: 2 })
const flag = fc.constantFrom(...FLAGS)
const small = fc.integer({ min: 0, max: 9 })
const mode = fc.constantFrom(...MODES)

/** What ends in a slash or a dot is removed by one version of Node, and not by another. */
const unslashed = fc.constantFrom(...NAMES.filter((one) => !/\/\.?$/.test(one))).map((one) => ({ in: one }))

/** By the function's name: its arguments. Those that are paths come as `{ in: 'a' }`, open files as `{ slot: 0 }`. */
const path = name.map((one) => ({ in: one }))
/** Of `cp`, which Node writes in JavaScript in one version and in C++ in another: paths that say what they mean. */
const simple = fc.constantFrom('a', 'b', 'd', 'd/a', 'd/e', 'l', 'd/l').map((one) => ({ in: one }))
const file = slot.map((one) => ({ slot: one }))
const ARGUMENTS: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>> = {
  access: [path, fc.constantFrom(0, 4, 2, 1)],
  appendFile: [path, text],
  chmod: [path, mode],
  copyFile: [path, path, fc.constantFrom(0, 1)],
  cp: [simple, simple, fc.constantFrom({ recursive: true }, { recursive: true, force: false }, {})],
  exists: [path],
  link: [path, path],
  lstat: [path, fc.constantFrom({}, { bigint: false })],
  lutimes: [path, small, small],
  mkdir: [path, fc.constantFrom(undefined, { recursive: true }, { mode: 0o700 }, 0o711)],
  opendir: [path],
  readFile: [path, fc.constantFrom('utf8', 'hex', undefined, { encoding: 'latin1' }, { flag: 'a+' })],
  readdir: [path, fc.constantFrom({}, { recursive: true }, 'utf8', 'buffer', { withFileTypes: true })],
  readlink: [path],
  realpath: [path],
  rename: [path, path],
  rm: [unslashed, fc.constantFrom({}, { force: true }, { recursive: true }, { recursive: true, force: true })],
  rmdir: [path],
  stat: [path],
  symlink: [fc.constantFrom(...TARGETS), path],
  truncate: [path, small],
  unlink: [path],
  utimes: [path, small, small],
  writeFile: [
    path,
    text,
    fc.constantFrom(undefined, 'utf8', { flag: 'a' }, { mode: 0o600 }, { flag: 'wx' }, { flag: 'r+' }),
  ],
  open: [path, flag, mode, slot],
  close: [file],
  read: [file, small, fc.constantFrom(null, 0, 2)],
  write: [file, text, fc.constantFrom(null, 0, 5)],
  ftruncate: [file, small],
  fstat: [file],
  fchmod: [file, mode],
  futimes: [file, small, small],
}

export interface FileOperation {
  readonly function: string
  readonly form: 'sync' | 'callback' | 'promise'
  readonly args: readonly unknown[]
}

export const fileOperation: fc.Arbitrary<FileOperation> = fc.constantFrom(...Object.keys(ARGUMENTS)).chain((one) =>
  fc.record({
    function: fc.constant(one),
    form: fc.constantFrom('sync' as const, 'callback' as const, 'promise' as const),
    args: fc.tuple(...(ARGUMENTS[one] ?? [])),
  }),
)

type Fns = Readonly<Record<string, (...args: unknown[]) => unknown>>

/** Does them in a folder up to a copy that fails, and looks at it afterwards. @returns what came of each, and all that stands there in the end */
export async function outcomesOf(operations: readonly FileOperation[], folder: string): Promise<unknown[]> {
  const slots: unknown[] = []
  const outcomes: unknown[] = []
  let isOver = false
  for (const operation of operations) {
    const outcome = await outcomeOf(() => run(operation, folder, slots))
    const { code } = (outcome ?? {}) as { code?: unknown }
    const isCopied = operation.function === 'cp'
    const isVague = isCopied || makesAllLater(operation) || isLostInLinks(operation, code)
    outcomes.push(code !== undefined && isVague ? 'failed' : outcome)
    // How `cp` fails changes from version to version, and what it has copied by then, with the order of a folder.
    isOver = isCopied && code !== undefined
    if (isOver) break
  }
  for (const open of slots) if (open !== undefined) await outcomeOf(() => closeOf(open))
  if (!isOver) outcomes.push(treeOf(folder))
  return outcomes
}

/** In these forms Node tells of a link that leads nowhere, on the way, as of a file. */
function makesAllLater({ function: name, form, args }: FileOperation): boolean {
  return name === 'mkdir' && form !== 'sync' && (args[1] as { recursive?: boolean } | undefined)?.recursive === true
}

/** For links that go round, Node 26 has no word of its own here (`, Unknown error: Too many levels of symbolic links`). */
function isLostInLinks({ function: name }: FileOperation, code: unknown): boolean {
  return name === 'rm' && (code === '' || code === 'ELOOP')
}

async function outcomeOf(fn: () => unknown): Promise<unknown> {
  try {
    return plain(await fn())
  } catch (error) {
    const { name, message, code, errno, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string }
    return { name, message, code, errno, syscall, path, dest }
  }
}

function run({ function: name, form, args }: FileOperation, folder: string, slots: unknown[]): unknown {
  const given = args.map((arg) => {
    const { in: inside, slot } = (arg ?? {}) as { in?: string; slot?: number }
    if (inside !== undefined) return inside === '' ? '' : `${folder}/${inside}`
    return slot === undefined ? arg : slots[slot]
  })
  if (name === 'open') return open(form, given, slots)
  const target = given[0]
  if ((args[0] as { slot?: number } | null)?.slot !== undefined) {
    if (target === undefined) return 'nothing is open there'
    if (name === 'close') slots[(args[0] as { slot: number }).slot] = undefined
    return onOpenFile(name, form, target, given.slice(1))
  }
  return call(name, form, given)
}

async function open(form: FileOperation['form'], given: unknown[], slots: unknown[]): Promise<unknown> {
  const at = given.pop() as number
  const opened = await call('open', form, given)
  if (slots[at] !== undefined) await closeOf(slots[at])
  slots[at] = opened
  return 'opened'
}

function closeOf(open: unknown): unknown {
  return typeof open === 'number' ? fs.closeSync(open) : (open as promises.FileHandle).close()
}

const OF_HANDLES: Readonly<Record<string, string>> = {
  ftruncate: 'truncate',
  fstat: 'stat',
  fchmod: 'chmod',
  futimes: 'utimes',
}

async function onOpenFile(
  name: string,
  form: FileOperation['form'],
  target: unknown,
  rest: unknown[],
): Promise<unknown> {
  if (name === 'read') {
    const buffer = Buffer.alloc(8)
    const [length, position] = rest
    if (typeof target === 'object')
      await (target as promises.FileHandle).read(buffer, 0, Math.min(8, length as number), position as number)
    else
      await call('read', form === 'promise' ? 'sync' : form, [
        target,
        buffer,
        0,
        Math.min(8, length as number),
        position,
      ])
    return buffer.toString('hex')
  }
  if (typeof target === 'object') {
    const method = (target as unknown as Fns)[OF_HANDLES[name] ?? name] as (...args: unknown[]) => unknown
    return plain(await method.apply(target, rest))
  }
  return call(name, form === 'promise' ? 'sync' : form, [target, ...rest])
}

/** Trailing arguments that are `undefined` are left out, as people do. */
function call(name: string, form: FileOperation['form'], given: unknown[]): unknown {
  const args = given.at(-1) === undefined ? given.slice(0, -1) : given
  if (form === 'sync' || (name === 'exists' && form === 'promise'))
    return (fs as unknown as Fns)[`${name}Sync`]?.(...args)
  if (form === 'promise') return (promises as unknown as Fns)[name]?.(...args)
  return new Promise((resolve, reject) => {
    const done = (error: unknown, result?: unknown) => {
      if (name === 'exists') resolve(error)
      else if (error) reject(error)
      else resolve(result)
    }
    ;(fs as unknown as Fns)[name]?.(...args, done)
  })
}

function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (value instanceof fs.Stats) return statsOf(value)
  if (Array.isArray(value))
    return value.map(plain).sort((one, other) => (String(JSON.stringify(one)) < String(JSON.stringify(other)) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  const { name, parentPath, bytesWritten, path, closeSync } = value as Record<string, unknown>
  if (typeof closeSync === 'function') {
    ;(value as fs.Dir).closeSync()
    return { dir: path }
  }
  if (bytesWritten !== undefined) return bytesWritten
  if (name === undefined) return Object.keys(value)
  const entry = value as fs.Dirent
  return { name, parentPath, kind: [entry.isFile(), entry.isDirectory(), entry.isSymbolicLink()] }
}

function statsOf(stats: Stats): object {
  const { mode, uid, gid, size, nlink, mtimeMs } = stats
  const isFolder = stats.isDirectory()
  // File systems differ in what they say of folders, and in whether reading counts; times that nobody has set are those of the clock.
  const early = (time: number) => (time < 1_000_000 ? time : 'now')
  return {
    mode,
    uid,
    gid,
    ...(!isFolder && { size, nlink }),
    mtime: early(mtimeMs),
    kinds: [stats.isFile(), isFolder, stats.isSymbolicLink()],
  }
}

function treeOf(folder: string): unknown {
  return fs
    .readdirSync(folder)
    .sort()
    .map((name) => {
      const path = join(folder, name)
      const stats = fs.lstatSync(path)
      if (stats.isDirectory()) return { name, mode: stats.mode, holds: treeOf(path) }
      if (stats.isSymbolicLink()) return { name, leads: fs.readlinkSync(path) }
      return { name, mode: stats.mode, nlink: stats.nlink, text: fs.readFileSync(path, 'latin1') }
    })
}
