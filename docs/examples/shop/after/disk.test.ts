import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { remembered } from '../src/cache.ts'
import { forecast } from '../src/forecast.ts'
import { writeInvoice } from '../src/invoice.ts'
import { hasStock, stockUp } from '../src/stock.ts'
import { version } from '../src/version.ts'

const scratch = () => mkdtempSync(join(tmpdir(), 'shop-'))

test('an invoice is written', () => {
  expect(readFileSync(writeInvoice(7, 1499, scratch()), 'utf8')).toBe('Invoice 7: 14.99 EUR\n')
})

test('the version is unknown without git', () => {
  using _ = tripwire.refuse('subprocess:git rev-parse *')
  expect(version()).toBe('unknown')
})

test('prices are remembered', async () => {
  const home = scratch()
  expect(await remembered('mug', async () => 500, home)).toBe(500)
  expect(await remembered('mug', async () => 900, home)).toBe(500)
})

test('prices are not remembered where the home folder cannot be written', async () => {
  using _ = tripwire.refuse('fs:write:**/.shop-cache/**')
  using __ = tripwire.refuse('fs:write:**/.shop-cache')
  expect(await remembered('mug', async () => 500)).toBe(500)
})

// Node 20 has no database of its own.
test.runIf(hasStock)('stock is counted', () => {
  expect(stockUp('mug', 3, ':memory:')).toBe(3)
})

test('there is no forecast without the rates', async () => {
  using _ = tripwire.refuse('http')
  expect(await forecast()).toBeUndefined()
})
