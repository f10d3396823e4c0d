import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const { sockets } = tripwire

/** Sends, and gives all that came until the other side ended. */
async function ask(socket: Socket, question: string): Promise<string> {
  socket.write(question)
  return text(socket)
}

describe('a mocked connection', () => {
  test('follows its script, and is one interaction', async () => {
    sockets.mock(
      'tcp://cache.example.com:6379',
      sockets.script().send('ready\r\n').expect('PING\r\n').send('PONG\r\n').close(),
    )
    const answer = await tripwire.sandbox(() => ask(connect(6379, 'cache.example.com'), 'PING\r\n'))
    expect(answer).toBe('ready\r\nPONG\r\n')
    sockets.assert('tcp://cache.example.com:6379')
  })

  test('is served by a function with a real socket, whose calls are in the sandbox', async () => {
    sockets.mock('tcp://cache.example.com:6379', (peer) => {
      peer.on('data', (data) => {
        fetch('http://stray.example.com').catch((error) => peer.end(`${data}: ${error.cause.code}`))
      })
    })
    const trips = await tripwire.expectTrip('http', () =>
      tripwire.sandbox(async () => {
        expect(await ask(connect(6379, 'cache.example.com'), 'hello')).toBe('hello: TRIPWIRE_UNMOCKED_INTERACTION')
      }),
    )
    expect(trips).toHaveLength(1)
    sockets.assert('tcp://cache.example.com:6379', { sent: 'hello' })
  })

  test('may be TLS', async () => {
    sockets.mock(
      'tls://vault.example.com:443',
      sockets
        .script()
        .expect(/GET (\w+)\n/)
        .send('secret')
        .close(),
    )
    const answer = await tripwire.sandbox(() =>
      ask(connectTls({ port: 443, host: 'vault.example.com', servername: 'vault.example.com' }), 'GET it\n'),
    )
    expect(answer).toBe('secret')
    sockets.assert('tls://vault.example.com:443')
  })

  test.each([
    ['a script', sockets.script().expect('TLS?').send('yes').startTls().expect('hello').send('secret').close()],
    [
      'a function',
      (peer: Socket, { startTls }: { startTls(): Promise<Socket> }) => {
        peer.once('data', async () => {
          peer.write('yes')
          const secured = await startTls()
          secured.once('data', () => secured.end('secret'))
        })
      },
    ],
  ] as const)('may change to TLS by %s', async (_, reply) => {
    sockets.mock('tcp://db.example.com:5432', reply)
    const answer = await tripwire.sandbox(async () => {
      const socket = connect(5432, 'db.example.com')
      socket.write('TLS?')
      expect(String((await once(socket, 'data'))[0])).toBe('yes')
      const secured = connectTls({ socket, servername: 'db.example.com' })
      await once(secured, 'secureConnect')
      expect([secured.authorized, secured.getPeerCertificate().subject.CN]).toEqual([true, 'db.example.com'])
      return ask(secured, 'hello')
    })
    expect(answer).toBe('secret')
    sockets.assert('tcp://db.example.com:5432', { sent: 'TLS?hello' })
  })

  test('that goes on without TLS leaves its script', async () => {
    sockets.mock('tcp://db.example.com:5432', sockets.script().send('yes').startTls().send('secret'))
    const [trip] = await tripwire.expectTrip(() =>
      tripwire.sandbox(async () => {
        const socket = connect(5432, 'db.example.com').on('error', () => {})
        await once(socket, 'data')
        socket.end('no')
        await once(socket, 'close')
      }),
    )
    expect(trip?.message.split('\n').filter((line) => !line.includes(':5432'))).toMatchInlineSnapshot(`
      [
        "",
        "  where  test/plugins/sockets-mocks.test.ts:90:24",
        "         in test "a mocked connection > that goes on without TLS leaves its script"",
        "  why    expected what .startTls() begins",
        "         came     'no'",
        "  script   1 .send('yes')",
        "         > 2 .startTls()",
        "           3 .send('secret')",
        "  fix    put this step before it, if the code under test is right:",
        "           .expect('no')",
        "  more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_SCRIPT.md",
      ]
    `)
    sockets.assert('tcp://db.example.com:5432', { sent: 'no' })
  })

  test('may be a unix socket', async () => {
    sockets.mock('unix:/run/app.sock', (peer) => void peer.end('bye'))
    expect(await tripwire.sandbox(() => ask(connect('/run/app.sock'), 'x'))).toBe('bye')
    sockets.assert('unix:/run/app.sock', { sent: 'x' })
  })

  test.each(['refused', 'reset', 'timeout', 'unreachable'] as const)('may fail: %s', async (error) => {
    sockets.mock('tcp://cache.example.com:6379', { error })
    const seen = await tripwire.sandbox(() => once(connect(6379, 'cache.example.com'), 'connect').catch((e) => e.code))
    const codes = { refused: 'ECONNREFUSED', reset: 'ECONNRESET', timeout: 'ETIMEDOUT', unreachable: 'EHOSTUNREACH' }
    expect(seen).toBe(codes[error])
    sockets.assert('tcp://cache.example.com:6379')
  })
})

describe('UDP', () => {
  test('packets of one socket to one place are a conversation', async () => {
    sockets.mock('udp://time.example.com:123', (peer) => {
      peer.on('message', (message) => peer.send(`echo ${message}`))
    })
    const seen = await tripwire.sandbox(async () => {
      const socket = createSocket('udp4')
      const messages: string[] = []
      socket.on('message', (message, from) => messages.push(`${message} from ${from.address}:${from.port}`))
      socket.send('one', 123, 'time.example.com')
      socket.send(Buffer.from('-two-'), 1, 3, 123, 'time.example.com')
      await expect.poll(() => messages.length).toBe(2)
      socket.close()
      return messages
    })
    expect(seen).toEqual(['echo one from 127.0.0.1:123', 'echo two from 127.0.0.1:123'])
    sockets.assert('udp://time.example.com:123', { sent: ['one', 'two'] })
  })

  test('follows a script, also on a connected socket', async () => {
    sockets.mock('udp://time.example.com:123', sockets.script().expect('now?').send('noon'))
    const answer = await tripwire.sandbox(async () => {
      const socket = createSocket('udp4')
      socket.connect(123, 'time.example.com')
      await once(socket, 'connect')
      socket.send('now?')
      const [message] = await once(socket, 'message')
      socket.close()
      return String(message)
    })
    expect(answer).toBe('noon')
    sockets.assert('udp://time.example.com:123')
  })
})

test('no mock is chosen by what is sent later: it would answer nothing', () => {
  const pattern = { transport: 'tcp', host: 'mail.example.com', port: 25, sent: 'EHLO' }
  expect(() => tripwire.sockets.mock(pattern as never)).toThrow(
    "a connection has no 'sent' to choose it by; what is sent is not known when it opens: expect it in a script",
  )
})
