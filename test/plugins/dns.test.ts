import dns from 'node:dns'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

describe('lookups', () => {
  test('of localhost and of addresses ask nobody, and pass', async () => {
    expect(await dns.promises.lookup('localhost')).toHaveProperty('address')
    expect(await promisify(dns.lookup)('127.0.0.1')).toEqual({ address: '127.0.0.1', family: 4 })
  })

  test('of names are stopped, and fail through the callback or the promise', async () => {
    const [trip] = await tripwire.expectTrip('dns', async () => {
      const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => dns.lookup('a.example.com', resolve))
      expect(error?.code).toBe('TRIPWIRE_GUARDED_CALL')
    })
    expect(trip?.description).toBe('a DNS lookup of a.example.com')
    await tripwire.expectTrip('dns', () => dns.promises.resolveMx('a.example.com'))
  })

  test('are found whatever follows the callback, and for the root', async () => {
    const lookup = dns.lookup as unknown as (...args: unknown[]) => void
    await tripwire.expectTrip('dns', async () => {
      expect(await new Promise((resolve) => lookup('a.example.com', {}, resolve, 'more'))).toHaveProperty('tripId')
    })
    const [trip] = await tripwire.expectTrip('dns', () => dns.promises.resolveNs(''))
    expect(trip?.operation).toBe('dns:resolve')
  })

  test.each(['127.0.0.1.', '[::1]', 'localhost.'])('of %s ask a name server, and are stopped', async (host) => {
    await tripwire.expectTrip('dns', () => dns.promises.lookup(host))
  })

  test('that are refused fail like unknown names', async () => {
    using _ = tripwire.refuse('dns:*.example.com')
    await expect(dns.promises.lookup('a.example.com')).rejects.toMatchObject({
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
    })
    await expect(dns.promises.resolve4('a.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND', syscall: 'queryA' })
  })
})

test('wrong arguments are refused by Node itself', () => {
  expect(() => dns.lookup('a.example.com', undefined as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  )
})
