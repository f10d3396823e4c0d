import http, { Agent, type ClientRequest, type RequestOptions } from 'node:http'
import net from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { startWorld, type World } from '../support/world.ts'

let world: World
let from: number
beforeAll(async () => {
  world = await startWorld()
})
beforeEach(() => {
  from = world.log.length
})
afterAll(() => world[Symbol.asyncDispose]())

const outside = (path = '') => `http://127.0.0.1:${world.http}${path}`
const closed = (request: ClientRequest) =>
  new Promise<void>((resolve, reject) => {
    request.on('response', (response) => response.resume().on('end', resolve))
    request.on('upgrade', (_, socket) => resolve(void socket.destroy()))
    request.on('error', reject)
  })
/** What reached the world as a request. */
async function arrived(): Promise<string[]> {
  await world.quiet()
  return world.log.slice(from).filter((line) => /\/\w/.test(line))
}

/** Ways of making a request whose first line is not written yet. */
const MAKERS: Readonly<Record<string, (options: RequestOptions) => ClientRequest>> = {
  'on a new connection': (options) => http.request(outside('/ok'), { ...options, agent: false }),
  'with an agent': (options) => http.request(outside('/ok'), { ...options, agent: new Agent({ keepAlive: true }) }),
  'with a connection of its own': (options) =>
    http.request(outside('/ok'), { ...options, createConnection: () => net.connect(world.http, '127.0.0.1') }),
}

describe.each(Object.entries(MAKERS))('a request %s', (_, make) => {
  test('is judged as it is written, not as it was made', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    const [trip] = await tripwire.expectTrip('http', async () => {
      const request = make({})
      request.method = 'POST'
      request.path = '/changed'
      request.end()
      await closed(request)
    })
    expect(trip?.description).toBe(`POST ${outside('/changed')}`)
    expect(trip?.callSite?.file).toBe(import.meta.filename)
    expect(await arrived()).toEqual([])
  })

  test('is judged again after it has its connection', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    const [trip] = await tripwire.expectTrip('http', async () => {
      const request = make({})
      await new Promise((resolve) => request.once('socket', (socket) => socket.once('connect', resolve)))
      request.path = '/changed'
      request.end()
      await closed(request)
    })
    expect(trip?.description).toBe(`GET ${outside('/changed')}`)
    expect(await arrived()).toEqual([])
  })

  test('that becomes an upgrade is judged as a WebSocket', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    const [trip] = await tripwire.expectTrip('ws', async () => {
      const request = make({})
      request.setHeader('connection', 'upgrade').setHeader('upgrade', 'websocket')
      request.end()
      await closed(request)
    })
    expect(trip?.description).toBe(`a WebSocket to ${outside('/ok').replace('http', 'ws')}`)
    expect(await arrived()).toEqual([])
  })

  test('that is changed into what is allowed passes', async () => {
    const rules = [`GET ${outside('/ok')}`, `POST ${outside('/changed')}`]
    await tripwire.allow(rules, async () => {
      const request = make({})
      request.method = 'POST'
      request.path = '/changed'
      request.end()
      await closed(request)
    })
    expect(await arrived()).toEqual([expect.stringContaining('POST /changed')])
  })

  test('cannot carry another in its first line', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    await tripwire.expectTrip('http', async () => {
      const request = make({})
      request.method = 'DELETE /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\nGET'
      request.end()
      await closed(request)
    })
    expect(await arrived()).toEqual([])
  })

  test('is judged by headers that came as a list too', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    const headers = ['Host', 'localhost', 'Connection', 'Upgrade', 'Upgrade', 'websocket']
    await tripwire.expectTrip('ws', async () => {
      await closed(make({ headers: headers as unknown as http.OutgoingHttpHeaders }).end())
    })
    expect(await arrived()).toEqual([])
  })

  test('cannot be dressed up once it was written', async () => {
    using _ = tripwire.allow(`GET ${outside('/ok')}`)
    const [trip] = await tripwire.expectTrip('http', async () => {
      const request = make({ path: '/secret' })
      request.flushHeaders()
      request.path = '/ok'
      request.end()
      await closed(request)
    })
    expect(trip?.description).toBe(`GET ${outside('/secret')}`)
    expect(await arrived()).toEqual([])
  })
})

