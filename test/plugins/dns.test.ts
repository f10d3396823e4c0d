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
