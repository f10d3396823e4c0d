import { inodesOf } from './changes.ts'
import type { AnyInode } from './inodes.ts'
import type { Volume } from './volume.ts'

/** What the volume itself holds, sorted; none of what is only looked at on the real disk. */
export function shownInodes({ tree, hidden }: Volume): [string, AnyInode][] {
  return [...inodesOf(tree)]
    .filter(([path, inode]) => (inode.touched || inode.lower !== path) && !hidden.has(path))
    .sort(([one], [other]) => (one < other ? -1 : 1))
}
