import dns, { promises, Resolver } from 'node:dns'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const failing = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ message, code, syscall, errno, hostname }) => ({ message, code, syscall, errno, hostname }),
  )
/** Runs questions in a sandbox and asserts each of them afterwards. */
async function asked<T>(fn: () => Promise<T>): Promise<T> {
  const from = tripwire.calls('dns').length
  const result = await tripwire.sandbox(fn)
  for (const { facts } of tripwire.calls('dns').slice(from)) tripwire.dns.assert(facts as { hostname: string })
  return result
}
const HOST = 'api.example.com'

describe('a lookup', () => {
  const BOTH = ['10.0.0.1', 'fd00::1', '10.0.0.2']
  const four = (address: string) => ({ address, family: 4 })
  const six = { address: 'fd00::1', family: 6 }

  test.each([
    [{}, four('10.0.0.1')],
    [{ all: true }, [four('10.0.0.1'), six, four('10.0.0.2')]],
    [{ family: 6 }, six],
    [{ family: 'IPv4' as const, all: true }, [four('10.0.0.1'), four('10.0.0.2')]],
    [{ all: true, order: 'ipv6first' as const }, [six, four('10.0.0.1'), four('10.0.0.2')]],
    [{ all: true, verbatim: false }, [four('10.0.0.1'), four('10.0.0.2'), six]],
  ])('with %o', async (options, expected) => {
    tripwire.dns.mock(HOST, BOTH)
    expect(await asked(() => promises.lookup(HOST, options as dns.LookupOptions))).toEqual(expected)
  })

  test('takes a family alone, and calls back with the address and its family', async () => {
    tripwire.dns.mock(HOST, BOTH).times(2)
    const seen = await asked(async () => [
      await new Promise((resolve) => dns.lookup(HOST, 6, (...args) => resolve(args))),
      await promisify(dns.lookup)(HOST),
    ])
    expect(seen).toEqual([[null, 'fd00::1', 6], four('10.0.0.1')])
  })

  test('of a family that there is no address of fails, and maps what it may', async () => {
    tripwire.dns.mock(HOST, '10.0.0.1').times(2)
    const [failed, mapped] = await asked(async () => [
      await failing(promises.lookup(HOST, 6)),
      await promises.lookup(HOST, { family: 6, hints: dns.V4MAPPED }),
    ])
    expect(failed).toEqual({
      message: `getaddrinfo ENOTFOUND ${HOST}`,
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      errno: -3008,
      hostname: HOST,
    })
    expect(mapped).toEqual({ address: '::ffff:10.0.0.1', family: 6 })
  })

  test('may fail by a code or an error', async () => {
    const own = new Error('no network today')
    tripwire.dns.mock(HOST, 'EAI_AGAIN')
    tripwire.dns.mock(HOST, own)
    const [code, error] = await asked(async () => [
      await failing(promises.lookup(HOST)),
      await new Promise((resolve) => dns.lookup(HOST, (error) => resolve(error))),
    ])
    expect(code).toMatchObject({ message: `getaddrinfo EAI_AGAIN ${HOST}`, code: 'EAI_AGAIN', errno: -3001 })
    expect(error).toBe(own)
  })

  test('may be answered by what is asked', async () => {
    tripwire.dns
      .mock('*.example.com', ({ hostname, family, rrtype }) => [
        `10.0.0.${hostname.length}`,
        ...((rrtype ?? family) ? [] : ['fd00::1']),
      ])
      .always()
    expect(
      await asked(async () => [
        await promises.lookup('a.example.com', { all: true }),
        await promises.resolve4('ab.example.com'),
      ]),
    ).toEqual([[four('10.0.0.13'), six], ['10.0.0.14']])
  })
})

