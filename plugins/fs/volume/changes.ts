/** What is otherwise in a volume than it was in the beginning. */
import { type Entry, entryOf, realEntry, sameEntry } from './entries.ts'
import { type AnyInode, FolderInode } from './inodes.ts'
import { kit } from './kit.ts'
import type { Tree } from './tree.ts'

export interface Change {
  /** Absolute. */
  readonly path: string
  readonly before: Entry
  readonly after: Entry
}

export class Beginning {
  readonly #tree: Tree
  readonly #overProject: boolean
  readonly #entries = new Map<string, Entry>()

  constructor(tree: Tree) {
    this.#tree = tree
    this.#overProject = tree.root.lower !== undefined
  }

  /** Everything that stands in the tree by now was there from the beginning. @param absent paths that were taken away from the real disk */
  begin(absent: readonly string[]): void {
    for (const [path, inode] of inodesOf(this.#tree)) if (inode.touched) this.#entries.set(path, entryOf(inode))
    for (const path of absent) this.#entries.set(path, undefined)
  }

  at(path: string): Entry {
    if (this.#entries.has(path)) return this.#entries.get(path)
    return this.#overProject ? realEntry(path) : undefined
  }

  /** Sorted by path. */
  changes(): Change[] {
    const now = inodesOf(this.#tree)
    const paths = new Set<string>(now.keys())
    for (const path of this.#entries.keys()) paths.add(path)
    for (const [folder, inode] of [['/', this.#tree.root] as const, ...now]) {
      if (!(inode instanceof FolderInode)) continue
      for (const name of inode.gone)
        for (const path of this.#below(folder === '/' ? `/${name}` : `${folder}/${name}`)) paths.add(path)
    }
    const changes: Change[] = []
    for (const path of paths) {
      const inode = now.get(path)
      if (inode !== undefined && !inode.touched && inode.lower === path) continue
      const [before, after] = [this.at(path), entryOf(inode)]
      if (!sameEntry(before, after)) changes.push({ path, before, after })
    }
    return changes.sort((one, other) => (one.path < other.path ? -1 : 1))
  }

  /** A path that was there on the real disk, and all that was below it. */
  *#below(path: string): Generator<string> {
    yield path
    if (realEntry(path)?.kind !== 'folder') return
    for (const name of kit().real.readdirSync(path)) yield* this.#below(`${path}/${name}`)
  }
}

/** All that the tree itself holds, by path; of a folder that was moved, all that moved with it. */
export function inodesOf(tree: Tree): Map<string, AnyInode> {
  const found = new Map<string, AnyInode>()
  const visit = (folder: FolderInode, path: string, isMoved: boolean) => {
    for (const name of isMoved ? tree.list(folder) : [...folder.entries.keys()]) {
      const inode = isMoved ? tree.lookup(folder, name) : folder.entries.get(name)
      if (inode === undefined) continue
      const whole = path === '/' ? `/${name}` : `${path}/${name}`
      found.set(whole, inode)
      if (inode instanceof FolderInode) visit(inode, whole, inode.lower !== undefined && inode.lower !== whole)
    }
  }
  visit(tree.root, '/', false)
  return found
}
