import { createSocket } from 'node:dgram'
import http from 'node:http'
import net from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket from 'ws'
import { sandboxName } from '../../src/core/sandbox.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const failed = (emitter: net.Socket) =>
  new Promise<{ code?: string; message: string }>((resolve) => emitter.once('error', resolve))

/** A connection to the real world, opened where a rule allows it. */
function openAllowed(): Promise<net.Socket> {
  return tripwire.allow(`sockets:tcp://127.0.0.1:${world.tcp}`, async () => {
    const socket = net.connect(world.tcp, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  })
}

describe('a connection that was opened outside a sandbox', () => {
  let socket: net.Socket
  beforeEach(async () => {
    socket = await openAllowed()
    return () => socket.destroy()
  })

  test('is judged when the sandbox uses it: what nothing there answers never leaves', async () => {
    const before = world.log.length
    const [trip] = await tripwire.expectTrip('sockets', () =>
      tripwire.sandbox(async (box) => {
        const error = failed(socket)
        socket.write('secret')
        expect((await error).code).toBe('TRIPWIRE_UNMOCKED_INTERACTION')
        expect((await error).message).toContain(
          `a TCP connection to 127.0.0.1:${world.tcp}, opened outside ${sandboxName(box.id)}, was used in it`,
        )
      }),
    )
    expect(trip?.callSite?.file).toContain('reuse.test.ts')
    await world.quiet()
    expect(world.log.slice(before)).not.toContain('tcp 6 bytes')
  })

  test('is one call of the sandbox where a rule lets it pass, however often it is written to', async () => {
    using _ = tripwire.allow('sockets')
    await tripwire.sandbox(async (box) => {
      await new Promise((resolve) => socket.write('one', resolve))
      await new Promise((resolve) => socket.write('two', resolve))
      expect(box.interactions).toHaveLength(1)
    })
  })

  test('fails like one that was cut where it is refused', async () => {
    await tripwire.refuse('sockets', () =>
      tripwire.sandbox(async () => {
        const error = failed(socket)
        socket.write('x')
        expect(await error).toMatchObject({ code: 'ECONNRESET', syscall: 'write' })
      }),
    )
  })

  test('outside sandboxes may be used: opening decided', async () => {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).write('fine', () => resolve())
    })
  })
})

test('a connection that a sandbox opened itself is not judged twice', async () => {
  using _ = tripwire.allow(`sockets:tcp://127.0.0.1:${world.tcp}`)
  await tripwire.sandbox(async (box) => {
    const socket = await openAllowed()
    await new Promise((resolve) => socket.write('mine', resolve))
    expect(box.interactions).toHaveLength(1)
    socket.destroy()
  })
})

test('a WebSocket is judged under its own name', async () => {
  const url = `ws://127.0.0.1:${world.http}/open`
  const socket = await tripwire.allow(url, async () => {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return socket
  })
  const [trip] = await tripwire.expectTrip('ws', () =>
    tripwire.sandbox(async () => {
      // `ws` keeps errors of an open socket to itself, and says that the connection was lost.
      const code = new Promise((resolve) => socket.once('close', resolve))
      socket.send('hello')
      expect(await code).toBe(1006)
    }),
  )
  expect(trip).toMatchObject({ protocol: 'ws', description: `a WebSocket to ${url}` })
})

test('a warm HTTP connection is judged by its requests alone', async () => {
  const agent = new http.Agent({ keepAlive: true })
  const get = () =>
    new Promise((resolve, reject) => {
      http
        .get({ port: world.http, host: '127.0.0.1', agent }, (answer) => answer.resume().on('end', resolve))
        .on('error', reject)
    })
  using _ = tripwire.allow(`http://127.0.0.1:${world.http}`)
  await get()
  await tripwire.sandbox(async (box) => {
    await get()
    expect(box.interactions.map(({ protocol }) => protocol)).toEqual(['http'])
  })
  agent.destroy()
})

test('a UDP socket bound to one peer is judged when a sandbox sends', async () => {
  const socket = createSocket('udp4')
  await tripwire.allow(`sockets:127.0.0.1:${world.udp}`, async () => {
    socket.connect(world.udp, '127.0.0.1')
    await new Promise<void>((resolve) => socket.once('connect', resolve))
  })
  await tripwire.expectTrip('sockets', () =>
    tripwire.sandbox(async () => {
      const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => socket.send('packet', resolve))
      expect(error?.code).toBe('TRIPWIRE_UNMOCKED_INTERACTION')
    }),
  )
  socket.close()
  await world.quiet()
  expect(world.log).not.toContain('udp 6 bytes')
})