describe('a query', () => {
  const RECORDS = {
    A: { address: '10.0.0.1', ttl: 60 },
    AAAA: 'fd00::1',
    MX: [{ exchange: 'mx.example.com', priority: 10 }],
    CNAME: 'edge.example.com',
    NS: ['ns1.example.com', 'ns2.example.com'],
    PTR: 'host.example.com',
    TXT: [['v=spf1', ' -all'], 'plain'],
    SRV: { name: 'sip.example.com', port: 5060 },
    SOA: {
      nsname: 'ns1.example.com',
      hostmaster: 'root.example.com',
      serial: 1,
      refresh: 2,
      retry: 3,
      expire: 4,
      minttl: 5,
    },
    CAA: { critical: 0, issue: 'ca.example.com' },
    NAPTR: { flags: 's', service: 'SIP', regexp: '', replacement: 'sip.example.com', order: 1, preference: 2 },
  }
  const EXPECTED = {
    resolve4: ['10.0.0.1'],
    resolve6: ['fd00::1'],
    resolveMx: RECORDS.MX,
    resolveCname: ['edge.example.com'],
    resolveNs: RECORDS.NS,
    resolvePtr: ['host.example.com'],
    resolveTxt: [['v=spf1', ' -all'], ['plain']],
    resolveSrv: [{ name: 'sip.example.com', port: 5060, priority: 0, weight: 0 }],
    resolveSoa: RECORDS.SOA,
    resolveCaa: [RECORDS.CAA],
    resolveNaptr: [RECORDS.NAPTR],
  }

  test.each(Object.entries(EXPECTED))('%s: callbacks, promises and both resolvers', async (name, expected) => {
    tripwire.dns.mock(HOST, RECORDS).times(4)
    const of = (owner: object) =>
      (owner as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]?.bind(owner) as (
        ...args: unknown[]
      ) => Promise<unknown>
    const seen = await asked(async () => [
      await promisify<string, unknown>(of(dns))(HOST),
      await promisify<string, unknown>(of(new Resolver()))(HOST),
      await of(promises)(HOST),
      await of(new promises.Resolver())(HOST),
    ])
    expect(seen).toEqual([expected, expected, expected, expected])
  })

  test('tells the time to live when it is asked for, and every record when any is', async () => {
    tripwire.dns.mock(HOST, RECORDS).times(3)
    const [four, six, any] = await asked(async () => [
      await promises.resolve4(HOST, { ttl: true }),
      await promisify(dns.resolve6)(HOST, { ttl: true }),
      await promises.resolve(HOST, 'ANY'),
    ])
    expect(four).toEqual([{ address: '10.0.0.1', ttl: 60 }])
    expect(six).toEqual([{ address: 'fd00::1', ttl: 300 }])
    expect(any).toHaveLength(13)
    expect(any).toEqual(
      expect.arrayContaining([
        { type: 'A', address: '10.0.0.1', ttl: 60 },
        { type: 'NS', value: 'ns2.example.com' },
        { type: 'TXT', entries: ['plain'] },
      ]),
    )
  })

  test('of a type that there is no record of fails as it does with a name server', async () => {
    tripwire.dns.mock(HOST, '10.0.0.1')
    expect(await asked(() => failing(promises.resolveMx(HOST)))).toEqual({
      message: `queryMx ENODATA ${HOST}`,
      code: 'ENODATA',
      syscall: 'queryMx',
      errno: undefined,
      hostname: HOST,
    })
  })

  test('is chosen by its type', async () => {
    tripwire.dns.mock('MX example.com', { exchange: 'mx.example.com', priority: 5 })
    tripwire.dns.mock('TXT example.com', ['v=spf1 -all'])
    await tripwire.sandbox(async () => {
      await promises.resolveTxt('example.com').then((found) => expect(found).toEqual([['v=spf1 -all']]))
      await promises
        .resolveMx('example.com')
        .then((found) => expect(found).toEqual([{ exchange: 'mx.example.com', priority: 5 }]))
    })
    tripwire.dns.assert('TXT example.com')
    tripwire.dns.assert('example.com', { rrtype: 'MX' })
  })

  test('backwards gives names and services', async () => {
    tripwire.dns.mock('10.0.0.1', 'host.example.com').times(2)
    const seen = await asked(async () => [
      await promises.reverse('10.0.0.1'),
      await promises.lookupService('10.0.0.1', 443),
    ])
    expect(seen).toEqual([['host.example.com'], { hostname: 'host.example.com', service: 'https' }])
  })
})

test.each([
  [HOST, undefined, 'the answer is undefined'],
  [HOST, { A: 'fd00::1' }, "'fd00::1' is no address of IPv4"],
  [HOST, 'ENOTFUND', "Node's lookups do not fail with 'ENOTFUND'; did you mean: ENOTFOUND?"],
  [HOST, { exchnge: 'a' }, '{ exchnge } is no record'],
  ['MXX example.com', '10.0.0.1', 'there are no MXX records'],
  ['https://api.example.com', '10.0.0.1', "'https://api.example.com' is no host name"],
])('mock(%o, %o) is refused where it cannot be meant', (pattern, reply, message) => {
  const mock = () => tripwire.dns.mock(pattern, reply as string).optional()
  expect(mock).toThrow(message)
})
