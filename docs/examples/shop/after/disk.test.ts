import { homedir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { remembered } from '../src/cache.ts'
import { forecast } from '../src/forecast.ts'
import { writeInvoice } from '../src/invoice.ts'
import { settings } from '../src/settings.ts'
import { hasStock, stockUp } from '../src/stock.ts'
import { version } from '../src/version.ts'
import { showDiff } from './show.ts'

test('an invoice is written, and a line for the bookkeepers', async () => {
  const disk = tripwire.fs.volume({ 'invoices.csv': 'number;cents\n6;1999\n' }, { at: settings.invoices })
  await tripwire.sandbox(() => writeInvoice(7, 1499))
  showDiff(disk.diff())
  tripwire.fs.assert({
    '7.txt': 'Invoice 7: 14.99 EUR\n',
    'invoices.csv': 'number;cents\n6;1999\n7;1499\n',
  })
})

describe('prices', () => {
  test('are remembered in the home folder', async () => {
    tripwire.fs.volume({}, { at: homedir() })
    await tripwire.sandbox(async () => {
      expect(await remembered('mug', async () => 500)).toBe(500)
      expect(await remembered('mug', async () => 900)).toBe(500)
    })
    tripwire.fs.assert({ '.shop-cache/mug': '500' })
  })

  test('are not remembered on a disk that is full', async () => {
    tripwire.fs.volume({ '.shop-cache/': null }, { at: homedir() })
    tripwire.fs.fail('.shop-cache/**', 'ENOSPC', { on: 'write' })
    expect(await tripwire.sandbox(() => remembered('mug', async () => 500))).toBe(500)
  })

  test('are not remembered where the home folder cannot be written', async () => {
    using _ = tripwire.refuse('fs:write:**/.shop-cache/**')
    using __ = tripwire.refuse('fs:write:**/.shop-cache')
    expect(await remembered('mug', async () => 500)).toBe(500)
  })
})

test('the version is unknown without git', () => {
  using _ = tripwire.refuse('subprocess:git rev-parse *')
  expect(version()).toBe('unknown')
})

// Node 20 has no database of its own.
test.runIf(hasStock)('stock is counted', () => {
  expect(stockUp('mug', 3, ':memory:')).toBe(3)
})

test('there is no forecast without the rates', async () => {
  using _ = tripwire.refuse('http')
  expect(await forecast()).toBeUndefined()
})
