/** A disk of a test's own: in memory, over the real one or over nothing. */
import type { Left, Reply } from '../../../src/plugin.ts'
import type { FailedCall } from '../failure.ts'
import { Accounts } from './accounts.ts'
import { at, pathText } from './arguments.ts'
import { Calls } from './calls.ts'
import { Beginning, inodesOf } from './changes.ts'
import { Descriptors } from './descriptors.ts'
import { type Entry, entryOf } from './entries.ts'
import { Fault } from './errors.ts'
import { Faults } from './faults.ts'
import { fileFunctions } from './files.ts'
import { Forms } from './forms.ts'
import { FolderInode, LinkInode } from './inodes.ts'
import { kit } from './kit.ts'
import { metadataFunctions } from './metadata.ts'
import { Operations } from './operations.ts'
import { normalised, parentOf, pathFunctions } from './paths.ts'
import type { Contents, VolumeOptions } from './seeds.ts'
import { Tree } from './tree.ts'
import { treeFunctions } from './trees.ts'
import { watchFunctions } from './watch.ts'
import { watchFileFunctions } from './watch-file.ts'

type Fn = (...args: unknown[]) => unknown

/** What the functions are made of. */
export interface VolumeParts {
  readonly calls: Calls
  readonly descriptors: Descriptors
  readonly faults: Faults
  /** The sync ones. */
  readonly functions: Functions
}

type Used =
  | 'chmod'
  | 'copyFile'
  | 'exists'
  | 'mkdir'
  | 'readFile'
  | 'readdir'
  | 'rm'
  | 'symlink'
  | 'unlink'
  | 'utimes'
  | 'writeFile'
type Functions = Readonly<Record<string, Fn> & Record<Used, Fn>>

/** One of Node's functions, as it is exported. */
type Named = Pick<FailedCall, 'name' | 'form'>

export interface Asked {
  readonly text: string
  readonly access: 'probe' | 'read' | 'write'
  readonly last: 'entry' | 'content'
  readonly function: string
}

const MAKERS = [fileFunctions, metadataFunctions, pathFunctions, treeFunctions, watchFunctions, watchFileFunctions]
const ONLY_LOOKS: Left = { pending: () => false, state: () => undefined }
const OF_TWO_PATHS = /^(?:rename|link|symlink|copyFile|cp)(?:Sync)?$/
/** Behind a link it leads elsewhere than the path says. */
const UPWARDS = /(?:^|\/)\.\.(?:\/|$)/
const WATCHES = /^watch(?:File)?$/
/** They say what lies below a folder as well. */
const OF_TREES = /^(?:readdir|opendir|watch|glob|cp)/

export class Volume {
  readonly tree: Tree
  readonly beginning: Beginning
  readonly accounts: Accounts
  readonly descriptors: Descriptors
  /** Where relative names start. */
  readonly at: string
  /** What has to be asserted: what is left in the end, or each operation. */
  readonly ledger: VolumeOptions['ledger']
  readonly faults: Faults
  /** Asked before code gets to know what the real disk has under a path. @throws what stops it */
  disclosing: (path: string, access: 'probe' | 'read') => void = () => {}
  #isAskingElsewhere = false
  /** Folders that every disk has, and nobody wants to be told of. */
  readonly hidden = new Set<string>()
  readonly operations: Operations | undefined
  readonly #forms: Forms
  readonly #functions: Functions

  constructor(contents: Contents, { at, over, size, ledger }: VolumeOptions) {
    this.at = at
    this.ledger = ledger
    this.tree = new Tree(over, size)
    this.faults = new Faults((path) => this.#absolute(path))
    const calls = new Calls(this.tree)
    calls.disclosing = (path, access) => this.disclosing(path, access)
    this.descriptors = new Descriptors(calls)
    const functions = {} as Functions
    const parts: VolumeParts = { calls, descriptors: this.descriptors, faults: this.faults, functions }
    for (const made of MAKERS) Object.assign(functions, made(parts))
    this.#functions = functions
    if (ledger === 'operations') this.operations = new Operations(this)
    this.descriptors.onClose = (file) => this.operations?.closed(file)
    this.#forms = new Forms(this.operations?.watching(functions) ?? functions, this.faults)
    this.beginning = new Beginning(this.tree)
    const changed = calls.changed
    this.accounts = new Accounts(this.beginning, at)
    calls.changed = (path, kind) => {
      this.accounts.changed()
      changed(path, kind)
    }
    this.#begin(contents, over)
  }

  #begin(contents: Contents, over: 'project' | 'empty'): void {
    const { real } = kit()
    const make = (path: string) => this.#functions.mkdir(path, { recursive: true })
    if (over === 'empty') for (const folder of [real.cwd(), real.tmpdir, this.at]) make(folder)
    for (const path of inodesOf(this.tree).keys()) this.hidden.add(path)
    const absent: string[] = []
    for (const { path, content } of contents) {
      if (content === undefined) {
        if (this.#functions.exists(path)) this.#functions.rm(path, { recursive: true })
        absent.push(path)
        continue
      }
      make(parentOf(path))
      if (content.kind === 'folder') make(path)
      else if (content.kind === 'link') this.#functions.symlink(content.target, path)
      else this.#functions.writeFile(path, content.bytes)
      if (content.kind !== 'link' && content.mode !== undefined) this.#functions.chmod(path, content.mode)
    }
    this.beginning.begin(absent)
  }

  /**
   * Whether a call is this volume's: all that writes is, and what reads something that is otherwise here than on the real disk. A reply that is
   * not goes to whoever is next.
   *
   * @returns the error to fail with, or whether the volume answers
   */
  takes(reply: Reply, asked: Asked): Error | boolean {
    if (asked.access === 'write') {
      const path = this.#absolute(asked.text)
      if (this.operations === undefined) this.accounts.wrote(reply, path)
      else this.operations.begin(reply, asked.function, path)
      return true
    }
    reply.accountsBy(ONLY_LOOKS)
    if (this.#isAskingElsewhere) return reply.declines() ?? false
    if (!this.#isRealDisks(asked)) return true
    const stopped = reply.declines()
    // Who watches a file of the disk is to see what is done to it here.
    const isWatched = stopped === undefined && WATCHES.test(asked.function)
    return stopped ?? (isWatched && reply.answer === this)
  }

  /** Runs a judgment of which this volume is no part: as if there were only the real disk. */
  elsewhere<T>(judge: () => T): T {
    this.#isAskingElsewhere = true
    try {
      return judge()
    } finally {
      this.#isAskingElsewhere = false
    }
  }

  #isRealDisks({ text, last, function: name }: Asked): boolean {
    if (this.tree.root.lower === undefined || this.faults.concern(text)) return false
    try {
      const { real, inode } = this.tree.walk(text, last === 'content' ? 'always' : 'folder')
      if (!real || inode?.touched) return false
      return !(inode instanceof FolderInode && OF_TREES.test(name) && this.tree.differsBelow(inode))
    } catch {
      // What stops here stops there as well, unless something on the way was changed.
      return this.tree.cwd === undefined && !UPWARDS.test(text) && this.#isUntouchedOnTheWay(text)
    }
  }

  #isUntouchedOnTheWay(text: string): boolean {
    const parts = this.#absolute(text).split('/').slice(1)
    let folder = this.tree.root
    for (const part of parts) {
      const inode = this.tree.lookup(folder, part)
      // A link may lead to what was changed here.
      if (folder.gone.has(part) || inode?.touched || inode instanceof LinkInode) return false
      if (!(inode instanceof FolderInode)) return true
      folder = inode
    }
    return true
  }

  #absolute(text: string): string {
    return normalised(text.startsWith('/') ? text : `${this.tree.cwd ?? kit().real.cwd()}/${text}`)
  }

