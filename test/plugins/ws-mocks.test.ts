import { once } from 'node:events'
import { WebSocket as UndiciWebSocket } from 'undici'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WsClient from 'ws'

const { ws } = tripwire

/** Opens, sends each message and gives what came back, with how it was closed. */
async function talkAs(
  Client: new (url: string, protocols?: string[]) => WebSocket,
  url: string,
  messages: readonly (string | Uint8Array<ArrayBuffer>)[],
  protocols: string[] = [],
) {
  const socket = new Client(url, protocols)
  const received: string[] = []
  socket.addEventListener('message', ({ data }) => received.push(String(data)))
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
    // Of a handshake that is turned down undici 6 (Node 22) tells no close, by a real server neither.
    socket.addEventListener('error', () => setTimeout(() => resolve({ code: 1006, reason: '' }), 100))
  })
  socket.addEventListener('open', () => {
    for (const message of messages) socket.send(message)
  })
  const { code, reason } = await closed
  return { received, code, reason, protocol: socket.protocol }
}

const clients = [
  ['ws', WsClient],
  ['undici', UndiciWebSocket],
  ['the global WebSocket', globalThis.WebSocket],
].filter(([, Client]) => Client !== undefined) as [string, new (url: string) => WebSocket][]

describe.each(clients)('a mocked WebSocket of %s', (_, Client) => {
  test.each(['ws', 'wss'])('follows its script over %s, and is one interaction', async (scheme) => {
    const url = `${scheme}://feed.example.com/prices?key=1`
    ws.mock(
      url,
      ws.script().expect({ type: 'subscribe' }).send({ price: 1 }).expect(/^by/).send('bye').close(4000, 'enough'),
    )
    const said = await tripwire.sandbox(() => talkAs(Client, url, ['{"type":"subscribe"}', 'bye']))
    expect(said).toMatchObject({ received: ['{"price":1}', 'bye'], code: 4000, reason: 'enough' })
    ws.assert(url)
  })

  test('is served by a function, with subprotocols and binary messages', async () => {
    ws.mock('wss://feed.example.com', (peer, request) => {
      peer.on('message', (data, isBinary) => peer.send(`${isBinary} ${data.toString()} ${request.headers.get('host')}`))
      peer.on('message', () => peer.close())
    })
    const said = await tripwire.sandbox(() =>
      talkAs(Client, 'wss://feed.example.com', [new Uint8Array([104, 105])], ['v2', 'v1']),
    )
    expect(said).toMatchObject({ received: ['true hi feed.example.com'], code: 1005, protocol: 'v2' })
    ws.assert('wss://feed.example.com', { protocols: ['v2', 'v1'], sent: [Buffer.from('hi')] })
  })

  test('may be turned down', async () => {
    ws.mock('wss://feed.example.com', { status: 403 })
    expect(await tripwire.sandbox(() => talkAs(Client, 'wss://feed.example.com', []))).toMatchObject({ code: 1006 })
    ws.assert('wss://feed.example.com')
  })
})

test('pings are sent, and answered by the client', async () => {
  const pongs: string[] = []
  ws.mock('ws://feed.example.com', (peer) => {
    peer.on('pong', (data) => pongs.push(String(data)))
    peer.ping('are you there')
  })
  await tripwire.sandbox(async () => {
    const socket = new WsClient('ws://feed.example.com')
    await once(socket, 'ping')
    await expect.poll(() => pongs).toEqual(['are you there'])
    socket.close()
  })
  ws.assert('ws://feed.example.com')
})

test('what was sent last is waited for: nobody has to wait for the other side', async () => {
  ws.mock('wss://feed.example.com', ws.script().expect('one').expect('two'))
  await tripwire.sandbox(async () => {
    const socket = new WsClient('wss://feed.example.com')
    await once(socket, 'open')
    socket.send('one')
    socket.send('two')
    socket.close()
  })
  ws.assert('wss://feed.example.com', { sent: ['one', 'two'] })
})
