import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, tripwire } from 'vitest-tripwire'
import { memoryOrders, postgresOrders, total } from '../src/orders.ts'
import { settings } from '../src/settings.ts'
import { showStatements } from './show.ts'

describe('orders in Postgres', () => {
  const orders = postgresOrders()
  let db: Database
  beforeAll(async () => {
    // Wherever the shop connects: what answers there is a database of this worker, made by the shop's own migrations.
    db = await tripwire.db.postgres(settings.database, {
      schema: '../migrations',
      seed: "insert into articles values ('mug', 3)",
    })
  })
  beforeEach(() => db.restore())
  afterAll(() => orders.close())

  const inStock = async () => (await db.query("select in_stock from articles where name = 'mug'"))[0]?.in_stock

  test('an order has a number, and is taken from stock', async () => {
    const id = await tripwire.sandbox(() => orders.save({ article: 'mug', quantity: 2 }))
    showStatements(tripwire.calls('db'))
    tripwire.db.assert('update articles set in_stock = in_stock - $2 where name = $1 and in_stock >= $2', {
      params: ['mug', 2],
    })
    tripwire.db.assert('insert into orders (article, quantity) values ($1, $2) returning id', { params: ['mug', 2] })
    expect(id).toBe(1)
    expect(await inStock()).toBe(1)
  })

  test('what is not there is not ordered', async () => {
    await tripwire.sandbox(() =>
      expect(orders.save({ article: 'mug', quantity: 4 })).rejects.toThrow('there are not 4 of mug'),
    )
    tripwire.db.assert(/^update articles /, { params: ['mug', 4] })
    expect(await db.query('select * from orders')).toEqual([])
  })

  test('an order that cannot be written gives back what it took', async () => {
    db.script(/^insert into orders /, { error: { code: '53100', message: 'could not extend file: disk full' } })
    await tripwire.sandbox(() =>
      expect(orders.save({ article: 'mug', quantity: 1 })).rejects.toMatchObject({ code: '53100' }),
    )
    tripwire.db.assert(/^update articles /, { params: ['mug', 1] })
    tripwire.db.assert(/^insert into orders /, { params: ['mug', 1] })
    expect(await inStock()).toBe(3)
  })
})

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
