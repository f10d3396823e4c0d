import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as after } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket, { WebSocketServer } from 'ws'

const { dns, sockets, ws } = tripwire

async function overUdp(): Promise<string> {
  const socket = createSocket('udp4')
  socket.send('which?', 9, 'packets.example.com')
  const [message] = await once(socket, 'message')
  socket.close()
  return String(message)
}

async function overWs(): Promise<string> {
  const socket = new WebSocket('wss://feed.example.com')
  const [message] = await once(socket, 'message')
  socket.close()
  return String(message)
}

test('sandboxes that run at once are each answered by their own mocks', async () => {
  const seen = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      tripwire.sandbox(async () => {
        const pause = () => after((at * 7) % 11)
        sockets.mock(
          'tcp://bytes.example.com:7',
          sockets
            .script()
            .wait(at % 5)
            .send(`tcp ${at}`)
            .close(),
        )
        sockets.mock(
          'udp://packets.example.com:9',
          sockets
            .script()
            .expect('which?')
            .wait(at % 3)
            .send(`udp ${at}`),
        )
        ws.mock(
          'wss://feed.example.com',
          ws
            .script()
            .wait(at % 4)
            .send(`ws ${at}`),
        )
        dns.mock('names.example.com', `10.0.0.${at}`)
        await pause()
        const tcp = text(connect(7, 'bytes.example.com'))
        await pause()
        const { address } = await lookup('names.example.com')
        return [await tcp, await overUdp(), await overWs(), address]
      }),
    ),
  )
  expect(seen).toEqual(seen.map((_, at) => [`tcp ${at}`, `udp ${at}`, `ws ${at}`, `10.0.0.${at}`]))
  tripwire.inAnyOrder(() => {
    for (const _ of seen) {
      sockets.assert('tcp://bytes.example.com:7')
      sockets.assert('udp://packets.example.com:9')
      ws.assert('wss://feed.example.com')
      dns.assert('names.example.com')
    }
  })
})

// Other systems let fewer connections wait (macOS: 128).
test.runIf(process.platform === 'linux')(
  'three thousand connections that are made at once are each answered',
  async () => {
    sockets.mock('tcp://bytes.example.com:7', sockets.script().send('hello').close()).always()
    const seen = await tripwire.sandbox(() =>
      Promise.all(Array.from({ length: 3000 }, () => text(connect(7, 'bytes.example.com')))),
    )
    expect(new Set(seen)).toEqual(new Set(['hello']))
    for (const _ of seen) sockets.assert('tcp://bytes.example.com:7')
  },
)

test('what is passed through reaches the real thing, and has to be asserted', async () => {
  const server = createServer((socket) => socket.end('real')).listen(0, '127.0.0.1')
  const feed = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  feed.on('connection', (peer) => peer.send('real'))
  await Promise.all([server.listening || once(server, 'listening'), feed.address() ?? once(feed, 'listening')])
  const { port } = server.address() as AddressInfo
  const url = `ws://127.0.0.1:${(feed.address() as AddressInfo).port}/`
  sockets.passThrough(`tcp://127.0.0.1:${port}`)
  ws.passThrough(url)
  const seen = await tripwire.sandbox(async () => {
    const socket = new WebSocket(url)
    const [message] = await once(socket, 'message')
    socket.close()
    return [await text(connect(port, '127.0.0.1')), String(message)]
  })
  feed.close()
  server.close()
  expect(seen).toEqual(['real', 'real'])
  ws.assert(url)
  sockets.assert(`tcp://127.0.0.1:${port}`)
})
