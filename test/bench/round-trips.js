/** A Vitest file that times round trips to a server of its own; `run.mjs` runs it guarded and bare. */
import { existsSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

const WARM_UP = 4
const BATCHES = 40
const IN_A_BATCH = 100

let server
let url
let echo
beforeAll(async () => {
  server = http.createServer((_, response) => response.end('ok'))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${server.address().port}`
  new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  echo = await open()
})
afterAll(() => {
  echo.close()
  server.close()
})

const get = (options) =>
  new Promise((resolve, reject) => {
    http.get(url, options, (response) => response.resume().on('end', resolve)).on('error', reject)
  })
const open = () =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    socket.once('open', () => resolve(socket)).once('error', reject)
  })

const WAYS = {
  'http.get': () => get({}),
  'http.get, new connection': () => get({ agent: false }),
  fetch: async () => (await fetch(url)).text(),
  'undici.request': async () => (await request(url)).body.text(),
  'ws, new connection': async () => (await open()).terminate(),
  'ws, echo': () =>
    new Promise((resolve) => {
      echo.once('message', resolve)
      echo.send('ping')
    }),
}

/** Waits until the other run has done as many batches as this one (the guarded one goes first). */
async function turn(done) {
  if (done === 0 && process.env.MINE === 'guarded') return
  const theirs = join(process.env.TURNS, `${process.env.OTHERS}-${process.env.MINE === 'guarded' ? done - 1 : done}`)
  while (!existsSync(theirs)) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test('times round trips', async () => {
  const times = {}
  let done = 0
  for (const [name, way] of Object.entries(WAYS)) {
    times[name] = []
    for (let batch = -WARM_UP; batch < BATCHES; batch++) {
      await turn(done)
      const start = performance.now()
      const cpu = process.cpuUsage()
      for (let i = 0; i < IN_A_BATCH; i++) await way()
      const { user, system } = process.cpuUsage(cpu)
      const wall = (performance.now() - start) * 1000
      if (batch >= 0) times[name].push({ wall: wall / IN_A_BATCH, cpu: (user + system) / IN_A_BATCH })
      writeFileSync(join(process.env.TURNS, `${process.env.MINE}-${done}`), '')
      done++
    }
  }
  writeFileSync(join(process.env.TURNS, `${process.env.MINE}.json`), JSON.stringify(times))
}, 300_000)
