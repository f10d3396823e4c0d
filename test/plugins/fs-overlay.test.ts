import { execFileSync } from 'node:child_process'
import fs, { promises } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unguarded, usePlaces } from '../support/outside.ts'

const places = usePlaces()
const { out } = places

test('over the project, what nobody wrote is read from the disk', async () => {
  const volume = tripwire.fs.volume({ 'new.txt': 'new' }, { at: places.outside })
  await tripwire.sandbox(async () => {
    expect(fs.readFileSync(out('file'), 'utf8')).toBe('untouched')
    expect(fs.readFileSync(out('new.txt'), 'utf8')).toBe('new')
    expect(await promises.readFile(out('folder/inner'), 'utf8')).toBe('untouched')
    expect(fs.readdirSync(places.outside).sort()).toEqual(['file', 'folder', 'link', 'new.txt'])
    expect(fs.readdirSync(places.outside, { recursive: true }).sort()).toEqual([
      'file',
      'folder',
      'folder/inner',
      'link',
      'new.txt',
    ])
    expect(fs.existsSync(out('missing'))).toBe(false)
    expect(() => fs.readFileSync(out('missing'))).toThrow(`ENOENT: no such file or directory, open '${out('missing')}'`)
  })
  expect(volume.diff()).toEqual({ created: {}, changed: {}, removed: [] })
})

test.each([
  ['a real link', () => join(places.inside, 'out/folder/inner')],
  ['.. behind a real link', () => `${places.inside}/out/../${basename(places.outside)}/folder/inner`],
])('what was taken away is not read through %s', (_, path) => {
  tripwire.fs.volume({}, { at: places.outside })
  tripwire.sandbox(() => {
    expect(fs.readFileSync(path(), 'utf8')).toBe('untouched')
    fs.rmSync(out('folder'), { recursive: true })
    expect(() => fs.readFileSync(path(), 'utf8')).toThrow('ENOENT')
    expect(fs.existsSync(path())).toBe(false)
  })
  tripwire.fs.assert({ folder: null, 'folder/inner': null })
})

test('a device is answered by no volume, and none is offered for it', async () => {
  tripwire.fs.volume().optional()
  const [trip] = await tripwire.expectTrip(async () =>
    tripwire.sandbox(() => expect(() => fs.unlinkSync('/dev/null')).toThrow('/dev/null')),
  )
  expect(trip?.message).not.toContain('lands in memory')
})

test('writing to a real file, through a real link too, changes the volume alone', () => {
  const before = places.tree()
  tripwire.fs.volume({}, { at: places.outside })
  const box = tripwire.sandbox((box) => {
    fs.appendFileSync(out('link'), '\nand more\n')
    fs.writeFileSync(out('folder/inner'), Buffer.from([0, 1]))
    fs.chmodSync(out('folder'), 0o700)
    expect(fs.readFileSync(out('file'), 'utf8')).toBe('untouched\nand more\n')
    expect(fs.statSync(out('folder')).mode & 0o777).toBe(0o700)
    return box
  })
  expect(box.fs.diff()).toMatchInlineSnapshot(`
    {
      "changed": {
        "file": "@@ -1 +1,2 @@
    -untouched
    \\ No newline at end of file
    +untouched
    +and more",
        "folder/": "mode 755 -> 700",
        "folder/inner": "<binary, 9 bytes> -> <binary, 2 bytes>",
      },
      "created": {},
      "removed": [],
    }
  `)
  tripwire.fs.assert({
    file: 'untouched\nand more\n',
    'folder/': { mode: 0o700 },
    'folder/inner': new Uint8Array([0, 1]),
  })
  expect(places.tree()).toEqual(before)
})

test('removing and moving real files is remembered', () => {
  const before = places.tree()
  tripwire.fs.volume({}, { at: places.outside })
  const box = tripwire.sandbox((box) => {
    fs.rmSync(out('file'))
    expect(fs.existsSync(out('file'))).toBe(false)
    expect(fs.existsSync(out('link'))).toBe(false)
    expect(() => fs.statSync(out('link'))).toThrow('ENOENT')
    fs.renameSync(out('folder'), out('moved'))
    expect(fs.readFileSync(out('moved/inner'), 'utf8')).toBe('untouched')
    expect(() => fs.readFileSync(out('folder/inner'))).toThrow('ENOENT')
    fs.rmSync(out('moved'), { recursive: true })
    expect(fs.readdirSync(places.outside)).toEqual(['link'])
    fs.mkdirSync(out('folder'))
    expect(fs.readdirSync(out('folder'))).toEqual([])
    return box
  })
  expect(box.fs.diff()).toEqual({ created: {}, changed: {}, removed: ['file', 'folder/inner'] })
  tripwire.fs.assert({ file: null, 'folder/inner': null })
  expect(places.tree()).toEqual(before)
})

test('null takes a real file away, and a later write brings it back', () => {
  tripwire.fs.volume({ file: null }, { at: places.outside })
  tripwire.sandbox(() => {
    expect(fs.existsSync(out('file'))).toBe(false)
    fs.writeFileSync(out('file'), 'untouched')
  })
  tripwire.fs.assert({ file: 'untouched' })
})

