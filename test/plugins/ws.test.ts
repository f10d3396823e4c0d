import type { AddressInfo } from 'node:net'
import { WebSocket as UndiciWebSocket } from 'undici'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket, { WebSocketServer } from 'ws'
import { startWorld } from '../support/world.ts'

const open = (url: string) =>
  new Promise<WebSocket>((resolve, reject) => {
    const socket = new WebSocket(url)
    socket.on('open', () => resolve(socket))
    socket.on('error', reject)
  })

describe('WebSockets', () => {
  test('of an own server pass, and its handlers run in the frame of their client', async () => {
    const server = new WebSocketServer({ port: 0 })
    await new Promise((resolve) => server.once('listening', resolve))
    server.on('connection', (socket) => {
      socket.on('message', () =>
        fetch('http://telemetry.example.com').catch((error) => socket.send(String(error.cause.code))),
      )
    })
    await tripwire.refuse('http:telemetry.example.com', async () => {
      const socket = await open(`ws://localhost:${(server.address() as AddressInfo).port}/feed`)
      const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
      socket.send('go')
      expect(await answer).toBe('EHOSTUNREACH')
      socket.close()
    })
    server.close()
  })

  test('are named as such, with the narrowest rule', async () => {
    const [trip] = await tripwire.expectTrip('ws', () => open('wss://feed.example.com/prices?key=1'))
    expect(trip).toMatchObject({
      description: 'a WebSocket to wss://feed.example.com/prices?key=…',
      rule: 'wss://feed.example.com/prices',
      via: 'ws',
    })
  })

  test('an http rule does not open them, a ws rule does', async () => {
    using _ = tripwire.allow('http')
    await tripwire.expectTrip('ws', () => open('ws://feed.invalid/'))
    using _ws = tripwire.allow('ws://feed.invalid')
    await expect(open('ws://feed.invalid/')).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    })
  })

  test('of undici are named, settle within a second, and never reach the other side', async () => {
    await using world = await startWorld()
    const from = performance.now()
    const [trip] = await tripwire.expectTrip('ws', async () => {
      const socket = new UndiciWebSocket(`ws://127.0.0.1:${world.http}/prices`)
      await new Promise((resolve) => socket.addEventListener('error', resolve))
    })
    expect(performance.now() - from).toBeLessThan(1000)
    expect(trip).toMatchObject({ description: `a WebSocket to ws://127.0.0.1:${world.http}/prices`, via: 'undici' })
    await world.quiet()
    expect(world.log).toEqual([])
  })
})
