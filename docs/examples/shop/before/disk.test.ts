import { expect, test } from 'vitest'
import { remembered } from '../src/cache.ts'
import { forecast } from '../src/forecast.ts'
import { writeInvoice } from '../src/invoice.ts'
import { hasStock, stockUp } from '../src/stock.ts'
import { version } from '../src/version.ts'

test('an invoice is written', () => {
  expect(writeInvoice(7, 1499)).toMatch(/7\.txt$/)
})

test('the version is that of the checkout or unknown', () => {
  expect(version()).toMatch(/^\w+$/)
})

test('prices are remembered', async () => {
  expect(await remembered('mug', async () => 500)).toBe(500)
})

// Node 20 has no database of its own.
test.runIf(hasStock)('stock is counted', () => {
  expect(stockUp('mug', 3)).toBe(3)
})

test('a forecast is a number or nothing', async () => {
  expect(['number', 'undefined']).toContain(typeof (await forecast()))
})
