import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import pg from 'pg'
import { Pool } from 'undici'
import WebSocket, { WebSocketServer } from 'ws'
import { type Done, type Stage, until, type Way } from './contexts.ts'
import { startPg } from './pg-stand-in.ts'

/** Connections, and what shares a few of them among many. */
export const WAYS_OF_CONNECTIONS: readonly Way[] = [
  [
    'a handler of a server in the same process',
    'caller',
    async ({ as, call }) => {
      const { port, close } = await as('opener', () =>
        serve(http.createServer(async (_, res) => res.end(String(await call())))),
      )
      await as('caller', () => fetch(`http://127.0.0.1:${port}/`).then((res) => res.text()))
      close()
    },
  ],
  [
    "a socket's listener",
    'opener',
    async ({ as, call }) => {
      const { port, close } = await as('other', () => serve(net.createServer((peer) => peer.pipe(peer))))
      const socket = await as('opener', () =>
        until<net.Socket>((done) => {
          const opened = net.connect(port, '127.0.0.1', () => done(opened))
        }),
      )
      await as('caller', () =>
        until((done) => {
          socket.once('data', () => done(call()))
          socket.write('echo')
        }),
      )
      socket.destroy()
      close()
    },
  ],
  [
    "a WebSocket's listener",
    'opener',
    async ({ as, call }) => {
      const server = await as('other', () => new WebSocketServer({ port: 0, host: '127.0.0.1' }))
      await once(server, 'listening')
      server.on('connection', (peer) => peer.on('message', (text) => peer.send(text)))
      const socket = await as('opener', async () => {
        const opened = new WebSocket(`ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`)
        await once(opened, 'open')
        return { it: opened }
      })
      await as('caller', () =>
        until((done) => {
          socket.it.once('message', () => done(call()))
          socket.it.send('echo')
        }),
      )
      socket.it.terminate()
      server.close()
    },
  ],
  [
    'pg.Pool: after `await query()`',
    'caller',
    withPg(async ({ as, call }, pool) => {
      await as('opener', async () => void (await pool.query('SELECT 1')))
      await as('caller', () => pool.query('SELECT 1').then(call))
    }),
  ],
  [
    "pg.Pool: a query's callback",
    'opener',
    withPg(async ({ as, call }, pool) => {
      await as('opener', async () => void (await pool.query('SELECT 1')))
      await as('caller', () => until((done) => pool.query('SELECT 1', () => done(call()))))
    }),
  ],
  [
    'pg.Pool: a notice of the server',
    'opener',
    withPg(async ({ as, call }, pool) => {
      const client = await as('opener', async () => ({ it: await pool.connect() }))
      await as('caller', () =>
        until((done) => {
          client.it.once('notification', () => done(call()))
          void client.it.query('NOTIFY news')
        }),
      )
      client.it.release()
    }),
  ],
  [
    'pg.Pool: the connection when there is room',
    'caller',
    withPg(async ({ as }, pool) => {
      await as('caller', async () => void (await pool.query('SELECT 1')))
    }, 'where'),
  ],
  [
    'pg.Pool: the connection made in place of another',
    'opener',
    withPg(async ({ as }, pool) => {
      const held = await as('opener', async () => ({ it: await pool.connect() }))
      pool.options.database = 'where'
      const queued = as('caller', async () => ({ it: await pool.connect() }))
      await as('other', () => held.it.release(true))
      ;(await queued).it.release()
    }),
  ],
  [
    'pg.Pool: the callback of a `connect` that waited',
    'other',
    withPg(async ({ as, call }, pool) => {
      const held = await as('opener', async () => ({ it: await pool.connect() }))
      const queued = as('caller', () =>
        until((done) =>
          pool.connect((_, __, release) => {
            release()
            done(call())
          }),
        ),
      )
      await as('other', () => held.it.release())
      await queued
    }),
  ],
  ['http.Agent: a request that waited', 'caller', withQueue(({ as }, get) => as('caller', () => get('/where')))],
  [
    "http.Agent: the response's callback",
    'caller',
    withQueue(({ as, call }, get) => as('caller', () => get('/', call))),
  ],
  [
    'http.Agent: listeners of the body',
    'caller',
    withQueue(({ as, call }, get) =>
      as('caller', () => get('/slow', (body) => until((done) => body.once('end', () => done(call()))))),
    ),
  ],
  [
    'undici Pool: a request that waited',
    'caller',
    withUndici(({ as }, pool) => as('caller', () => requestBody(pool, '/where').then((body) => body.dump()))),
  ],
  [
    'undici Pool: after `await request()`',
    'caller',
    withUndici(({ as, call }, pool) =>
      as('caller', async () => {
        const body = await requestBody(pool)
        await call()
        await body.dump()
      }),
    ),
  ],
  [
    'undici Pool: listeners of the body',
    'opener',
    withUndici(({ as, call }, pool) =>
      as('caller', async () => {
        const body = await requestBody(pool, '/slow')
        await until((done) => body.resume().once('end', () => done(call())))
      }),
    ),
  ],
  [
    'undici Pool: callbacks of `dispatch`',
    'opener',
    withUndici(({ as, call }, pool) => {
      const handler = {
        onRequestStart: () => {},
        onResponseData: () => {},
        onResponseEnd: () => {},
        onResponseError: () => {},
      }
      return as('caller', () =>
        until((done) =>
          pool.dispatch({ path: '/', method: 'GET' }, { ...handler, onResponseStart: () => done(call()) }),
        ),
      )
    }),
  ],
]

