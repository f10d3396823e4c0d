import fs, { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { unifiedDiff } from '../../plugins/fs/volume/unified.ts'

const target = () => join(mkdtempSync(join(tmpdir(), 'tripwire-export-')), 'out')

test('a tree can be given to another volume', () => {
  const contents = { 'a.txt': 'text', 'empty/': null, 'deep/b': 'b', current: { link: 'deep' } }
  const first = tripwire.fs.volume(contents, { over: 'empty' })
  first.optional()
  expect(first.tree()).toEqual(contents)
})

test('binary files are shown by their sizes', () => {
  const volume = tripwire.fs.volume({ a: new Uint8Array([0]), b: new Uint8Array([0, 1]) }, { over: 'empty' })
  tripwire.sandbox(() => {
    fs.appendFileSync('a', Buffer.from([255, 254]))
    fs.writeFileSync('c', Buffer.from([255]))
    fs.rmSync('b')
  })
  expect(volume.tree()).toEqual({ a: '<binary, 3 bytes>', c: '<binary, 1 byte>' })
  expect(volume.diff()).toEqual({
    created: { c: '<binary, 1 byte>' },
    changed: { a: '<binary, 1 byte> -> <binary, 3 bytes>' },
    removed: ['b'],
  })
  expect(volume.read('a')).toEqual(Buffer.from([0, 255, 254]))
  expect(() => volume.read('b')).toThrow("'b' is no file of the volume: there is nothing")
  expect(() => tripwire.fs.assert({ c: expect.not.stringContaining('\ufffd') })).toThrow('otherwise')
  expect(() => tripwire.fs.assert({ c: expect.any(Number) })).toThrow('otherwise')
  tripwire.fs.assert({ a: Buffer.from([0, 255, 254]), c: expect.any(Uint8Array), b: null })
})

test('an export is the volume as a real folder', () => {
  const volume = tripwire.fs.volume(
    { 'a.txt': 'text', 'empty/': null, 'deep/run': { content: '#!', mode: 0o755 }, current: { link: 'deep/run' } },
    { over: 'empty' },
  )
  volume.optional()
  const folder = target()
  volume.export(folder)
  expect(readdirSync(folder).sort()).toEqual(['a.txt', 'current', 'deep', 'empty'])
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('text')
  expect(lstatSync(join(folder, 'deep/run')).mode & 0o777).toBe(0o755)
  expect(readlinkSync(join(folder, 'current'))).toBe('deep/run')
})

test.each([
  ['a file elsewhere', { '/elsewhere/a': 'x', b: 'x' }],
  ['a file above', { '../a': 'x', b: 'x' }],
  ['a link that leads up', { a: { link: '../../etc' }, b: 'x' }],
  ['a link that leads up from deep', { 'deep/a': { link: '../../x' }, b: 'x' }],
  [
    'a link that leads up by way of another',
    { 'a/s': { link: '..' }, 'a/b/s': { link: '../s' }, l: { link: 'a/b/s/../x' } },
  ],
  ['an absolute link', { a: { link: '/etc/passwd' }, b: 'x' }],
])('an export refuses %s, and writes nothing', (_, contents) => {
  const volume = tripwire.fs.volume(contents, { at: '/folder/of/a/test', over: 'empty' })
  volume.optional()
  const folder = target()
  expect(() => volume.export(folder)).toThrow(/leaves|not below/)
  expect(fs.existsSync(folder)).toBe(false)
})

test('an export has links that lead to links, and round in circles', () => {
  const contents = { 'a/s': { link: '..' }, 'a/b/l': { link: '../s/a/b' }, one: { link: 'two' }, two: { link: 'one' } }
  const volume = tripwire.fs.volume(contents, { at: '/folder/of/a/test', over: 'empty' })
  volume.optional()
  const folder = target()
  volume.export(folder)
  expect(readdirSync(join(folder, 'a/b/l'))).toEqual(['l'])
  expect(readlinkSync(join(folder, 'one'))).toBe('two')
})

test('an export does not follow links that stand where it writes', () => {
  const volume = tripwire.fs.volume({ 'deep/a': 'x' }, { over: 'empty' })
  volume.optional()
  const folder = target()
  const elsewhere = `${folder}-elsewhere`
  mkdirSync(folder)
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, join(folder, 'deep'))
  expect(() => volume.export(folder)).toThrow('is a link')
  expect(readdirSync(elsewhere)).toEqual([])
})

test('a diff, applied to what was before, gives what is after', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
  const text = fc.tuple(lines, fc.boolean()).map(([all, ends]) => all.join('\n') + (ends ? '\n' : ''))
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(applied(before, unifiedDiff(before, after))).toBe(after)
    }),
    { numRuns: 1000 },
  )
})

/** As `patch` does it. */
function applied(before: string, diff: string): string {
  const olds = before.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const result: string[] = []
  let at = 0
  const lines = diff === '' ? [] : diff.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line)
    const ending = lines[index + 1] === '\\ No newline at end of file' ? '' : '\n'
    if (hunk) {
      const from = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1)
      result.push(...olds.slice(at, from))
      at = from
    } else if (line.startsWith('+')) result.push(line.slice(1) + ending)
    else if (!line.startsWith('\\')) {
      expect(olds[at]).toBe(line.slice(1) + ending)
      at++
      if (line.startsWith(' ')) result.push(line.slice(1) + ending)
    }
  }
  return [...result, ...olds.slice(at)].join('')
}
