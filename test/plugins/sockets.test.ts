import { createSocket, type Socket } from 'node:dgram'
import dns from 'node:dns'
import net, { type AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
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

  test('a lookup that a socket brings along may ask for its host, also later', async () => {
    using _ = tripwire.allow('sockets:tcp://tripwire.invalid:1')
    const lookup = async (host: string, options: object, done: (error: Error | null) => void) => {
      await null
      dns.lookup(host, options, done)
    }
    const socket = net.connect({ port: 1, host: 'tripwire.invalid', lookup: lookup as never })
    const error = await new Promise((resolve) => socket.on('error', resolve))
    expect(error).toMatchObject({ syscall: 'getaddrinfo' })
  })

  test('a spy on a socket, and a class with a connect of its own, open no way out', async () => {
    class Own extends net.Socket {
      override connect = (...args: unknown[]) => super.connect(...(args as [number]))
    }
    const spied = new net.Socket()
    const spy = vi.spyOn(spied, 'connect')
    const from = world.log.length
    for (const socket of [spied, new Own()]) {
      await tripwire.expectTrip('sockets', async () => {
        socket.connect(world.tcp, '127.0.0.1')
        await new Promise((_, reject) => socket.on('error', reject))
      })
    }
    expect(spy).toHaveBeenCalledOnce()
    await world.quiet()
    expect(world.log.slice(from)).toEqual([])
  })

  const outward = Object.values(networkInterfaces())
    .flatMap((faces) => faces ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address
  // A machine without a network has no other address.
  test.skipIf(outward === undefined)("an own server is own under the machine's other addresses too", async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}).end('hi'))
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    const { port } = server.address() as AddressInfo
    expect(await connect(port, outward as string)).toBe('connected')
    server.close()
    await tripwire.expectTrip('sockets', () => connect(world.tcp, outward as string))
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

  test('are judged on a socket whose connect failed or is under way', async () => {
    const failed = createSocket('udp4')
    expect(() => failed.connect(-1)).toThrow()
    await tripwire.expectTrip('sockets', () => sent(failed))
    const connecting = createSocket('udp4').on('error', () => {})
    const receiver = createSocket('udp4')
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve))
    connecting.connect(receiver.address().port, '127.0.0.1')
    await tripwire.expectTrip('sockets', () => sent(connecting))
    await world.quiet()
    expect(world.log.filter((line) => line.startsWith('udp'))).toEqual([])
    for (const socket of [failed, connecting, receiver]) socket.close()
  })

  const sent = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      socket.send('x', world.udp, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
    })

  test('to a name that a rule allows look it up as part of the packet, and so does a connect', async () => {
    using _ = tripwire.allow('sockets:udp://tripwire.invalid:9')
    const sender = createSocket('udp4')
    const error = await new Promise((resolve) => sender.send('x', 9, 'tripwire.invalid', resolve))
    expect(error).toMatchObject({ syscall: 'getaddrinfo' })
    const peer = createSocket('udp4')
    expect(await new Promise((resolve) => peer.connect(9, 'tripwire.invalid', resolve as () => void))).toMatchObject({
      syscall: 'getaddrinfo',
    })
    sender.close()
    peer.close()
  })

  test('a connect is let through by the rule that its error offers', async () => {
    const socket = createSocket('udp4')
    const [trip] = await tripwire.expectTrip('sockets', async () => {
      const error = await new Promise((resolve) => socket.connect(world.udp, '127.0.0.1', resolve as () => void))
      expect(error).toMatchObject({ code: 'TRIPWIRE_GUARDED_CALL' })
    })
    const other = createSocket('udp4')
    const rule = String(trip?.rule)
    const end = tripwire.allow(
      rule,
      () => new Promise((done) => other.connect(world.udp, '127.0.0.1', done as () => void)),
    )
    expect(await end).toBeUndefined()
    socket.close()
    other.close()
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

describe('listening', () => {
  const listen = (...args: [port: number, host?: string] | [path: string]) =>
    new Promise<net.Server>((resolve, reject) => {
      const server = net.createServer()
      server.once('error', reject).listen(...(args as [number]), () => resolve(server))
    })

  test('passes by default, and a sandbox writes it down', async () => {
    await tripwire.sandbox(async (box) => {
      const server = await listen(0, '127.0.0.1')
      server.close()
      expect(box.interactions).toMatchObject([{ operation: 'sockets:listen', outcome: 'passed' }])
    })
  })

  test('is stopped by a rule, by port or by path, as if the address could not be had', async () => {
    const [trip] = await tripwire.expectTrip('sockets', () =>
      tripwire.deny('sockets:listen:4123', async () => {
        await expect(listen(4123, '127.0.0.1')).rejects.toMatchObject({ code: 'TRIPWIRE_GUARDED_CALL' })
        const other = await listen(0)
        other.close()
      }),
    )
    expect(trip).toMatchObject({ description: 'a server on 127.0.0.1:4123', rule: 'sockets:listen:4123' })
    const path = join(tmpdir(), `tripwire-${process.pid}.sock`)
    await tripwire.refuse(`sockets:unix:${path}`, () =>
      expect(listen(path)).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', address: path }),
    )
  })

  test('and a server that was stopped can listen later', async () => {
    const server = net.createServer()
    await tripwire.expectTrip('sockets', () =>
      tripwire.deny('sockets:listen:*', () => new Promise((resolve) => server.once('error', resolve).listen(0))),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    expect(server.listening).toBe(true)
    server.close()
  })
})

test('joining a multicast group is stopped before the routers hear of it', async () => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const [trip] = await tripwire.expectTrip('sockets', () => {
    expect(() => socket.addMembership('224.0.0.251')).toThrow('joining the multicast group 224.0.0.251 was blocked')
  })
  expect(trip?.rule).toBe('sockets:udp://224.0.0.251')
  await tripwire.refuse('sockets:udp://224.0.0.0/4', () => {
    expect(() => socket.addMembership('224.0.0.251')).toThrow('EHOSTUNREACH')
  })
  socket.close()
})

test('every function that is patched looks like the original', () => {
  expect(net.Socket.prototype.connect.name).toBe('')
  expect(net.Socket.prototype.connect).toHaveLength(0)
  expect(net.Server.prototype.emit).toHaveLength(1)
})

describe('rules', () => {
  test.each([
    ['db.example.com', { operation: ['connect', 'send', 'join'], host: 'db.example.com' }],
    ['tcp://10.0.0.0/8:5432', { operation: 'connect', transport: ['tcp', 'tls'], host: '10.0.0.0/8', port: 5432 }],
    ['udp://localhost:53', { operation: ['connect', 'send', 'join'], transport: 'udp', host: 'localhost', port: 53 }],
    ['unix:/run/x.sock', { transport: 'unix', path: '/run/x.sock' }],
    ['listen:*', { operation: 'listen' }],
  ])('%s is read', (text, fields) => {
    expect(parseSocketRule(text)).toEqual(fields)
  })

  test.each(['quic://x', 'unix:', 'listen:x', 'a b', 'tcp://host/path'])('%s is refused', (text) => {
    expect(() => parseSocketRule(text)).toThrow()
  })
})
