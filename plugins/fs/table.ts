/**
 * Every function of `node:fs` and `node:fs/promises`: what it does, to which of its arguments, and in which forms it comes. Data, so that
 * whoever watches the functions and whoever answers them in their place speak of one list. Read off Node 20 to 26.
 */

export type Access = 'probe' | 'read' | 'write'

/**
 * `sync`: the name with `Sync`, throws. `callback`: the name itself, the last argument is told. `promise`: in `fs.promises`, rejects.
 * `plain`: the name itself, throws. `later`: the name itself, gives a promise. `iterator`: in `fs.promises`, gives an async iterator.
 * `stream`: gives a stream, which tells of errors itself. `class`: a class of such streams.
 */
export type Form = 'sync' | 'callback' | 'promise' | 'plain' | 'later' | 'iterator' | 'stream' | 'class'

export interface PathArgument {
  /** Position among the arguments. */
  readonly at: number
  /** `flags`: as the flags say with which it is opened. */
  readonly access: Access | 'flags'
  /** Whether a link in the last place is meant itself (`entry`) or what it leads to (`content`). */
  readonly last: 'entry' | 'content'
  /** `target`: a link's, read against the folder of the link. `prefix`: of a name that Node makes up. `glob`: patterns below `options.cwd`. */
  readonly is?: 'target' | 'prefix' | 'glob'
}

/** Where flags are found: an argument itself, or a key of it when it is an object. */
export interface FlagsArgument {
  readonly at: number
  readonly key?: string
  readonly without: string
}

export interface FsOperation {
  /** As errors say it: `writing a.txt`. */
  readonly doing: string
  readonly forms: readonly Form[]
  /** Paths that it takes; none for what works on descriptors or on nothing. Those that are read come first. */
  readonly paths: readonly PathArgument[]
  readonly flags?: FlagsArgument | undefined
  /**
   * The first argument is a descriptor, or may be one where there are paths too. `metadata` changes what a descriptor that was opened for
   * reading may change as well.
   */
  readonly descriptor?: 'read' | 'write' | 'metadata' | 'close' | undefined
  /** Works on all that is below the path. */
  readonly tree?: true | undefined
  /** May change what other paths mean: makes, moves or removes links and folders. */
  readonly moves?: true | undefined
  /** The system call that Node names in its errors, when it is not the function's own name. */
  readonly syscall?: string | undefined
}

const ALL: readonly Form[] = ['sync', 'callback', 'promise']
const NO_PROMISE: readonly Form[] = ['sync', 'callback']

const content = (access: PathArgument['access'], at = 0): PathArgument => ({ at, access, last: 'content' })
const entry = (access: Access, at = 0): PathArgument => ({ at, access, last: 'entry' })
const prefix: PathArgument = { at: 0, access: 'write', last: 'entry', is: 'prefix' }
const patterns: PathArgument = { at: 0, access: 'read', last: 'content', is: 'glob' }
const target: PathArgument = { at: 0, access: 'write', last: 'content', is: 'target' }

type More = Partial<Omit<FsOperation, 'doing'>>
const NO_MORE: More = {}

/** All of one shape, made in one place: written as literals they were the dearest lines of a worker's start. */
function operation(doing: string, path: PathArgument, more: More = NO_MORE): FsOperation {
  const { forms = ALL, paths = [path], flags, descriptor, tree, moves, syscall } = more
  return { doing, forms, paths, flags, descriptor, tree, moves, syscall }
}

const READ = content('read')
const WRITE = content('write')
const PROBE = content('probe')
const BY_FLAGS = content('flags')
const WRITE_ENTRY = entry('write')
const PROBE_ENTRY = entry('probe')
const NO_PATHS: readonly PathArgument[] = []
const MOVES: More = { moves: true }
const TO_SECOND: More = { paths: [WRITE_ENTRY, entry('write', 1)], moves: true }
const COPIED: readonly PathArgument[] = [READ, content('write', 1)]
const OPENS: More = { descriptor: 'write', syscall: 'open' }

function probe(path: PathArgument, more?: More): FsOperation {
  return operation('looking at', path, more)
}

function read(doing: string, more?: More): FsOperation {
  return operation(doing, READ, more)
}

const write = operation

function onDescriptor(descriptor: FsOperation['descriptor'], doing: string): FsOperation {
  return operation(doing, READ, { forms: NO_PROMISE, paths: NO_PATHS, descriptor })
}

