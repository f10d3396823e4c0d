import { createSocket } from 'node:dgram'
import net, { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { parseSocketRule } from '../../plugins/sockets/rule.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const connect = (...args: [port: number, host?: string] | [path: string]) =>
  new Promise<string>((resolve, reject) => {
    const socket = net.connect(...(args as [number]))
    socket.on('connect', () => {
      socket.destroy()
      resolve('connected')
    })
    socket.on('error', reject)
  })

describe('connections', () => {
  test('to an own server pass, over TCP and a unix socket', async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}).end('hi'))
    await new Promise<void>((resolve) => server.listen(0, resolve))
    expect(await connect((server.address() as AddressInfo).port)).toBe('connected')
    server.close()
  })

  test('to anything else are stopped, and writes that wait get the same error', async () => {
    await tripwire.expectTrip('sockets', async () => {
      const socket = net.connect(world.tcp, '127.0.0.1')
      socket.write('waiting')
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.on('error', resolve))
      expect(error.code).toBe('TRIPWIRE_GUARDED_CALL')
      expect(socket.destroyed).toBe(true)
    })
    await world.quiet()
    expect(world.log).toEqual([])
  })

  test('a socket that was stopped can be used again', async () => {
    const socket = new net.Socket()
    await tripwire.expectTrip('sockets', async () => {
      socket.connect(world.tcp, '127.0.0.1')
      await new Promise((resolve) => socket.once('close', resolve).once('error', () => {}))
    })
    using _ = tripwire.allow(`sockets:tcp://127.0.0.1:${world.tcp}`)
    socket.connect(world.tcp, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
  })

  test('a host name that a rule allows is looked up as part of the connection', async () => {
    using _ = tripwire.allow('sockets:tcp://tripwire.invalid:1')
    await expect(connect(1, 'tripwire.invalid')).rejects.toMatchObject({ syscall: 'getaddrinfo' })
  })

  test('bad arguments are refused by Node itself', () => {
    expect(() => net.connect({} as never)).toThrow(expect.objectContaining({ code: 'ERR_MISSING_ARGS' }))
    expect(() => net.connect(70_000)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }))
  })
})

describe('packets', () => {
  test('to an own socket pass', async () => {
    const receiver = createSocket('udp4')
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve))
    const sender = createSocket('udp4')
    const received = new Promise((resolve) => receiver.once('message', (data) => resolve(String(data))))
    sender.send('hello', receiver.address().port, '127.0.0.1')
    expect(await received).toBe('hello')
    sender.close()
    receiver.close()
  })

  test('without a callback fail with an error event', async () => {
    const sender = createSocket('udp4')
    await tripwire.expectTrip('sockets', async () => {
      sender.send('x', world.udp, '127.0.0.1')
      await new Promise((resolve) => sender.once('error', resolve))
    })
    sender.close()
  })
})

test('every function that is patched looks like the original', () => {
  expect(net.Socket.prototype.connect.name).toBe('')
  expect(net.Socket.prototype.connect).toHaveLength(0)
  expect(net.Server.prototype.emit).toHaveLength(1)
})

describe('rules', () => {
  test.each([
    ['db.example.com', { operation: ['connect', 'send'], host: 'db.example.com' }],
    ['tcp://10.0.0.0/8:5432', { operation: 'connect', transport: ['tcp', 'tls'], host: '10.0.0.0/8', port: 5432 }],
    ['udp://localhost:53', { operation: 'send', transport: 'udp', host: 'localhost', port: 53 }],
    ['unix:/run/x.sock', { transport: 'unix', path: '/run/x.sock' }],
    ['listen:*', { operation: 'listen' }],
  ])('%s is read', (text, fields) => {
    expect(parseSocketRule(text)).toEqual(fields)
  })

  test.each(['quic://x', 'unix:', 'listen:x', 'a b', 'tcp://host/path'])('%s is refused', (text) => {
    expect(() => parseSocketRule(text)).toThrow()
  })
})
