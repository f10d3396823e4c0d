import * as grpc from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const bytes = (value: Buffer) => value
const method = (path: string, responseStream: boolean) => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
})
const Greeter = grpc.makeGenericClientConstructor(
  { greet: method('/shop.Greeter/Greet', false), watch: method('/shop.Greeter/Watch', true) },
  'Greeter',
)

/** A message as gRPC puts it into a body: not compressed, its length, its bytes. */
function framed(text: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(Buffer.byteLength(text), 1)
  return Buffer.concat([head, Buffer.from(text)])
}

const TYPE = { 'content-type': 'application/grpc' }
const PLACE = 'grpc.example.com:50051'

describe.each([
  ['http', grpc.credentials.createInsecure()],
  ['https', grpc.credentials.createSsl()],
] as const)('gRPC over %s', (scheme, credentials) => {
  const origin = `${scheme}://${PLACE}`
  /** In a sandbox, with a client of its own: gRPC shares connections, and the lookups before them, among clients of one place. */
  const using = <T>(work: (client: InstanceType<typeof Greeter>) => Promise<T>) =>
    tripwire.sandbox(async () => {
      const client = new Greeter(PLACE, credentials, { 'grpc.use_local_subchannel_pool': 1 })
      try {
        return await work(client)
      } finally {
        client.close()
      }
    })
  const greet = (name: string) =>
    using(
      (client) =>
        new Promise<string>((resolve, reject) => {
          client.greet?.(Buffer.from(name), (error: Error | null, answer: Buffer) =>
            error ? reject(error) : resolve(String(answer)),
          )
        }),
    )

  test('a call is answered, and asserted with its message', async () => {
    tripwire.http.mock(`POST ${origin}/shop.Greeter/Greet`, {
      headers: TYPE,
      body: framed('hello Ann'),
      trailers: { 'grpc-status': '0' },
    })
    expect(await greet('Ann')).toBe('hello Ann')
    tripwire.http.assert(`POST ${origin}/shop.Greeter/Greet`, { body: framed('Ann') })
  })

  test('a status is an error of gRPC', async () => {
    tripwire.http.mock(`POST ${origin}/shop.Greeter/Greet`, {
      headers: TYPE,
      trailers: { 'grpc-status': '5', 'grpc-message': 'nobody' },
    })
    await expect(greet('Bob')).rejects.toMatchObject({ code: grpc.status.NOT_FOUND, details: 'nobody' })
    tripwire.http.assert(`POST ${origin}/shop.Greeter/Greet`, { body: framed('Bob') })
  })

  test('a stream comes message by message', async () => {
    tripwire.http.mock(`POST ${origin}/shop.Greeter/Watch`, {
      headers: TYPE,
      trailers: { 'grpc-status': '0' },
      body: (async function* () {
        yield framed('one')
        yield framed('two')
      })(),
    })
    const seen = await using(async (client) => {
      const messages: string[] = []
      const stream = client.watch?.(Buffer.from('all')) as AsyncIterable<Buffer>
      for await (const message of stream) messages.push(String(message))
      return messages
    })
    expect(seen).toEqual(['one', 'two'])
    tripwire.http.assert(`POST ${origin}/shop.Greeter/Watch`, { body: framed('all') })
  })

  test('without a mock no connection is made, and no name asked for', async () => {
    const trips = await tripwire.expectTrip(() =>
      using(
        (client) =>
          new Promise((resolve) => client.greet?.(Buffer.from('Eve'), { deadline: Date.now() + 300 }, resolve)),
      ),
    )
    expect(new Set(trips.map(({ protocol }) => protocol))).toEqual(new Set(['dns']))
  })
})
