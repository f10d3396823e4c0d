import { expect, test } from 'vitest'
import { shippingCost } from '../src/shipping.ts'

test('a parcel costs something', async () => {
  expect(await shippingCost('de')).toBeGreaterThan(390)
})

test('a near country is cheap', async () => {
  expect(await shippingCost('nl', async () => '1')).toBe(490)
})