test('a request that waits for a free connection cannot be dressed up meanwhile', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  using _ = tripwire.allow(`GET ${outside('/ok')}`)
  await tripwire.expectTrip('http', async () => {
    const first = closed(http.get(outside('/ok'), { agent }))
    const request = http.request(outside('/secret'), { agent, method: 'DELETE' }).end()
    request.method = 'GET'
    request.path = '/ok'
    await Promise.allSettled([first, closed(request)])
  })
  expect((await arrived()).filter((line) => !line.includes('/ok'))).toEqual([])
  agent.destroy()
})

describe('a request over a connection that somebody else is opening', () => {
  const opening = () =>
    tripwire.allow(`sockets:tcp://127.0.0.1:${world.http}`, () => net.connect(world.http, '127.0.0.1'))
  const WAYS: Readonly<Record<string, (socket: net.Socket) => ClientRequest>> = {
    'http.get': (socket) => http.get(outside('/raw'), { createConnection: () => socket }),
    'http.request, a callback later': (socket) =>
      http
        .request(outside('/raw'), {
          createConnection: (_, done) => void setImmediate(() => done(null, socket)),
        })
        .end(),
    'an agent': (socket) => {
      const agent = new Agent()
      Object.assign(agent, { createConnection: () => socket })
      return http.get(outside('/raw'), { agent })
    },
    'a ClientRequest': (socket) => {
      const options = { host: '127.0.0.1', port: world.http, path: '/raw', createConnection: () => socket }
      const request = new http.ClientRequest(options as unknown as string)
      request.end()
      return request
    },
    'an agent that is none of Node': (socket) => {
      const agent = {
        addRequest: (request: ClientRequest) => request.onSocket(socket),
        defaultPort: 80,
        protocol: 'http:',
      }
      return http.get(outside('/raw'), { agent: agent as unknown as Agent })
    },
  }

  test.each(Object.entries(WAYS))('is judged: %s', async (_, ask) => {
    const socket = opening()
    const [trip] = await tripwire.expectTrip('http', () => closed(ask(socket)))
    expect(trip?.description).toBe(`GET ${outside('/raw')}`)
    expect(await arrived()).toEqual([])
  })

  test.each(Object.entries(WAYS))('works once it is allowed: %s', async (_, ask) => {
    await tripwire.allow(`GET ${outside('/raw')}`, () => closed(ask(opening())))
    expect(await arrived()).toEqual([expect.stringContaining('GET /raw')])
  })
})

/** As agent-base was before 7, which much of npm still stands on: an emitter that connects when it is asked to. */
test('an agent that is none of Node connects for its request: one call, named by it', async () => {
  const agent = {
    defaultPort: 80,
    protocol: 'http:',
    addRequest: (request: ClientRequest, { host, port }: { host: string; port: number }) => {
      setImmediate(() => request.onSocket(net.connect(port, host)))
    },
  }
  const ask = () => closed(http.get(outside('/foreign'), { agent: agent as unknown as Agent }))
  const trips = await tripwire.expectTrip(ask)
  expect(trips.map(({ description }) => description)).toEqual([`GET ${outside('/foreign')}`])
  expect(await arrived()).toEqual([])
  await tripwire.allow(`GET ${outside('/foreign')}`, ask)
})

test('a request that nobody changed is one interaction, however it connects', async () => {
  const box = tripwire.sandbox()
  await tripwire.allow(`GET ${outside('/ok')}`, async () => {
    for (const make of Object.values(MAKERS)) await closed(make({}).end())
  })
  expect(box.interactions).toHaveLength(3)
  box[Symbol.dispose]()
})