type Play = Way[2]

function withPg(play: (stage: Stage, pool: pg.Pool) => Promise<unknown>, database = 'app'): Play {
  return async (stage) => {
    const server = await startPg()
    const pool = new pg.Pool({ host: '127.0.0.1', port: server.port, user: 'app', database, max: 1 })
    try {
      await play(stage, pool)
    } finally {
      await pool.end()
      server.close()
    }
  }
}

/** Answers `/held` when it is told to, `/slow` in two parts, everything else at once. */
async function slowServer() {
  let answer: Done = () => {}
  const held = until((done) => {
    answer = done
  })
  const server = await serve(
    http.createServer(async (req, res) => {
      if (req.url === '/held') await held
      if (req.url === '/slow') {
        res.write('x')
        await later(20)
      }
      res.end('x'.repeat(100))
    }),
  )
  return { ...server, free: () => answer() }
}

type Get = (path: string, onResponse?: (body: http.IncomingMessage) => unknown) => Promise<unknown>

/** A request of the opener's holds the only connection until those of the play stand in the queue. */
function withQueue(play: (stage: Stage, get: Get) => Promise<unknown>): Play {
  return async (stage) => {
    const server = await slowServer()
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const get: Get = (path, onResponse = () => {}) =>
      until((done) =>
        http.get({ port: server.port, host: '127.0.0.1', path, agent }, (res) => {
          done(onResponse(res))
          res.resume()
        }),
      )
    const first = stage.as('opener', () => get('/held'))
    const rest = play(stage, get)
    server.free()
    await Promise.all([first, rest])
    agent.destroy()
    server.close()
  }
}

async function requestBody(pool: Pool, path = '/') {
  return (await pool.request({ path, method: 'GET' })).body
}

/** As `withQueue`. */
function withUndici(play: (stage: Stage, pool: Pool) => Promise<unknown>): Play {
  return async (stage) => {
    const server = await slowServer()
    const pool = new Pool(`http://127.0.0.1:${server.port}`, { connections: 1, pipelining: 1 })
    const first = stage.as('opener', async () => (await requestBody(pool, '/held')).dump())
    const rest = play(stage, pool)
    server.free()
    await Promise.all([first, rest])
    await pool.close()
    server.close()
  }
}

async function serve(server: net.Server | http.Server): Promise<{ port: number; close(): void }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as net.AddressInfo).port, close: () => server.close() }
}
