import { expect, test } from 'vitest'
import { inCurrency } from '../src/rates.ts'

test('dollars are a number', async () => {
  expect(await inCurrency(1000, 'USD')).toBeGreaterThan(0)
})

test.concurrent.each(['GBP', 'CHF'])('%s are a number too', async (currency) => {
  expect(await inCurrency(1000, currency)).toBeGreaterThan(0)
})
