import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { inCurrency, latestRates } from '../src/rates.ts'
import { settings } from '../src/settings.ts'

const some = async () => ({ base: 'EUR', rates: { USD: 1.1 } })
const RATES = `GET ${settings.rates}/v1/latest`

test('amounts are converted and rounded', async () => {
  expect(await inCurrency(1005, 'USD', some)).toBe(1106)
})

test.concurrent.each(['GBP', 'CHF'])('%s without a rate stay as they are', async (currency) => {
  expect(await inCurrency(1000, currency, some)).toBe(1000)
})

describe('the contract with the rates service, which is free to ask', () => {
  test('for this test alone', { meta: { tripwire: { allow: RATES } } }, async () => {
    expect(await latestRates()).toMatchObject({ base: 'EUR', rates: { USD: expect.any(Number) } })
  })

  test('as a block', async () => {
    using _ = tripwire.allow(RATES)
    expect(await inCurrency(1000, 'USD')).not.toBe(1000)
  })

  test('in a sandbox, which says that it was asked once and nothing else was', async () => {
    const box = await tripwire.sandbox({ allow: RATES }, async (box) => {
      await inCurrency(1000, 'USD')
      return box
    })
    expect(box.interactions).toMatchObject([
      { outcome: 'passed', description: expect.stringMatching(/^GET .*\/v1\/latest/) },
    ])
  })
})
