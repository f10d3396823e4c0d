import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expectTypeOf, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

test('a function that serves a socket is given a real one, of UDP a peer of packets', () => {
  tripwire.sockets.mock('tcp://mail.example.com:25', (peer) => expectTypeOf(peer).toEqualTypeOf<Socket>())
  tripwire.sockets.mock({ transport: 'tls', port: 993 }, (peer) => expectTypeOf(peer).toEqualTypeOf<Socket>())
  tripwire.sockets.mock('udp://stats.example.com:8125', (peer) => {
    expectTypeOf(peer.send).parameter(0).toEqualTypeOf<string | Uint8Array>()
    peer.on('message', (message) => expectTypeOf(message).toEqualTypeOf<Buffer>())
  })
  tripwire.sockets.mock('tcp://mail.example.com:587', async (_, { startTls }) => {
    expectTypeOf(await startTls()).toEqualTypeOf<TLSSocket>()
  })
  // @ts-expect-error packets do not change to TLS
  tripwire.sockets.mock('udp://stats.example.com:8125', (_, { startTls }) => startTls())
  // @ts-expect-error Node has no such failure
  tripwire.sockets.mock('tcp://mail.example.com:25', { error: 'tired' })
})

test('steps of scripts are those of their protocol', () => {
  const { script } = tripwire.sockets
  expectTypeOf(
    script()
      .send('220 ready\r\n')
      .expect(/EHLO .*\r\n/),
  ).toEqualTypeOf(script())
  expectTypeOf(tripwire.ws.script().ping().expect({ type: 'subscribe' }).close(1000, 'bye')).toEqualTypeOf(
    tripwire.ws.script(),
  )
  // @ts-expect-error a stream has no pings
  script().ping()
  // @ts-expect-error an object has no bytes of its own
  script().send({ price: 1 })
  // @ts-expect-error the script of another protocol
  tripwire.ws.mock('wss://feed.example.com', script())
})

test('a WebSocket is turned down, or served by its peer', () => {
  tripwire.ws.mock('wss://feed.example.com', { status: 401 })
  tripwire.ws.mock(/feed/, (peer, request) => {
    expectTypeOf(peer.protocol).toEqualTypeOf<string>()
    expectTypeOf(request).toEqualTypeOf<Request>()
  })
  tripwire.ws.assert('wss://feed.example.com', { protocols: ['v2'], sent: ['subscribe'] })
  // @ts-expect-error what is sent is not known when it opens
  tripwire.ws.mock({ url: 'wss://feed.example.com', sent: ['a'] })
})

test('a name has records, a failure, or a function of the question', () => {
  tripwire.dns.mock('api.example.com', ['10.0.0.1', { address: 'fd00::1', ttl: 60 }])
  tripwire.dns.mock('MX example.com', { exchange: 'mx.example.com', priority: 10 })
  tripwire.dns.mock(/\.example\.com$/, ({ hostname, family }) => {
    expectTypeOf(hostname).toEqualTypeOf<string>()
    expectTypeOf(family).toEqualTypeOf<4 | 6 | undefined>()
    return 'ENOTFOUND'
  })
  // @ts-expect-error a name without an answer
  tripwire.dns.mock('api.example.com')
})
