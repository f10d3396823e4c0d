import { describe, expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { book, charge, refresh } from '../src/payments.ts'
import { retry } from '../src/retry.ts'
import '../src/telemetry.ts'

const paid = { id: 'ch_1', status: 'paid' } as const

describe('charging', () => {
  test('gives a charge', async () => {
    expect(await charge(5000, async () => Response.json(paid))).toEqual(paid)
  })

  test('is pending while the payment service is down', async () => {
    using _ = tripwire.refuse('http')
    expect(await charge(1)).toEqual({ id: 'none', status: 'pending' })
  })

  test('asks three times before it gives up', async () => {
    const trips = await tripwire.expectTrip('http', () => charge(1))
    expect(trips.map(({ callSite }) => callSite?.file.endsWith('payments.ts'))).toEqual([true, true, true])
  })

  test('uses the request function that it is given', async () => {
    const request = vi.fn(async () => Response.json(paid))
    expect(await charge(100, request)).toEqual(paid)
    expect(request).toHaveBeenCalledOnce()
  })
})

test('booking fails while the ledger is down', async () => {
  using _ = tripwire.refuse('http')
  await expect(book(paid)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
})

test('refresh asks later', async () => {
  await tripwire.expectTrip(async () => {
    refresh('ch_1')
    await new Promise((resolve) => setTimeout(resolve, 60))
  })
})

test('a charge asks the payment service and nobody else', async () => {
  await tripwire.sandbox({ refuse: 'http' }, async (box) => {
    await charge(1)
    expect(box.interactions).toHaveLength(3)
    for (const { description } of box.interactions) expect(description).toMatch(/^POST .*\/v1\/charges/)
  })
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
})
