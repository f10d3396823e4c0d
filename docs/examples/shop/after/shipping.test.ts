import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { shippingCost } from '../src/shipping.ts'

test('a near country is cheap', async () => {
  expect(await shippingCost('nl', async () => '1')).toBe(490)
})

test('the farthest zone holds while the carrier does not answer', async () => {
  using _ = tripwire.refuse('dns:*.zones.example.com')
  expect(await shippingCost('de')).toBe(1290)
})