  /** Answers a call of one of Node's functions. */
  answer(reply: Reply, call: Named, args: readonly unknown[]): unknown {
    if (OF_TWO_PATHS.test(call.name)) this.accounts.wroteTo(this.#absolute(pathText(args[1])))
    return this.#during(reply, () => this.use(call, args))
  }

  /** A call on a file that is open. */
  use({ name, form }: Named, args: readonly unknown[]): unknown {
    const base = name.replace(/Sync$/, '')
    if (form === 'promise') return this.#forms.promise(base)(...args)
    if (form === 'callback') return this.#forms.callback(base)(...args)
    if (form === 'later') return this.#forms.later(() => this.#forms.sync(base)(...args))
    if (form === 'iterator') return this.#iterate(base, args)
    try {
      return this.#forms.sync(base)(...args)
    } finally {
      wait(this.faults.takeDelay())
    }
  }

  #iterate(name: string, args: readonly unknown[]): unknown {
    const own = this.#functions[`promises.${name}`]
    if (own !== undefined) return own(...args)
    const found = this.#forms.sync(name)
    return (async function* () {
      yield* found(...args) as unknown[]
    })()
  }

  /** What Node's own streams open and work with. */
  forStreams(reply: Reply): object {
    const { forStreams } = this.#forms
    const open: Fn = (...args) => this.#during(reply, () => forStreams.open?.(...args))
    return { ...forStreams, open }
  }

  #during<T>(reply: Reply, run: () => T): T {
    const opened = () => this.descriptors.opened(reply, run)
    return this.operations === undefined ? opened() : this.operations.during(reply, opened)
  }

  /**
   * Makes a folder the current one.
   *
   * @returns whether it is only here; the real disk has the same one else, and the process can go there
   * @throws as `process.chdir` does
   */
  chdir(given: unknown): boolean {
    const from = this.tree.cwd ?? kit().real.cwd()
    const { inode, path, real } = at('chdir', from, () => this.#folder(pathText(given)), pathText(given))
    this.tree.cwd = real && inode.lower === path ? undefined : path
    return this.tree.cwd !== undefined
  }

  #folder(text: string) {
    const place = this.tree.walk(text, 'always')
    if (place.inode === undefined) throw new Fault('ENOENT')
    if (!(place.inode instanceof FolderInode)) throw new Fault('ENOTDIR')
    return { ...place, inode: place.inode }
  }

  /** A descriptor that nobody may use any more is none. */
  refuseDescriptor(): never {
    throw new Fault('EBADF')
  }

  /**
   * What stands under an absolute path.
   *
   * @param follow whether a link in the last place is followed
   * @throws as Node does, for a file of the real disk that may not be read: it is there, and nobody knows what it holds
   */
  entryAt(path: string, follow = false): Entry {
    return entryOf(this.#inodeAt(path, follow))
  }

  /** Undefined where the way to it ends. */
  #inodeAt(path: string, follow: boolean) {
    try {
      return this.tree.walk(path, follow ? 'always' : 'never').inode
    } catch (error) {
      if (error instanceof Fault) return undefined
      throw error
    }
  }

  /** A path of a call as a test writes it. */
  shownPath(given: unknown): string {
    return this.accounts.shown(this.#absolute(pathText(given)))
  }

  /** The path that a name of the test's means. */
  pathOf(name: string): string {
    return normalised(name.startsWith('/') ? name : `${this.at}/${name}`)
  }
}

/** Of the sync forms nothing else goes on. */
function wait(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
