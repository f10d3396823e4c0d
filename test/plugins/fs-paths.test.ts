import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  promises,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { Resolver, readPath } from '../../plugins/fs/paths.ts'
import { isWithin } from '../../plugins/fs/roots.ts'
import { usePlaces } from '../support/outside.ts'

const resolved = (path: unknown, last: 'entry' | 'content', from?: string) => {
  const given = readPath(path)
  return given && new Resolver().resolve(given, last, from)
}

describe('a path', () => {
  let root: string
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'tripwire-paths-')))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const NAMES = ['a', 'b', 'c']
  const name = fc.constantFrom(...NAMES)
  const part = fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom('..', '.', ''))
  const text = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'))
  const step = fc.oneof(
    fc.record({ kind: fc.constant('folder' as const), at: fc.array(name, { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant('file' as const), at: fc.array(name, { minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('link' as const),
      at: fc.array(name, { minLength: 1, maxLength: 3 }),
      to: text,
      absolute: fc.boolean(),
    }),
  )

  function build(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void {
    for (const entry of readdirSync(root)) rmSync(join(root, entry), { recursive: true, force: true })
    for (const one of steps) {
      const path = join(root, ...one.at)
      try {
        if (one.kind === 'folder') mkdirSync(path, { recursive: true })
        else if (one.kind === 'file') writeFileSync(path, '')
        else symlinkSync(one.absolute ? `${root}/${one.to}` : one.to || '.', path)
      } catch {
        // A part of it is a file, or it is there already.
      }
    }
  }
  const real = (path: string) => {
    try {
      return realpathSync.native(path)
    } catch {
      return undefined
    }
  }

  test('means what the operating system means by it, whatever links it goes through', () => {
    let compared = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.array(text, { minLength: 8, maxLength: 8 }), (steps, texts) => {
        tripwire.allow('fs', () => build(steps))
        for (const one of texts) {
          const path = `${root}/${one}`
          const there = real(path)
          if (there !== undefined) {
            compared++
            expect(resolved(path, 'content')).toBe(there)
            expect(resolved(Buffer.from(path), 'content')).toBe(there)
            expect(resolved(one === '' ? '.' : one, 'content', one.startsWith('/') ? '' : root)).toBe(
              one.startsWith('/') ? (real(one) ?? resolved(one, 'content')) : there,
            )
          }
          const folder = /[^./]$/.test(path) ? real(path.slice(0, path.lastIndexOf('/'))) : undefined
          if (folder !== undefined)
            expect(resolved(path, 'entry')).toBe(join(folder, path.slice(path.lastIndexOf('/') + 1)))
        }
      }),
      { numRuns: 150 },
    )
    expect(compared).toBeGreaterThan(100)
  })

  test('that is made by writing is the one that was said before', () => {
    let made = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), text, (steps, one) => {
        tripwire.allow('fs', () => build(steps))
        const path = `${root}/${one}`
        if (existsSync(path)) return
        const said = resolved(path, 'content')
        try {
          tripwire.allow('fs', () => writeFileSync(path, ''))
        } catch {
          return
        }
        made++
        expect(said).toBe(real(path))
      }),
      { numRuns: 300 },
    )
    expect(made).toBeGreaterThan(20)
  })

  test('of bytes that are no UTF-8 is resolved by its bytes', () => {
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])])
    tripwire.allow('fs', () => symlinkSync('/etc', odd))
    expect(resolved(Buffer.concat([odd, Buffer.from('/hostname')]), 'content')).toBe('/etc/hostname')
    expect(resolved(odd, 'content')).toBe('/etc')
    expect(resolved(odd, 'entry')).toMatch(new RegExp(`^${root}/`))
  })

  test('that leads in circles comes to an end', () => {
    symlinkSync('b', join(root, 'a'))
    symlinkSync('a', join(root, 'b'))
    expect(resolved(join(root, 'a/x'), 'content')).toMatch(/^\//)
  })

  test.each([
    ['', undefined],
    ['a\0b', undefined],
    [5, undefined],
    [undefined, undefined],
    [{}, undefined],
  ])('%j is none', (given, path) => expect(readPath(given)).toBe(path))
})

