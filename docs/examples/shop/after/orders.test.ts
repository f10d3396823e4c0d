import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { memoryOrders, postgresOrders, total } from '../src/orders.ts'

test('an order is not saved while the database is down', async () => {
  const orders = postgresOrders()
  const [trip] = await tripwire.expectTrip('db', () => orders.save({ article: 'mug', quantity: 2 }))
  expect(trip?.description).toMatch(/^pg to .* as shop$/)
  await orders.close()
})

test('orders in memory are kept', async () => {
  const store = memoryOrders()
  await store.save({ article: 'mug', quantity: 1 })
  expect(store.saved).toHaveLength(1)
})

describe('totals', () => {
  test('multiply', () => {
    expect(total({ article: 'mug', quantity: 3 }, 500)).toBe(1500)
  })
  test('refuse a quantity of nothing', () => {
    expect(() => total({ article: 'mug', quantity: 0 }, 500)).toThrow(RangeError)
  })
})
