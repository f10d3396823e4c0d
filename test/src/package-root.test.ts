import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT, packageRootOf } from '../../src/package-root.ts'

const MODULES = [
  'dist/worker/guard.js',
  'dist/worker/setup.js',
  'dist/main/vite.js',
  'dist/src/package-root.js',
  'src/package-root.ts',
]

test.each([
  '/home/me/tripwire/',
  '/home/me/src/',
  '/home/me/dist/',
  '/home/me/dist/src/',
  '/home/me/mysrc/',
  '/src/dist/worker/',
  '/home/src/app/node_modules/vitest-tripwire/',
])('the package is found in %s', (root) => {
  expect(MODULES.map((path) => packageRootOf(root + path))).toEqual(MODULES.map(() => root))
})

test('the package is found on Windows', () => {
  expect(packageRootOf('C:\\src\\dist\\worker\\guard.js')).toBe('C:\\src\\')
})

test('its folder is this one here', () => {
  expect(PACKAGE_ROOT).toBe(`${resolve(import.meta.dirname, '../..')}/`)
})