test('a folder holds what lies below it by whole parts, and itself', () => {
  const path = fc.array(fc.constantFrom('a', 'ab', 'b', 'a.b'), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
  fc.assert(
    fc.property(path, path, (one, folder) => {
      const way = relative(folder, one)
      expect(isWithin(one, folder)).toBe(way === '' || (way !== '..' && !way.startsWith(`..${sep}`)))
    }),
  )
})

describe('what is remembered of a path is forgotten', () => {
  const places = usePlaces()
  const { into, out } = places
  const stopped = expect.objectContaining({ code: 'TRIPWIRE_GUARDED_CALL' })
  const write = (path: string) => writeFileSync(path, 'x')

  /** Ways to put a link to the outside where a file was, each with what has to be let through for it. */
  const tricks: Readonly<Record<string, (path: string) => unknown>> = {
    'a link is made in its place': (path) => {
      unlinkSync(path)
      symlinkSync(out('file'), path)
    },
    'a link is renamed over it': (path) => renameSync(into('leak'), path),
    'a link is made by a promise': async (path) => {
      await promises.rm(path)
      await promises.symlink(out('file'), path)
    },
    'a link is renamed over it by a promise': (path) => promises.rename(into('leak'), path),
  }
  test.each(Object.keys(tricks))('when %s', async (name) => {
    const before = places.tree()
    await tripwire.expectTrip(async () => {
      write(into('file'))
      await tripwire.allow(`fs:write:${places.outside}/**`, () => tricks[name]?.(into('file')))
      expect(lstatSync(into('file')).isSymbolicLink()).toBe(true)
      expect(() => write(into('file'))).toThrow(stopped)
    })
    expect(places.tree()).toEqual(before)
  })

  test('when a folder is renamed away and a link takes its place', async () => {
    const before = places.tree()
    await tripwire.expectTrip(() => {
      write(into('folder/inner'))
      renameSync(into('folder'), into('moved'))
      renameSync(into('out'), into('folder'))
      expect(() => write(into('folder/file'))).toThrow(stopped)
      expect(() => rmSync(into('folder/file'))).toThrow(stopped)
      rmSync(into('folder'))
    })
    expect(places.tree()).toEqual(before)
  })

  test('when the current folder changes', async ({ skip }) => {
    skip(!isMainThread, 'a worker thread has no folder of its own')
    const home = process.cwd()
    const before = places.tree()
    process.chdir(places.inside)
    try {
      await tripwire.expectTrip(() => {
        write('file')
        process.chdir(places.outside)
        expect(() => write('file')).toThrow(stopped)
      })
    } finally {
      process.chdir(home)
    }
    expect(places.tree()).toEqual(before)
  })

  test('when a scope ends', async () => {
    tripwire.allow(`fs:write:${places.outside}/**`, () => write(out('file')))
    await tripwire.expectTrip(() => expect(() => write(out('file'))).toThrow(stopped))
  })

  test('while a link is on its way', async () => {
    const before = places.tree()
    await tripwire.expectTrip(async () => {
      unlinkSync(into('file'))
      const made = tripwire.allow(`fs:write:${places.outside}/**`, () => promises.symlink(out('file'), into('file')))
      // Looked at before the link is there, and after: what was found out meanwhile must not stand.
      resolved(into('file'), 'content')
      await made
      expect(() => write(into('file'))).toThrow(stopped)
    })
    expect(places.tree()).toEqual(before)
  })
})

describe('functions on an entry', () => {
  const places = usePlaces()
  const { into, out } = places
  const stopped = expect.objectContaining({ code: 'TRIPWIRE_GUARDED_CALL' })

  test('leave alone what a link leads to', () => {
    const before = places.tree()
    lstatSync(into('leak'))
    renameSync(into('leak'), into('renamed'))
    unlinkSync(into('renamed'))
    rmSync(into('out'), { recursive: true })
    expect(places.tree()).toEqual(before)
  })

  function copyIntoTree(as: (path: string) => string | URL): unknown {
    mkdirSync(into('from/folder'), { recursive: true })
    writeFileSync(into('from/folder/inner'), 'x')
    mkdirSync(into('to'))
    renameSync(into('out'), into('to/folder'))
    return promises.cp(as(into('from')), as(into('to')), { recursive: true })
  }
  /** Each would touch what stands outside. */
  const ways: Readonly<Record<string, () => unknown>> = {
    'rm behind a slash': () => rmSync(into('out/'), { recursive: true }),
    'rm of a dot': () => rmSync(`${into('out')}/.`, { recursive: true }),
    'rm through a link': () => rmSync(into('out/folder'), { recursive: true }),
    'unlink through a link': () => unlinkSync(into('out/file')),
    'mkdir through a link': () => mkdirSync(into('out/new/deep'), { recursive: true }),
    'mkdtemp through a link': () => mkdtempSync(into('out/new-')),
    'rename out': () => renameSync(into('file'), out('new')),
    'rename in': () => renameSync(out('file'), into('new')),
    'link out': () => linkSync(into('file'), out('new')),
    'link to what is outside': () => linkSync(out('file'), into('new')),
    'symlink to what is outside': () => symlinkSync(out('file'), into('new')),
    'symlink to what is outside, relatively': () => symlinkSync(`../../../../../..${out('file')}`, into('folder/new')),
    'symlink out': () => symlinkSync(into('file'), out('new')),
    'rename by a promise': () => promises.rename(into('file'), out('new')),
    'cp of a tree': () => promises.cp(into('folder'), out('new'), { recursive: true }),
    'cp into a tree with a link': () => copyIntoTree((path) => path),
    'cp into a tree with a link, by URLs of another class': () =>
      copyIntoTree((path) => ({ href: `file://${path}`, protocol: 'file:', hostname: '', pathname: path }) as URL),
    'cp over a link': () => promises.cp(into('folder'), into('out'), { recursive: true }),
  }
  test.each(Object.keys(ways))('touch nothing outside: %s', async (name) => {
    const before = places.tree()
    await tripwire.expectTrip('fs:write', async () => {
      await expect(async () => ways[name]?.()).rejects.toEqual(stopped)
    })
    expect(places.tree()).toEqual(before)
  })
})
