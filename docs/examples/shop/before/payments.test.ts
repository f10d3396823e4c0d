import { describe, expect, test, vi } from 'vitest'
import { book, charge, refresh } from '../src/payments.ts'
import { retry } from '../src/retry.ts'
import '../src/telemetry.ts'

describe('charging', () => {
  test('gives a charge', async () => {
    const result = await charge(5000)
    expect(result).toHaveProperty('id')
  })

  test('is pending while the payment service is down', async () => {
    expect(await charge(1)).toMatchObject({ status: expect.stringMatching(/paid|pending/) })
  })

  test('uses the request function that it is given', async () => {
    const request = vi.fn(async () => Response.json({ id: 'ch_1', status: 'paid' }))
    expect(await charge(100, request)).toEqual({ id: 'ch_1', status: 'paid' })
    expect(request).toHaveBeenCalledOnce()
  })
})

test('booking names the entry or fails', async () => {
  const entry = await book({ id: 'ch_1', status: 'paid' }).catch(() => 'ledger down')
  expect(entry).toBeTypeOf('string')
})

test('refresh does not throw', () => {
  expect(() => refresh('ch_1')).not.toThrow()
})

describe('retry', () => {
  test('gives the first success', async () => {
    const fn = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue('yes')
    expect(await retry(3, fn)).toBe('yes')
  })
  test('gives up after the last attempt', async () => {
    const fn = vi.fn().mockRejectedValue(new Error('no'))
    expect(await retry(2, fn)).toBeUndefined()
    expect(fn).toHaveBeenCalledTimes(2)
  })
  test('takes its time between attempts', async () => {
    const start = performance.now()
    await retry(10, async () => Promise.reject(new Error('no')))
    expect(performance.now() - start).toBeGreaterThan(40)
  })
})
