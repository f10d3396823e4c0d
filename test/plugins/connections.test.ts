import http, { Agent } from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Client } from 'undici'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const outside = (path = '') => `http://127.0.0.1:${world.http}${path}`
const get = (target: string, agent: Agent) =>
  new Promise<void>((resolve, reject) => {
    const request = http.get(target, { agent }, (response) => response.resume().on('end', resolve))
    request.on('error', reject)
  })

test('what a proxy is asked for is named as such, and the rule that is offered lets it through', async () => {
  const ask = (path: string) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: world.http, method: 'OPTIONS', path }
      http
        .request(options, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end()
    })
  for (const [path, url] of [
    ['http://api.example.com/v1', 'http://api.example.com/v1'],
    ['*', outside('*')],
  ] as const) {
    const [trip] = await tripwire.expectTrip('http', () => ask(path))
    expect(trip?.description).toBe(`OPTIONS ${url}`)
    await tripwire.allow(String(trip?.rule), () => ask(path))
  }
})

test('requests pass where a test replaced URL', async () => {
  using _ = tripwire.allow(`GET ${outside('/**')}`)
  vi.stubGlobal('URL', { createObjectURL: () => '' })
  try {
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get({ host: '127.0.0.1', port: world.http, agent: false }, resolve).on('error', reject)
    })
    response.resume()
    expect(response.statusCode).toBe(200)
  } finally {
    vi.unstubAllGlobals()
  }
})

describe('connections that others opened', () => {
  test('a request on a warm one is judged under a spy or an instrumentation over connect too', async () => {
    const agent = new Agent({ keepAlive: true })
    await tripwire.allow(`GET ${outside('/ok')}`, () => get(outside('/ok'), agent))
    const spy = vi.spyOn(net.Socket.prototype, 'connect')
    await world.quiet()
    const from = world.log.length
    try {
      await tripwire.expectTrip('http', () => get(outside('/spied'), agent))
    } finally {
      spy.mockRestore()
    }
    await world.quiet()
    expect(world.log.slice(from)).toEqual([])
    agent.destroy()
  })

  test('a request over a connection that was opened by hand is judged', async () => {
    const opened = () =>
      tripwire.allow(
        `sockets:tcp://127.0.0.1:${world.http}`,
        () =>
          new Promise<net.Socket>((resolve) => {
            const socket = net.connect(world.http, '127.0.0.1', () => resolve(socket))
          }),
      )
    const socket = await opened()
    const from = world.log.length
    const [trip] = await tripwire.expectTrip(
      'http',
      () =>
        new Promise((_, reject) => {
          http.get(outside('/by-hand'), { createConnection: () => socket }).on('error', reject)
        }),
    )
    expect(trip?.description).toBe(`GET ${outside('/by-hand')}`)
    const below = await opened()
    const session = http2.connect(outside(), { createConnection: () => below }).on('error', () => {})
    await tripwire.expectTrip('http', () => void session.request({ ':path': '/by-hand' }))
    await world.quiet()
    expect(world.log.slice(from).filter((line) => line.includes('/by-hand'))).toEqual([])
    session.destroy()
  })

  test('a tunnel that undici asks of a warm connection is judged', async () => {
    const client = new Client(outside())
    await tripwire.allow(`GET ${outside('/ok')}`, async () => {
      await (await client.request({ path: '/ok', method: 'GET' })).body.dump()
    })
    await world.quiet()
    const from = world.log.length
    await tripwire.expectTrip('sockets', () => client.connect({ path: 'api.example.com:443' }))
    await world.quiet()
    expect(world.log.slice(from)).toEqual([])
    await client.destroy()
  })

  test("undici's connection is taken for no other to the same place", async () => {
    const client = new Client(outside())
    const slow = tripwire.allow(`GET ${outside('/**')}`, () =>
      Promise.all(['/1', '/2'].map((path) => client.request({ path, method: 'GET' }))),
    )
    await tripwire.expectTrip('sockets', async () => {
      const socket = net.connect(world.http, '127.0.0.1')
      const error = await new Promise((resolve) => socket.on('error', resolve).on('connect', resolve))
      expect(error).toHaveProperty('tripId')
    })
    for (const { body } of await slow) await body.dump()
    await client.destroy()
  })
})

/** As undici's own suite asks for it: it closes the connections of a client that was collected. */
test('a client that nobody holds any more is collected, although its server keeps the connection', async () => {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  const accepted: net.Socket[] = []
  const server = net.createServer((socket) => {
    accepted.push(socket.on('error', () => {}))
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const ask = async () => {
    const client = new Client(`http://127.0.0.1:${port}`, { keepAliveTimeout: 200 })
    await (await client.request({ method: 'GET', path: '/' })).body.text()
    return new WeakRef(client)
  }
  const client = await ask()
  await vi.waitFor(
    () => {
      gc()
      // Not `expect(client.deref())`: a failure would hold it.
      expect(client.deref() === undefined).toBe(true)
    },
    { timeout: 10_000 },
  )
  expect(accepted).toHaveLength(1)
  for (const socket of accepted) socket.destroy()
  server.close()
})
