/** Volumes whose operations are asserted one by one (`{ ledger: 'operations' }`): what each call did, and what it left behind. */
import type { Facts, Reply } from '../../../src/plugin.ts'
import type { OpenFile } from './descriptors.ts'
import { type Entry, entryOf, textOf } from './entries.ts'
import { FolderInode } from './inodes.ts'
import type { Volume } from './volume.ts'

type Fn = (...args: unknown[]) => unknown

interface Operation {
  readonly reply: Reply
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** What it left; undefined as long as it goes on. */
  left: { readonly content: unknown } | undefined
}

export class Operations {
  readonly #volume: Volume
  readonly #all = new Map<Reply, Operation>()
  /** The one that is carried out at the moment. */
  #current: Operation | undefined

  constructor(volume: Volume) {
    this.#volume = volume
  }

  /** A call that writes begins. @param path absolute */
  begin(reply: Reply, fn: string, path: string): void {
    this.#all.set(reply, { reply, name: fn.replace(/Sync$/, ''), path, left: undefined })
  }

  /** Runs the answer to a call. */
  during<T>(reply: Reply, run: () => T): T {
    const before = this.#current
    this.#current = this.#all.get(reply)
    try {
      return run()
    } finally {
      this.#current = before
    }
  }

  /** The functions of the volume, telling how a call that they answer went. */
  watching(functions: Readonly<Record<string, Fn>>): Readonly<Record<string, Fn>> {
    const watched = Object.entries(functions).map(([name, fn]): [string, Fn] => [
      name,
      (...args) => {
        const operation = this.#current
        if (operation === undefined) return fn(...args)
        // What it is made of is part of it.
        this.#current = undefined
        return this.#carry(operation, args, () => fn(...args))
      },
    ])
    return Object.fromEntries(watched)
  }

  /** Runs what a call does to a file that is open. */
  carry(reply: Reply, args: readonly unknown[], run: () => void): void {
    const operation = this.#all.get(reply)
    if (operation === undefined) run()
    else this.#carry(operation, args, run)
  }

  #carry<T>(operation: Operation, args: readonly unknown[], run: () => T): T {
    let result: T
    try {
      result = run()
    } catch (error) {
      const { code } = error as { code?: unknown }
      operation.reply.complete({ error: String(code ?? error) })
      throw error
    }
    this.#done(operation, args)
    return result
  }

  #done(operation: Operation, args: readonly unknown[]): void {
    operation.reply.complete(this.#factsOf(operation, args))
    if (!this.#volume.descriptors.holdsFor(operation.reply)) operation.left ??= { content: this.#contentAt(operation) }
  }

  #factsOf(operation: Operation, args: readonly unknown[]): Facts {
    const { name, reply } = operation
    const { change } = reply.facts
    if (change === 'rename' || name === 'link') return { to: this.#volume.shownPath(args[1]) }
    if (change === 'mode') return { mode: modeNumber(args[1]) }
    if (change !== 'write' && change !== 'link') return {}
    const now = () => this.#contentAt(operation)
    return {
      // Streams and descriptors go on writing.
      get content() {
        return operation.left === undefined ? now() : operation.left.content
      },
    }
  }

  /** A file was closed: what the call that opened it wrote is all there. */
  closed({ reply, inode, writes }: OpenFile): void {
    const operation = reply && this.#all.get(reply)
    // A folder is copied file by file.
    if (operation !== undefined && writes && operation.name !== 'cp')
      operation.left = { content: shown(entryOf(inode)) }
  }

  #contentAt({ path, name }: Operation): unknown {
    const entry = this.#volume.entryAt(path, name !== 'symlink')
    return entry?.kind === 'folder' ? Object.fromEntries(this.#below(path, '')) : shown(entry)
  }

  /** What a folder was copied with, by the paths in it. */
  *#below(folder: string, name: string): Generator<[string, unknown]> {
    const { inode } = this.#volume.tree.walk(folder, 'always')
    if (!(inode instanceof FolderInode)) return
    for (const each of this.#volume.tree.list(inode).sort()) {
      const entry = this.#volume.entryAt(`${folder}/${each}`)
      if (entry?.kind === 'folder') yield* this.#below(`${folder}/${each}`, `${name}${each}/`)
      else yield [`${name}${each}`, shown(entry)]
    }
  }
}

function shown(entry: Entry): unknown {
  if (entry === undefined) return null
  if (entry.kind === 'folder') return {}
  if (entry.kind === 'link') return { link: entry.target }
  return textOf(entry.bytes) ?? Buffer.from(entry.bytes)
}

function modeNumber(mode: unknown): unknown {
  return typeof mode === 'string' ? Number.parseInt(mode, 8) : mode
}
