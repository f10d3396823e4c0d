/** What a test sees of a volume: `box.fs`, and what `tripwire.fs.volume` gives. */
import type { FsDiff, FsView } from '../family.ts'
import type { Change } from './changes.ts'
import { type Entry, textOf } from './entries.ts'
import { exportTo } from './export.ts'
import { FolderInode } from './inodes.ts'
import { kit } from './kit.ts'
import { shownInodes } from './shown.ts'
import { shownEntry } from './state.ts'
import { unifiedDiff } from './unified.ts'
import type { Volume } from './volume.ts'

/** @param find gives the volume, when somebody asks something of it */
export function viewOf(find: () => Volume): FsView {
  return {
    read(path) {
      const volume = find()
      const entry = volume.entryAt(volume.pathOf(path), true)
      if (entry?.kind === 'file') return textOf(entry.bytes) ?? Buffer.from(entry.bytes)
      const what = entry === undefined ? 'there is nothing' : `there is a ${entry.kind}`
      const { Misuse } = kit()
      throw new Misuse(`'${path}' is no file of the volume: ${what}`, filesOf(volume))
    },
    tree() {
      const volume = find()
      const tree: Record<string, unknown> = {}
      for (const [path, inode] of shownInodes(volume)) {
        const name = volume.accounts.shown(path)
        if (!(inode instanceof FolderInode)) tree[name] = printed(volume.entryAt(path))
        else if (volume.tree.list(inode).length === 0) tree[`${name}/`] = null
      }
      return tree
    },
    diff() {
      const volume = find()
      const diff = {
        created: {} as Record<string, string>,
        changed: {} as Record<string, string>,
        removed: [] as string[],
      }
      for (const change of volume.beginning.changes()) addChange(diff, volume.accounts.shown(change.path), change)
      return diff as FsDiff
    },
    export(folder) {
      exportTo(find(), folder)
    },
  }
}

function filesOf(volume: Volume): string {
  const names = shownInodes(volume).flatMap(([path, inode]) =>
    inode instanceof FolderInode ? [] : [volume.accounts.shown(path)],
  )
  return names.length === 0 ? 'a file that was written: none was' : names.slice(0, 5).join(', ')
}

function printed(entry: Entry): unknown {
  const shown = shownEntry(entry)
  return Buffer.isBuffer(shown) ? sizeOf(shown) : shown
}

function sizeOf(bytes: Uint8Array): string {
  return `<binary, ${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}>`
}

function addChange(
  diff: { created: Record<string, string>; changed: Record<string, string>; removed: string[] },
  name: string,
  { before, after }: Change,
): void {
  const whole = (after ?? before)?.kind === 'folder' ? `${name}/` : name
  if (after === undefined) diff.removed.push(whole)
  else if (before === undefined) diff.created[whole] = contentOf(after)
  else diff.changed[whole] = difference(before, after)
}

function contentOf(entry: NonNullable<Entry>): string {
  if (entry.kind === 'folder') return ''
  if (entry.kind === 'link') return `-> ${entry.target}`
  return textOf(entry.bytes) ?? sizeOf(entry.bytes)
}

function difference(before: NonNullable<Entry>, after: NonNullable<Entry>): string {
  if (before.kind !== after.kind || before.kind === 'link' || after.kind === 'link')
    return `${before.kind} ${contentOf(before)} became ${after.kind} ${contentOf(after)}`
  const mode = before.mode === after.mode ? [] : [`mode ${before.mode.toString(8)} -> ${after.mode.toString(8)}`]
  if (before.kind === 'folder' || after.kind === 'folder' || Buffer.compare(before.bytes, after.bytes) === 0)
    return mode.join('\n')
  const [one, other] = [textOf(before.bytes), textOf(after.bytes)]
  if (one === undefined || other === undefined)
    return [...mode, `${sizeOf(before.bytes)} -> ${sizeOf(after.bytes)}`].join('\n')
  return [...mode, unifiedDiff(one, other)].join('\n')
}
