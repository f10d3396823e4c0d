import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileFileGlob, globProblem } from '../../../src/config/file-glob.ts'

const fits = (glob: string, path: string) => compileFileGlob(glob, '/repo')(`/repo/${path}`)

describe('a glob', () => {
  test.each([
    ['test/a.test.ts', 'test/a.test.ts', true],
    ['test/a.test.ts', 'test/b.test.ts', false],
    ['test/**', 'test/a.test.ts', true],
    ['test/**', 'test/deep/er/a.test.ts', true],
    ['test/**', 'tests/a.test.ts', false],
    ['test/*', 'test/a.test.ts', true],
    ['test/*', 'test/deep/a.test.ts', false],
    ['**/*.db.test.ts', 'orders.db.test.ts', true],
    ['**/*.db.test.ts', 'a/b/orders.db.test.ts', true],
    ['**/*.db.test.ts', 'a/b/orders.test.ts', false],
    ['*.test.ts', 'a/b.test.ts', false],
    ['**', 'a/b/.hidden/c.ts', true],
    ['a/**/z.ts', 'a/z.ts', true],
    ['test/?.test.ts', 'test/a.test.ts', true],
    ['test/?.test.ts', 'test/ab.test.ts', false],
    ['test/{unit,e2e}/**', 'test/e2e/a.test.ts', true],
    ['test/{unit,e2e}/**', 'test/other/a.test.ts', false],
    ['*.{test,spec}.{ts,tsx}', 'a.spec.tsx', true],
    ['{a,b/{c,d}}/*.ts', 'b/d/x.ts', true],
    ['{a,b/{c,d}}/*.ts', 'b/x.ts', false],
    ['./test/*', 'test/a.test.ts', true],
    ['app/[id]/(group)/*.test.ts', 'app/[id]/(group)/page.test.ts', true],
    ['test/{open', 'test/{open', true],
    ['a+b.test.ts', 'a+b.test.ts', true],
    ['a.test.ts', 'aXtest.ts', false],
  ])('%j on %j: %s', (glob, path, expected) => {
    expect(fits(glob, path)).toBe(expected)
  })

  test('fits no file outside its folder, and none in a folder whose name begins alike', () => {
    const matches = compileFileGlob('**', '/repo')
    expect(matches('/repo/a.ts')).toBe(true)
    expect(matches('/repository/a.ts')).toBe(false)
    expect(matches('/other/a.ts')).toBe(false)
    expect(matches('/repo')).toBe(false)
  })

  test('reads Windows paths', () => {
    expect(compileFileGlob('test/**', 'C:\\repo')('C:\\repo\\test\\a.ts')).toBe(true)
    expect(compileFileGlob('test/**', 'C:/repo')('C:\\repo\\lib\\a.ts')).toBe(false)
  })

  test('works in a root folder', () => {
    expect(compileFileGlob('test/**', '/')('/test/a.ts')).toBe(true)
  })
})

describe('for any path', () => {
  const name = fc.stringMatching(/^[a-z.[\]()+-]{1,6}$/).filter((text) => text !== '.' && text !== '..')
  const path = fc.array(name, { minLength: 1, maxLength: 5 })

  test('the path itself, ** before, after and between, and ? and * in a name fit', () => {
    fc.assert(
      fc.property(path, fc.nat(), (names, seed) => {
        const text = names.join('/')
        const at = seed % names.length
        const starred = names.with(at, '*').join('/')
        const masked = names.with(at, '?'.repeat((names[at] as string).length)).join('/')
        const between = [...names.slice(0, at), '**', ...names.slice(at)].join('/')
        for (const glob of [text, `**/${text}`, '**', between, starred, masked, `{${text},x}`]) {
          expect(globProblem(glob), glob).toBeUndefined()
          expect(fits(glob, text), `${glob} on ${text}`).toBe(true)
        }
      }),
    )
  })

  test('it agrees with the same glob as a regular expression', () => {
    const part = fc.constantFrom('a', 'b', '*', '?', 'a*', '*b', '**', 'ab')
    const few = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'aab'), { minLength: 1, maxLength: 4 })
    const asPattern = (glob: readonly string[]) =>
      new RegExp(
        `^${glob
          .map((one) => (one === '**' ? '(?:[^/]+/)*' : `${one.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}/`))
          .join('')}$`,
      )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), few, (glob, names) => {
        expect(fits(glob.join('/'), names.join('/'))).toBe(asPattern(glob).test(`${names.join('/')}/`))
      }),
      { numRuns: 1000 },
    )
  })

  test('a hostile glob takes no time', () => {
    const start = performance.now()
    expect(fits('*a'.repeat(60), 'a'.repeat(5000).concat('b'))).toBe(false)
    expect(fits('**/a/'.repeat(60).concat('b'), 'a/'.repeat(2000).concat('c'))).toBe(false)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('a glob that cannot be meant is refused', () => {
  test.each([
    '',
    ' ',
    '/abs/**',
    'C:/abs/**',
    '../other/**',
    'a/../b',
    'test/',
    '!test/**',
    'test\\**',
    '{a,b}'.repeat(10),
  ])('%j', (glob) => {
    expect(globProblem(glob)).toBeDefined()
  })

  test.each(['a..b/c', '...', 'test/**', '{a,b}/c', '.hidden/**'])('but not %j', (glob) => {
    expect(globProblem(glob)).toBeUndefined()
  })
})
