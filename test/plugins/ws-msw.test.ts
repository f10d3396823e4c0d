import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as msw3 from 'msw'
import * as msw2 from 'msw2'
import { WebSocket as UndiciWebSocket } from 'undici'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WsClient, { WebSocketServer } from 'ws'
import { talk } from '../support/talk.ts'

const FEED = 'wss://feed.example.com'
const VERSIONS: Readonly<Record<string, Pick<typeof msw2, 'ws' | 'http'>>> = {
  'msw 2': msw2,
  'msw 3': msw3 as unknown as Pick<typeof msw2, 'ws' | 'http'>,
}

async function echo() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (peer, { headers }) => {
    peer.on('message', (data, isBinary) =>
      peer.send(isBinary ? data : `real ${data} ${headers.authorization ?? ''}`.trim()),
    )
  })
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

describe.each(Object.keys(VERSIONS))('handlers of ws.link of %s', (version) => {
  const { ws, http } = VERSIONS[version] as Pick<typeof msw2, 'ws' | 'http'>

  test('answer as they are: parameters, text and bytes, subprotocols, closing', async () => {
    const feed = ws.link(`${FEED}/:room`)
    tripwire.ws.use(
      feed.addEventListener('connection', ({ client, params, info }) => {
        client.send(`welcome to ${params.room} over ${info.protocols}`)
        client.addEventListener('message', (event) => {
          if (event.data === 'bye') return client.close(4000, 'see you')
          client.send(
            typeof event.data === 'string' ? event.data.toUpperCase() : (event.data as Uint8Array<ArrayBuffer>),
          )
        })
      }),
    )
    const said = await tripwire.sandbox(() =>
      talk(`${FEED}/prices?key=1`, ['hello', Buffer.from('bytes'), 'bye'], { protocols: ['v2', 'v1'] }),
    )
    expect(said).toEqual({
      received: ['welcome to prices over v2,v1', 'HELLO', 'bytes'],
      closed: [4000, 'see you'],
      protocol: 'v2',
    })
    tripwire.ws.assert(`${FEED}/prices?key=1`, {
      protocols: ['v2', 'v1'],
      sent: ['hello', Buffer.from('bytes'), 'bye'],
    })
  })

  test.each(
    [
      ['undici', UndiciWebSocket],
      ['the global WebSocket', globalThis.WebSocket],
    ].filter(([, Client]) => Client !== undefined) as [string, new (url: string) => WebSocket][],
  )('answer %s', async (_, Client) => {
    tripwire.ws.use(ws.link(FEED).addEventListener('connection', ({ client }) => client.send('hello')))
    const data = await tripwire.sandbox(async () => {
      const socket = new Client(FEED)
      const [event] = await once(socket, 'message')
      socket.close()
      return event.data
    })
    expect(data).toBe('hello')
    tripwire.ws.assert(FEED)
  })

  test('answer any number of connections, or none, and see those of others', async () => {
    const chat = ws.link(FEED)
    tripwire.ws.use(
      ws.link('wss://never.example.com').addEventListener('connection', () => {}),
      chat.addEventListener('connection', ({ client }) => {
        client.addEventListener('message', ({ data }) => {
          chat.broadcast(`all: ${data}`)
          chat.broadcastExcept(client, `others: ${data}`)
        })
      }),
    )
    const heard = await tripwire.sandbox(async () => {
      const [ann, bob] = [new WsClient(FEED), new WsClient(FEED)]
      const messages: string[] = []
      ann.on('message', (data) => messages.push(`ann ${data}`))
      bob.on('message', (data) => messages.push(`bob ${data}`))
      await Promise.all([once(ann, 'open'), once(bob, 'open')])
      await expect.poll(() => chat.clients.size).toBeGreaterThanOrEqual(2)
      ann.send('hi')
      await expect.poll(() => messages.length).toBe(3)
      ann.close()
      bob.close()
      await Promise.all([once(ann, 'close'), once(bob, 'close')])
      return messages.sort()
    })
    expect(heard).toEqual(['ann all: hi', 'bob all: hi', 'bob others: hi'])
    tripwire.inAnyOrder(() => {
      tripwire.ws.assert(FEED, { sent: ['hi'] })
      tripwire.ws.assert(FEED)
    })
  })

  test('of one connection all hear it, and one may keep it from the others', async () => {
    const seen: string[] = []
    const hears = (name: string, stops = false) =>
      ws.link(FEED).addEventListener('connection', ({ client }) => {
        client.addEventListener('message', (event) => {
          seen.push(`${name} ${event.data}`)
          if (stops) event.stopPropagation()
        })
        client.addEventListener('close', ({ code }) => seen.push(`${name} closed ${code}`), { once: true })
        if (name === 'last') client.send('go on')
      })
    tripwire.ws.use(hears('first'), hears('second', true), hears('last'))
    await tripwire.sandbox(() => talk(FEED, ['one'], { hangUp: true }))
    await expect.poll(() => seen).toHaveLength(5)
    expect(seen).toEqual(['first one', 'second one', 'first closed 1000', 'second closed 1000', 'last closed 1000'])
    tripwire.ws.assert(FEED, { sent: ['one'] })
  })

  test('of several calls all hear it too, the latest first', async () => {
    const seen: string[] = []
    const hears = (name: string, address = FEED) =>
      ws.link(address).addEventListener('connection', ({ client }) => {
        client.addEventListener('message', () => seen.push(name))
        client.addEventListener('close', () => seen.push(`${name} closed`), { once: true })
        if (name === 'second') client.send('go on')
      })
    tripwire.ws.use(hears('first'), hears('second'))
    tripwire.ws.use(hears('elsewhere', 'wss://other.example.com'))
    await tripwire.sandbox(async () => {
      tripwire.ws.use(hears('of the sandbox'))
      await talk(FEED, ['one'], { hangUp: true })
    })
    await expect.poll(() => seen).toHaveLength(6)
    expect(seen.slice(0, 3)).toEqual(['of the sandbox', 'first', 'second'])
    tripwire.ws.assert(FEED, { sent: ['one'] })
  })

  test('that ask the real server are between it and the client', async () => {
    const { server, url } = await echo()
    tripwire.ws.use(
      ws.link(url).addEventListener('connection', ({ client, server }) => {
        server.connect()
        client.addEventListener('message', (event) => {
          if (event.data !== 'secret') return
          event.preventDefault()
          server.send('replaced')
        })
        server.addEventListener('message', (event) => {
          if (event.data === 'real two') event.preventDefault()
          if (event.data === 'real replaced') server.close()
        })
        server.addEventListener('close', () => client.close(4001, 'server is gone'))
      }),
    )
    const said = await tripwire.sandbox(() => talk(url, ['one', 'two', 'secret']))
    server.close()
    expect(said).toMatchObject({ received: ['real one', 'real replaced'], closed: [4001, 'server is gone'] })
    expect(tripwire.calls().map(({ outcome }) => outcome)).toEqual(['passed'])
    tripwire.ws.assert(url, { sent: ['one', 'two', 'secret'] })
  })

  test('let through no more than a ceiling does', async () => {
    const elsewhere = 'ws://127.0.0.1:9'
    tripwire.ws.use(ws.link(elsewhere).addEventListener('connection', ({ server }) => server.connect()))
    const trips = await tripwire.expectTrip('ws', () =>
      tripwire.sandbox({ restrict: `${FEED}/**` }, async () => {
        const { closed } = await talk(elsewhere)
        expect(closed).toEqual([1011, expect.stringContaining('was blocked, in sandbox')])
      }),
    )
    expect(trips).toMatchObject([{ code: 'TRIPWIRE_GUARDED_CALL', why: { by: 'ceiling' } }])
  })

  test('fail the connection by what a listener throws, at once or later', async () => {
    tripwire.ws.use(
      ws.link(FEED).addEventListener('connection', ({ client }) => {
        client.addEventListener('message', async ({ data }) => {
          await 0
          throw new TypeError(`not ${data}`)
        })
      }),
    )
    expect(await tripwire.sandbox(() => talk(FEED, ['this']))).toMatchObject({ closed: [1011, 'not this'] })
    tripwire.ws.assert(FEED, { sent: ['this'] })
  })

  test('break off, and close by codes that nobody may send', async () => {
    tripwire.ws.use(
      ws.link(`${FEED}/broken`).addEventListener('connection', ({ client }) => client.close(1006)),
      ws.link(`${FEED}/silent`).addEventListener('connection', ({ client }) => client.close(1005)),
      ws.link(`${FEED}/plain`).addEventListener('connection', ({ client }) => client.close()),
    )
    const codes = await tripwire.sandbox(async () => [
      (await talk(`${FEED}/broken`)).closed,
      (await talk(`${FEED}/silent`)).closed,
      (await talk(`${FEED}/plain`)).closed,
    ])
    expect(codes).toEqual([
      [1006, ''],
      [1005, ''],
      [1000, ''],
    ])
    for (const path of ['broken', 'silent', 'plain']) tripwire.ws.assert(`${FEED}/${path}`)
  })

  test('send what the web has: blobs in their turn, buffers and views', async () => {
    tripwire.ws.use(
      ws.link(FEED).addEventListener('connection', ({ client }) => {
        client.send(new Blob(['blob']))
        client.send('text')
        client.send(new TextEncoder().encode('view'))
        client.send(new TextEncoder().encode('buffer').buffer)
        client.send(new TextEncoder().encode('-part-').subarray(1, 5))
        client.close(1000)
      }),
    )
    const { received } = await tripwire.sandbox(() => talk(FEED))
    expect(received).toEqual(['blob', 'text', 'view', 'buffer', 'part'])
    tripwire.ws.assert(FEED)
  })

  test('leave other addresses to the mocks after them', async () => {
    tripwire.ws.use(ws.link('wss://other.example.com').addEventListener('connection', () => {}))
    tripwire.ws.mock(FEED, tripwire.ws.script().send('mocked').close())
    expect(await tripwire.sandbox(() => talk(FEED))).toMatchObject({ received: ['mocked'] })
    tripwire.ws.assert(FEED)
  })

  test('are told apart from those of requests', () => {
    const link = ws.link(FEED).addEventListener('connection', () => {})
    const get = http.get('https://api.example.com', () => undefined)
    expect(() => tripwire.ws.use(get)).toThrow('it answers requests')
    expect(() => tripwire.http.use(link)).toThrow('it answers WebSockets')
  })
})

test('what is no handler is refused', () => {
  expect(() => tripwire.ws.use({ link: FEED })).toThrowErrorMatchingInlineSnapshot(`
    [SandboxMisuseError: [TRIPWIRE_SANDBOX_MISUSE] tripwire.ws.use() was given something that cannot be meant: it is no handler of WebSockets.

      fix  handlers of msw: ws.link('wss://…').addEventListener('connection', …)]
  `)
})
