/** What a recursive copy touches beyond its two ends: links that stand in the tree it copies into, or that it follows in the one it copies. */
import { real } from './originals.ts'
import { readPath } from './paths.ts'
import type { Access } from './table.ts'

export interface Touched {
  readonly path: string
  readonly access: Access
}

/** Only looked at where the destination exists already, or where links are followed and somebody cares what is read. */
export function copiedInto([from, to, given]: readonly unknown[], guardsReading: boolean): Touched[] {
  const options = (typeof given === 'object' && given !== null ? given : {}) as {
    dereference?: boolean
    recursive?: boolean
  }
  const [source, destination] = [readPath(from)?.text, readPath(to)?.text]
  if (options.recursive !== true || source === undefined || destination === undefined) return []
  const follows = options.dereference === true && guardsReading
  const touched: Touched[] = []
  const open: [string, string][] = [[source, destination]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [folder, into] = next
    if (!follows && !real.existsSync(into)) continue
    for (const name of namesIn(folder)) {
      const [one, other] = [real.join(folder, name), real.join(into, name)]
      if (isLink(other)) touched.push({ path: other, access: 'write' })
      if (follows && isLink(one)) touched.push({ path: one, access: 'read' })
      if (!isLink(one) || options.dereference === true) open.push([one, other])
    }
  }
  return touched
}

/** None for what is no folder. */
function namesIn(folder: string): string[] {
  try {
    return real.readdirSync(folder)
  } catch {
    return []
  }
}

function isLink(path: string): boolean {
  return real.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}
