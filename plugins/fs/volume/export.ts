/** Writes what a volume holds into a real folder. */
import nodeFs from 'node:fs'
import { entryOf } from './entries.ts'
import { kit } from './kit.ts'
import { parentOf } from './paths.ts'
import { shownInodes } from './shown.ts'
import type { Volume } from './volume.ts'

/** Then the system gives up. */
const MOST_LINKS = 40

/**
 * Only what lies below the folder that the volume's names start in. Writes through the functions of Node that the guard watches: the test
 * exports, and may do so where it may write.
 *
 * @throws where a path or a link would leave the folder; then nothing is written
 */
export function exportTo(volume: Volume, folder: string): void {
  const { real, Misuse } = kit()
  const target = real.resolve(real.cwd(), folder)
  const entries = shownInodes(volume).map(([path, inode]) => ({ path, entry: entryOf(inode) }))
  const inside = (path: string) => path === volume.at || path.startsWith(`${volume.at}/`)
  const links = new Map(entries.flatMap(({ path, entry }) => (entry?.kind === 'link' ? [[path, entry.target]] : [])))
  for (const { path, entry } of entries) {
    if (volume.at.startsWith(`${path}/`) || path === volume.at) continue
    if (!inside(path))
      throw new Misuse(
        `${path} is not below ${volume.at}, so it has no place in ${folder}`,
        'a volume whose files all lie below `at`',
      )
    if (entry?.kind !== 'link') continue
    if (entry.target.startsWith('/') || leaves(parentOf(path), entry.target, links, inside))
      throw new Misuse(
        `the link ${volume.accounts.shown(path)} leads to ${entry.target}, which leaves ${folder}`,
        'links that stay in the folder',
      )
  }
  nodeFs.mkdirSync(target, { recursive: true })
  for (const { path, entry } of entries) {
    if (!path.startsWith(`${volume.at}/`) || entry === undefined) continue
    const place = `${target}/${path.slice(volume.at.length + 1)}`
    // A link that stands there already would lead what is written elsewhere.
    for (let above = place; above.length > target.length; above = parentOf(above)) {
      if (
        real.lstatSync(above, { throwIfNoEntry: false })?.isSymbolicLink() &&
        !(above === place && entry.kind === 'link')
      )
        throw new Misuse(`${above} is a link, which may leave ${folder}`, 'an empty folder')
    }
    nodeFs.mkdirSync(entry.kind === 'folder' ? place : parentOf(place), { recursive: true })
    if (entry.kind === 'file') nodeFs.writeFileSync(place, entry.bytes)
    if (entry.kind === 'link') nodeFs.symlinkSync(entry.target, place)
    if (entry.kind === 'file') nodeFs.chmodSync(place, entry.mode)
  }
}

/** Link by link, as `a/s/..` is not `a` where `s` leads elsewhere. */
function leaves(
  from: string,
  target: string,
  links: ReadonlyMap<string, string>,
  inside: (path: string) => boolean,
): boolean {
  let at = from
  let followed = 0
  const parts = target.split('/').reverse()
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part === '' || part === '.') continue
    const next = part === '..' ? parentOf(at) : `${at}/${part}`
    const link = part === '..' ? undefined : links.get(next)
    if (link === undefined) at = next
    else if (++followed > MOST_LINKS) return false
    else parts.push(...link.split('/').reverse())
    if (!inside(at)) return true
  }
  return false
}
