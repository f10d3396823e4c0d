import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type Trip, tripwire } from 'vitest-tripwire'

/** A folder where no test may write, and one in the temporary folder with links that lead there. */
export interface Places {
  /** Holds `file`, `folder/inner` and `link`, which leads to `file`. */
  readonly outside: string
  /** Holds `file`, `folder/inner`; `out` leads to the folder outside, `leak` to its file. */
  readonly inside: string
  /** Everything that stands outside: names, contents, where links lead. */
  tree(): Readonly<Record<string, string>>
  /** Puts both folders back to what they were. */
  restore(): void
  remove(): void
}

/** Not the temporary folder, not the repository: a checkout may itself stand in the temporary folder. */
const ELSEWHERE = '/var/tmp'

export function makePlaces(): Places {
  return unguarded(() => {
    const outside = mkdtempSync(join(ELSEWHERE, 'tripwire-outside-'))
    const inside = mkdtempSync(join(tmpdir(), 'tripwire-inside-'))
    const restore = () => {
      for (const folder of [outside, inside]) {
        for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
        writeFileSync(join(folder, 'file'), 'untouched')
        mkdirSync(join(folder, 'folder'))
        writeFileSync(join(folder, 'folder/inner'), 'untouched')
      }
      symlinkSync(join(outside, 'file'), join(outside, 'link'))
      symlinkSync(outside, join(inside, 'out'))
      symlinkSync(join(outside, 'file'), join(inside, 'leak'))
    }
    restore()
    return {
      outside,
      inside,
      tree: () => unguarded(() => treeOf(outside)),
      restore: () => unguarded(restore),
      remove: () =>
        unguarded(() => {
          for (const folder of [outside, inside]) rmSync(folder, { recursive: true })
        }),
    }
  })
}

/** Places for the tests of a file or describe: made before them, put back after each, and taken away in the end. */
export function usePlaces(): Omit<Places, 'restore' | 'remove'> & {
  /** What has this name in the folder inside. */
  into(name: string): string
  /** What has this name in the folder outside. */
  out(name: string): string
  /** Expects that a call fails because it is stopped, and that everything outside is left as it is; its trips. */
  stopped(call: () => unknown): Promise<readonly Trip[]>
} {
  let places: Places
  beforeAll(() => {
    places = makePlaces()
  })
  afterEach(() => places.restore())
  afterAll(() => places.remove())
  return {
    get outside() {
      return places.outside
    },
    get inside() {
      return places.inside
    },
    tree: () => places.tree(),
    into: (name) => join(places.inside, name),
    out: (name) => join(places.outside, name),
    stopped: (call) => stoppedAt(places, call),
  }
}

async function stoppedAt(places: Places, call: () => unknown): Promise<readonly Trip[]> {
  const before = places.tree()
  const trips = await tripwire.expectTrip(() => expect(async () => call()).rejects.toThrow())
  expect(places.tree()).toEqual(before)
  // Addons are loaded by the first call that needs them.
  return trips.filter(({ operation }) => operation !== 'native:load')
}

/** For what the test itself does to set up and to look. */
export function unguarded<T>(fn: () => T): T {
  return tripwire.allow(['fs', 'db'], fn) as T
}

function treeOf(folder: string, above = ''): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const [name, path] = [above + entry.name, join(folder, entry.name)]
    if (entry.isDirectory()) Object.assign(tree, { [`${name}/`]: '' }, treeOf(path, `${name}/`))
    else tree[name] = entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, 'utf8')
  }
  return tree
}
