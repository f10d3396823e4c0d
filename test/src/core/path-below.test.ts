import { expect, test } from 'vitest'
import { pathBelow } from '../../../src/core/path-below.ts'

test.each([
  ['/repo', '/repo/out/a.txt', 'out/a.txt'],
  ['/repo/', '/repo/a.txt', 'a.txt'],
  ['/', '/a.txt', 'a.txt'],
  ['/repo', '/repo-of-another/a.txt', undefined],
  ['/repo', '/repo', undefined],
  ['/repo', '/repo/', undefined],
  ['/repo', '/other/a.txt', undefined],
  ['', '/a.txt', undefined],
  // A backslash is a character of a name where folders are parted by slashes.
  ['/repo', '/repo/a\\b.txt', 'a\\b.txt'],
  ['C:\\repo', 'C:\\repo\\out\\a.txt', 'out/a.txt'],
])('below %j, the path %j is %j', (folder, path, below) => {
  expect(pathBelow(folder, path)).toBe(below)
})
