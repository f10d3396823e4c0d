/** Which changes of a volume nobody has asserted yet, and which call each is charged to. */
import type { Reply } from '../../../src/plugin.ts'
import type { Beginning, Change } from './changes.ts'
import { type Entry, sameEntry, textOf } from './entries.ts'

/** A call that may have changed something. */
interface Write {
  readonly path: string
  /** Where something was moved, copied or linked to. */
  to: string | undefined
}

export class Accounts {
  readonly #beginning: Beginning
  readonly #at: string
  readonly #writes: Write[] = []
  /** The last call on each path. */
  readonly #byPath = new Map<string, Write>()
  /** What was asserted, as it was then. */
  readonly #asserted = new Map<string, Entry>()
  #charged: ReadonlyMap<Write, readonly Change[]> | undefined

  constructor(beginning: Beginning, at: string) {
    this.#beginning = beginning
    this.#at = at
  }

  changed(): void {
    this.#charged = undefined
  }

  /** A call writes: it has to be accounted for as long as what it left is not asserted. */
  wrote(reply: Reply, path: string): void {
    const write: Write = { path, to: undefined }
    this.#writes.push(write)
    this.#byPath.set(path, write)
    this.#charged = undefined
    reply.accountsBy({
      pending: () => this.#chargedTo(write).length > 0,
      state: () => this.expected(this.#chargedTo(write)),
    })
  }

  /** The last call writes to a second path. */
  wroteTo(to: string): void {
    const write = this.#writes.at(-1)
    if (write === undefined) return
    write.to = to
    this.#byPath.set(to, write)
  }

  /** A path was asserted to be what it is now; of a folder that is gone, all that was below it. */
  assert(path: string): void {
    for (const change of this.#beginning.changes()) {
      if (change.path === path || (change.after === undefined && change.path.startsWith(`${path}/`)))
        this.#asserted.set(change.path, change.after)
    }
    this.#charged = undefined
  }

  /** Changes that nobody has asserted. A new folder is accounted for by what is in it. */
  open(): Change[] {
    const changes = this.#beginning.changes()
    return changes.filter(({ path, before, after }) => {
      if (this.#asserted.has(path) && sameEntry(this.#asserted.get(path), after)) return false
      const isFolder = after?.kind === 'folder' && before === undefined
      if (isFolder && changes.some((other) => other.path.startsWith(`${path}/`))) return false
      // A folder that is gone says so for what was in it.
      return !(
        after === undefined && changes.some((other) => other.after === undefined && path.startsWith(`${other.path}/`))
      )
    })
  }

  #chargedTo(write: Write): readonly Change[] {
    this.#charged ??= this.#charge()
    return this.#charged.get(write) ?? []
  }

  #charge(): ReadonlyMap<Write, readonly Change[]> {
    const charged = new Map<Write, Change[]>()
    for (const change of this.open()) {
      const write = this.#byPath.get(change.path) ?? this.#near(change.path) ?? this.#writes.at(-1)
      if (write === undefined) continue
      const known = charged.get(write)
      if (known) known.push(change)
      else charged.set(write, [change])
    }
    return charged
  }

  #near(path: string): Write | undefined {
    const holds = (other: string | undefined) =>
      other !== undefined && (path.startsWith(`${other}/`) || other.startsWith(`${path}/`))
    return this.#writes.findLast(({ path: one, to }) => holds(one) || holds(to))
  }

  /** What an assertion of these changes says. */
  expected(changes: readonly Change[]): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      changes.map((change) => [
        `${this.shown(change.path)}${change.after?.kind === 'folder' ? '/' : ''}`,
        expectedOf(change),
      ]),
    )
  }

  /** As a test writes it: relative to where its names start. */
  shown(path: string): string {
    return path.startsWith(`${this.#at}/`) ? path.slice(this.#at.length + 1) : path
  }
}

function expectedOf({ before, after }: Change): unknown {
  if (after === undefined) return null
  if (after.kind === 'link') return { link: after.target }
  const isModeOnly = before !== undefined && before.kind === after.kind && before.mode !== after.mode
  if (after.kind === 'folder') return isModeOnly ? { mode: after.mode } : {}
  const content = textOf(after.bytes) ?? after.bytes
  return isModeOnly ? { content, mode: after.mode } : content
}
