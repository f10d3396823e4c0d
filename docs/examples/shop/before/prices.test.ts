import { describe, expect, test } from 'vitest'
import { discounted, latestPrice } from '../src/prices.ts'

test('the latest price is a number of cents', async () => {
  expect(await latestPrice('mug')).toBeGreaterThan(0)
})

describe('discounts', () => {
  test.each([
    [1000, 10, 900],
    [999, 50, 500],
    [1999, 0, 1999],
  ])('%i cents less %i percent are %i cents', (cents, percent, expected) => {
    expect(discounted(cents, percent)).toBe(expected)
  })
})