export const OPERATIONS: Readonly<Record<string, FsOperation>> = {
  access: probe(PROBE),
  exists: probe(PROBE, { forms: NO_PROMISE, syscall: 'access' }),
  stat: probe(PROBE),
  lstat: probe(PROBE_ENTRY),
  statfs: probe(PROBE),
  readlink: probe(PROBE_ENTRY),
  realpath: probe(PROBE, { syscall: 'lstat' }),

  readFile: read('reading', {
    paths: [BY_FLAGS],
    flags: { at: 1, key: 'flag', without: 'r' },
    descriptor: 'read',
    syscall: 'open',
  }),
  readdir: read('listing', { tree: true, syscall: 'scandir' }),
  opendir: read('listing', { tree: true }),
  open: read('opening', { paths: [BY_FLAGS], flags: { at: 1, without: 'r' } }),
  openAsBlob: read('reading', { forms: ['later', 'sync'], syscall: 'open' }),
  watch: read('watching', { forms: ['plain', 'iterator'], tree: true }),
  watchFile: read('watching', { forms: ['plain'] }),
  glob: read('searching', { forms: ['sync', 'callback', 'iterator'], paths: [patterns], tree: true }),
  createReadStream: read('reading', { forms: ['stream'], ...byStreamFlags('r') }),
  ReadStream: read('reading', { forms: ['class'], ...byStreamFlags('r') }),
  FileReadStream: read('reading', { forms: ['class'], ...byStreamFlags('r') }),

  writeFile: write('writing', WRITE, OPENS),
  appendFile: write('appending to', WRITE, OPENS),
  truncate: write('truncating', WRITE, OPENS),
  createWriteStream: write('writing', BY_FLAGS, { forms: ['stream'], ...byStreamFlags('w') }),
  WriteStream: write('writing', BY_FLAGS, { forms: ['class'], ...byStreamFlags('w') }),
  FileWriteStream: write('writing', BY_FLAGS, { forms: ['class'], ...byStreamFlags('w') }),
  chmod: write('changing the mode of', WRITE),
  lchmod: write('changing the mode of', WRITE_ENTRY),
  chown: write('changing the owner of', WRITE),
  lchown: write('changing the owner of', WRITE_ENTRY),
  utimes: write('changing the times of', WRITE, { syscall: 'utime' }),
  lutimes: write('changing the times of', WRITE_ENTRY, { syscall: 'lutime' }),
  mkdir: write('making the folder', WRITE_ENTRY, MOVES),
  mkdtemp: write('making a folder', prefix, MOVES),
  mkdtempDisposable: write('making a folder', prefix, { forms: ['sync', 'promise'], moves: true, syscall: 'mkdtemp' }),
  unlink: write('removing', WRITE_ENTRY, MOVES),
  rm: write('removing', WRITE_ENTRY, { tree: true, moves: true }),
  rmdir: write('removing', WRITE_ENTRY, { tree: true, moves: true }),
  symlink: write('linking', target, { paths: [entry('write', 1), target], moves: true }),
  link: write('linking', WRITE_ENTRY, TO_SECOND),
  rename: write('renaming', WRITE_ENTRY, TO_SECOND),
  copyFile: read('copying', { paths: COPIED }),
  cp: read('copying', { paths: COPIED, tree: true, moves: true }),

  close: onDescriptor('close', 'closing'),
  read: onDescriptor('read', 'reading'),
  readv: onDescriptor('read', 'reading'),
  fstat: onDescriptor('read', 'looking at'),
  write: onDescriptor('write', 'writing'),
  writev: onDescriptor('write', 'writing'),
  ftruncate: onDescriptor('write', 'truncating'),
  fsync: onDescriptor(undefined, 'flushing'),
  fdatasync: onDescriptor(undefined, 'flushing'),
  fchmod: onDescriptor('metadata', 'changing the mode of'),
  fchown: onDescriptor('metadata', 'changing the owner of'),
  futimes: onDescriptor('metadata', 'changing the times of'),
}

function byStreamFlags(without: string): Pick<FsOperation, 'paths' | 'flags' | 'syscall'> {
  return { paths: [BY_FLAGS], flags: { at: 1, key: 'flags', without }, syscall: 'open' }
}

/** Exports that reach no file by themselves: what they open, they open through the functions above (`Utf8Stream`). */
export const HARMLESS: readonly string[] = [
  'unwatchFile',
  'Dirent',
  'Stats',
  'Dir',
  'Utf8Stream',
  '_toUnixTimestamp',
  'F_OK',
  'R_OK',
  'W_OK',
  'X_OK',
  'constants',
  'promises',
]

/** Methods of `FileHandle`, by what they do to the open file; those that are not named do nothing to it. */
export const HANDLE_METHODS: Readonly<Record<string, 'read' | 'write' | 'metadata'>> = {
  read: 'read',
  readv: 'read',
  readFile: 'read',
  readLines: 'read',
  readableWebStream: 'read',
  createReadStream: 'read',
  stat: 'read',
  pull: 'read',
  pullSync: 'read',
  write: 'write',
  writev: 'write',
  writeFile: 'write',
  appendFile: 'write',
  truncate: 'write',
  createWriteStream: 'write',
  writer: 'write',
  chmod: 'metadata',
  chown: 'metadata',
  utimes: 'metadata',
}

/** What is done by functions that do not write what a file holds, as assertions have it. */
export const CHANGES: Readonly<Record<string, string>> = {
  mkdir: 'make',
  mkdtemp: 'make',
  mkdtempDisposable: 'make',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  rename: 'rename',
  link: 'link',
  symlink: 'link',
  chmod: 'mode',
  lchmod: 'mode',
  fchmod: 'mode',
  chown: 'owner',
  lchown: 'owner',
  fchown: 'owner',
  utimes: 'times',
  lutimes: 'times',
  futimes: 'times',
}