test('the temporary folder is written in memory as well', () => {
  tripwire.fs.volume()
  const made = tripwire.sandbox(() => {
    const folder = fs.mkdtempSync(places.into('work-'))
    fs.writeFileSync(join(folder, 'a'), 'x')
    expect(fs.readdirSync(places.inside)).toContain(folder.split('/').at(-1))
    return folder
  })
  expect(fs.existsSync(made)).toBe(false)
  tripwire.fs.assert({ [`${made}/a`]: 'x' })
})

test('modules are loaded from the real disk, over nothing too', async () => {
  tripwire.fs.volume({ a: 'x' }, { over: 'empty' }).optional()
  await tripwire.sandbox(async () => {
    const load = createRequire(import.meta.url)
    expect(load('fast-check/package.json').name).toBe('fast-check')
    const { pool } = await import('../fixtures/fs-volume/loaded-late.ts')
    expect(pool).toBe('loaded')
  })
})

test('a program that is let through sees the disk, and not the volume', () => {
  tripwire.fs.volume({ file: 'of the volume' }, { at: places.outside })
  tripwire.sandbox({ allow: ['subprocess:cat'] }, () => {
    expect(fs.readFileSync(out('file'), 'utf8')).toBe('of the volume')
    expect(execFileSync('cat', [out('file')], { encoding: 'utf8' })).toBe('untouched')
  })
})

test('parallel sandboxes have volumes of their own', async () => {
  const work = (name: string) =>
    tripwire.sandbox(async (box) => {
      const volume = tripwire.fs.volume({}, { at: places.outside })
      await promises.writeFile(out('mine'), name)
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await promises.readFile(out('mine'), 'utf8')).toBe(name)
      return { box, volume }
    })
  const both = await Promise.all([work('one'), work('two')])
  expect(both.map(({ box }) => box.fs.read('mine'))).toEqual(['one', 'two'])
  expect(both.map(({ volume }) => volume.diff().created)).toEqual([{ mine: 'one' }, { mine: 'two' }])
  tripwire.fs.assert({ mine: 'two' })
  tripwire.fs.assert({ mine: 'one' })
})

// A worker thread has no folder of its own.
test.runIf(isMainThread).each(['project', 'empty'] as const)(
  'the current folder may be one that only the volume has, over %s',
  async (over) => {
    const home = process.cwd()
    const volume = tripwire.fs.volume({ 'only/here/a.txt': 'text' }, { at: places.inside, over })
    await tripwire.sandbox(async () => {
      process.chdir(join(places.inside, 'only'))
      expect(process.cwd()).toBe(join(places.inside, 'only'))
      process.chdir('here')
      expect(fs.readFileSync('a.txt', 'utf8')).toBe('text')
      await promises.writeFile('b.txt', 'x')
      expect(resolve('b.txt')).toBe(join(places.inside, 'only/here/b.txt'))
      expect(() => process.chdir('no')).toThrow(
        `ENOENT: no such file or directory, chdir '${join(places.inside, 'only/here')}' -> 'no'`,
      )
      expect(() => fs.readFileSync('no')).toThrow("ENOENT: no such file or directory, open 'no'")
      process.chdir(home)
      expect(process.cwd()).toBe(home)
      process.chdir(join(places.inside, 'only'))
    })
    expect(process.cwd()).toBe(home)
    expect(volume.diff().created).toEqual({ 'only/here/b.txt': 'x' })
    tripwire.fs.assert({ 'only/here/b.txt': 'x' })
  },
)

// Other systems have no file that is there and cannot be read by root.
test.runIf(process.platform === 'linux')('a real file that cannot be read is not asserted to be missing', () => {
  tripwire.fs.volume({}, { at: places.outside }).optional()
  expect(() => tripwire.fs.assert({ '/proc/self/mem': null })).toThrow('EIO: i/o error, read')
})

test('names that are one file on the disk are one on a volume over it', () => {
  unguarded(() => fs.linkSync(out('file'), out('again')))
  tripwire.fs.volume({}, { at: places.outside })
  tripwire.sandbox(() => {
    fs.writeFileSync(out('again'), 'changed')
    expect(fs.readFileSync(out('file'), 'utf8')).toBe('changed')
    fs.renameSync(out('file'), out('moved'))
    fs.appendFileSync(out('moved'), ' twice')
    expect(fs.readFileSync(out('again'), 'utf8')).toBe('changed twice')
    fs.unlinkSync(out('again'))
    expect(fs.statSync(out('moved')).nlink).toBe(1)
  })
  tripwire.fs.assert({ file: null, again: null, moved: 'changed twice' })
  expect(places.tree()).toMatchObject({ file: 'untouched', again: 'untouched' })
})

test('mode and times of a real file are changed on the volume through a descriptor too', async () => {
  const { mode, mtimeMs } = fs.statSync(out('file'))
  tripwire.fs.volume({}, { at: places.outside })
  await tripwire.sandbox(async () => {
    const fd = fs.openSync(out('file'), 'r')
    fs.fchmodSync(fd, 0o600)
    fs.closeSync(fd)
    const handle = await promises.open(out('file'), 'r')
    await handle.utimes(1, 2)
    await handle.close()
    expect(fs.statSync(out('file'))).toMatchObject({ mode: (mode & ~0o777) | 0o600, mtimeMs: 2000 })
  })
  tripwire.fs.assert({ file: { mode: 0o600 } })
  expect(fs.statSync(out('file'))).toMatchObject({ mode, mtimeMs })
})
