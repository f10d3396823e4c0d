import { channel } from 'node:diagnostics_channel'
import http, { Agent, type ClientRequest, type Server } from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { BalancedPool, Client, Pool } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { startWorld, type World } from '../support/world.ts'

let world: World
let own: Server
let url: string
beforeAll(async () => {
  world = await startWorld()
  own = http.createServer((request, response) => response.end(`own ${request.url}`))
  await new Promise<void>((resolve) => own.listen(0, resolve))
  url = `http://localhost:${(own.address() as AddressInfo).port}`
})
afterAll(async () => {
  own.close()
  await world[Symbol.asyncDispose]()
})

const outside = (path = '') => `http://127.0.0.1:${world.http}${path}`
const get = (target: string, agent?: Agent) =>
  new Promise<string>((resolve, reject) => {
    const request = http.get(target, agent ? { agent } : {}, (response) => {
      let text = ''
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
  })

describe('servers of the test itself', () => {
  test('answer http, fetch and requests on a warm connection', async () => {
    const agent = new Agent({ keepAlive: true })
    expect(await get(`${url}/a`, agent)).toBe('own /a')
    expect(await get(`${url}/b`, agent)).toBe('own /b')
    expect(await (await fetch(`${url}/c`)).text()).toBe('own /c')
    agent.destroy()
  })

  test("are not to be called under loopback: 'none'", { meta: { tripwire: { loopback: 'none' } } }, async () => {
    const trips = await tripwire.expectTrip('http', () => get(url))
    expect(trips).toHaveLength(1)
  })

  test('stay own when they are closed', async () => {
    const server = http.createServer().listen(0)
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    await expect(get(`http://localhost:${port}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('warm connections', () => {
  test('a request on a connection that an allowed one opened is judged for itself', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    expect(await get(outside('/ok'), agent)).toBe('from outside')
    const before = world.log.length
    const trips = await tripwire.expectTrip('http', () => get(outside('/other'), agent))
    expect(trips.map(({ facts }) => facts.path)).toEqual(['/other'])
    expect(await get(outside('/ok'), agent)).toBe('from outside')
    expect(world.log.slice(before).filter((line) => line.includes('/other'))).toEqual([])
    agent.destroy()
  })

  test('a queued request is judged in its own frame', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const first = tripwire.allow(`GET ${outside('/first')}`, () => get(outside('/first'), agent))
    const trips = await tripwire.expectTrip('http', () => get(outside('/second'), agent))
    expect(trips).toHaveLength(1)
    expect(await first).toBe('from outside')
    agent.destroy()
  })

  test('fetch on a pool is judged each time, and leaves the pool usable', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    await (await fetch(outside('/ok'))).text()
    const trips = await tripwire.expectTrip('http', () => fetch(outside('/stop')))
    expect(trips).toHaveLength(1)
    expect(await (await fetch(outside('/ok'))).text()).toBe('from outside')
  })
})

describe('HTTP/2', () => {
  test('a session is opened under an origin rule, and each request on it is judged', async () => {
    const server = http2.createServer((_, response) => response.end('h2'))
    await new Promise<void>((resolve) => server.listen(0, resolve))
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`
    const session = http2.connect(origin)
    const ask = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const stream = session.request({ ':path': path })
        stream.on('data', (data) => resolve(String(data)))
        stream.on('error', reject)
      })
    expect(await ask('/fine')).toBe('h2')
    using _ = tripwire.deny(`${origin}/stop`)
    await tripwire.expectTrip('http', () => ask('/stop'))
    expect(await ask('/fine')).toBe('h2')
    session.close()
    server.close()
  })
})

describe('the hop', () => {
  const proxied = async (port: () => number) => {
    const server = http.createServer(async (_, response) => {
      const answer = await fetch(`http://127.0.0.1:${port()}/inner`).then(
        (inner) => inner.text(),
        (error) => String(error.cause?.code),
      )
      response.end(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, resolve))
    return server
  }

  test('a handler runs under the rules of the request that caused it, on one warm connection with two askers', async () => {
    const server = await proxied(() => world.http)
    const target = `http://localhost:${(server.address() as AddressInfo).port}`
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const answers = await Promise.all([
      tripwire.allow('http', () => get(target, agent)),
      tripwire.refuse(`http://127.0.0.1:${world.http}`, () => get(target, agent)),
      tripwire.allow('http', () => get(target, agent)),
    ])
    expect(answers).toEqual(['from outside', 'EHOSTUNREACH', 'from outside'])
    agent.destroy()
    server.close()
  })
})

test('a refused request fails like an unreachable host', async () => {
  using _ = tripwire.refuse('http:*.example.com')
  await expect(get('http://telemetry.example.com/')).rejects.toMatchObject({ code: 'EHOSTUNREACH', syscall: 'connect' })
  await expect(fetch('http://telemetry.example.com/')).rejects.toMatchObject({ cause: { code: 'EHOSTUNREACH' } })
})

test('a deny sees the endpoint that a request rides on', async () => {
  using _allow = tripwire.allow('http')
  using _deny = tripwire.deny('sockets:tcp://127.0.0.0/8')
  const [trip] = await tripwire.expectTrip(() => get(outside('/denied')))
  expect(trip?.why.text).toContain("deny 'sockets:tcp://127.0.0.0/8'")
})

describe('undici pools that several tests share', () => {
  const ask = (pool: Pool | Client | BalancedPool, path: string) =>
    pool.request({ path, method: 'GET' }).then(({ body }) => body.text())
  const allowed = (pool: Pool | Client | BalancedPool, path: string) => tripwire.allow(outside(), () => ask(pool, path))
  const arrived = (from: number) => world.log.slice(from).filter((line) => line.startsWith('GET'))

  test.each([
    ['a pool of one connection', () => new Pool(outside(), { connections: 1 })],
    ['a pool that pipelines', () => new Pool(outside(), { connections: 1, pipelining: 10 })],
    ['an unlimited pool', () => new Pool(outside())],
    ['a client', () => new Client(outside())],
    ['a balanced pool', () => new BalancedPool([outside()], { connections: 1 })],
  ])('%s judges each request where it was made, and leaves its neighbours alone', async (_, make) => {
    const pool = make()
    for (const state of ['cold', 'warm']) {
      const from = world.log.length
      const first = tripwire.expectTrip('http', () => ask(pool, `/${state}-stop`))
      const second = allowed(pool, `/${state}-go`)
      const third = tripwire.expectTrip('http', () => ask(pool, `/${state}-halt`))
      const fourth = allowed(pool, `/${state}-on`)
      expect(await first).toMatchObject([{ facts: { path: `/${state}-stop` } }])
      expect(await third).toMatchObject([{ facts: { path: `/${state}-halt` } }])
      expect(await Promise.all([second, fourth])).toEqual(['from outside', 'from outside'])
      await world.quiet()
      expect(arrived(from).toSorted()).toEqual([`GET /${state}-go`, `GET /${state}-on`])
    }
    await pool.destroy()
  })

  test('a request that waited in the pool is blamed on the line that made it', async () => {
    const pool = new Pool(outside(), { connections: 1 })
    const busy = allowed(pool, '/busy')
    const [trip] = await tripwire.expectTrip('http', () => ask(pool, '/waits'))
    expect(trip?.callSite?.file).toBe(import.meta.filename)
    await busy
    await pool.destroy()
  })
})

test('a stopped request is stopped by whatever name undici starts it (onConnect in 6 and 7, onRequestStart in 8)', async () => {
  const request: Record<string, unknown> = { origin: 'http://api.example.com', method: 'GET', path: '/started' }
  await tripwire.expectTrip('http', () => channel('undici:request:create').publish({ request }))
  for (const hook of ['onConnect', 'onRequestStart']) {
    expect(request[hook]).toThrow('[TRIPWIRE_GUARDED_CALL] GET http://api.example.com/started')
  }
})

test('a stopped request that undici is about to write all the same loses its connection first', async () => {
  const request = { origin: 'http://api.example.com', method: 'GET', path: '/written' }
  await tripwire.expectTrip('http', () => channel('undici:request:create').publish({ request }))
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const failed = new Promise((resolve) => socket.once('error', resolve))
  channel('undici:client:sendHeaders').publish({ request, socket })
  expect(socket.destroyed).toBe(true)
  expect(await failed).toMatchObject({ code: 'TRIPWIRE_GUARDED_CALL' })
})

describe('interceptors that stand above', () => {
  /** As msw and nock do: the request gets a socket of theirs, and what they let through they connect later. */
  class Interceptor extends Agent {
    readonly answers: boolean
    constructor(answers: boolean) {
      super({ keepAlive: true, maxSockets: 1 })
      this.answers = answers
    }
    override createConnection(options: { port?: number | string; host?: string }): Duplex {
      let real: net.Socket | undefined
      const connect = () => {
        if (real !== undefined) return real
        real = net.connect(Number(options.port), options.host)
        real.on('data', (data) => face.push(data))
        real.on('error', (error) => face.destroy(error))
        return real
      }
      const face = new Duplex({
        read() {},
        write: (chunk, _encoding, done) => {
          if (this.answers) face.push('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nmocked')
          else connect().write(chunk)
          done()
        },
        destroy(error, done) {
          real?.destroy()
          done(error)
        },
      })
      // Sockets that wrap no other have null here.
      return Object.assign(face, {
        _parent: null,
        setKeepAlive() {},
        setNoDelay() {},
        setTimeout() {},
        ref() {},
        unref() {},
      })
    }
  }

  test('what they answer is not judged', async () => {
    const agent = new Interceptor(true)
    expect(await get('http://api.example.com/mocked', agent)).toBe('mocked')
    expect(await get('http://api.example.com/again', agent)).toBe('mocked')
    agent.destroy()
  })

  test('what they let through is judged as the request it is, on a warm connection too', async () => {
    const agent = new Interceptor(false)
    const from = world.log.length
    const [cold] = await tripwire.expectTrip('http', () => get(outside('/cold'), agent))
    expect(cold?.description).toBe(`GET ${outside('/cold')}`)
    expect(await tripwire.allow(`GET ${outside('/through')}`, () => get(outside('/through'), agent))).toBe(
      'from outside',
    )
    const [warm] = await tripwire.expectTrip('http', () => get(outside('/warm'), agent))
    expect(warm?.description).toBe(`GET ${outside('/warm')}`)
    await world.quiet()
    expect(world.log.slice(from).filter((line) => line.startsWith('GET'))).toEqual(['GET /through'])
    agent.destroy()
  })

  test('a connection of their callbacks to another place is not taken for what they let through', async () => {
    const agent = new Interceptor(true)
    const trips = await tripwire.expectTrip('sockets', async () => {
      const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const request: ClientRequest = http.get('http://api.example.com/m', { agent }, resolve)
        request.on('error', reject)
      })
      await new Promise((_, reject) => {
        response.on('data', () => net.connect(world.tcp, '127.0.0.1').on('error', reject))
      })
    })
    expect(trips).toMatchObject([{ description: `a TCP connection to 127.0.0.1:${world.tcp}` }])
    agent.destroy()
  })
})
