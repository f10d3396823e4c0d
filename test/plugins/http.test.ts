import http, { Agent, type Server } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
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
