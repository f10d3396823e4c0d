import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fits } from '../../../src/core/equal.ts'
import { differenceOf } from '../../../src/errors/difference.ts'

test('what fits is left out, at whatever depth; lists and matchers stay whole', () => {
  expect(
    differenceOf(
      {
        id: 1,
        to: { name: 'Ann', at: { zip: '1000' } },
        tags: ['a', 'b'],
        any: expect.objectContaining({ x: 1 }),
        gone: 1,
      },
      { id: 1, to: { name: 'Ann', at: { zip: '2000' } }, tags: ['a', 'c'], any: { x: 2 }, more: 2 },
    ),
  ).toEqual({
    expected: {
      to: { at: { zip: '1000' } },
      tags: ['a', 'b'],
      any: expect.objectContaining({ x: 1 }),
      gone: 1,
      more: undefined,
    },
    actual: { to: { at: { zip: '2000' } }, tags: ['a', 'c'], any: { x: 2 }, gone: undefined, more: 2 },
    same: 2,
  })
  expect(differenceOf('a', { a: 1 })).toEqual({ expected: 'a', actual: { a: 1 }, same: 0 })
})

test('what is left differs wherever it is looked at', () => {
  const values = fc.object({
    maxDepth: 3,
    key: fc.constantFrom('a', 'b', 'c'),
    values: [fc.integer({ max: 2, min: 0 })],
  })
  fc.assert(
    fc.property(values, values, (one, other) => {
      const { expected, actual } = differenceOf(one, other)
      expect(fits(one, other)).toBe(fits(expected, actual))
      for (const key of Object.keys(expected as object))
        expect(fits((expected as never)[key], (actual as never)[key])).toBe(false)
    }),
  )
})
