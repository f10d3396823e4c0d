import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket from 'ws'

const { dns, functions, sockets, subprocess, ws } = tripwire
const COUNT = Number(process.env.SANDBOXES ?? 40)
const SEEDS = Number(process.env.SEEDS ?? 1)
const figures = { calls: 0, wrong: 0, seconds: 0 }

/** Numbers by chance that are the same for the same seed (mulberry32). */
function chance(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const mailer = { send: (id) => id }
const say = (at, what) => `${what} ${at}`
const script = (family, at, what, delay) => family.script().wait(delay).send(say(at, what))

/** By what each is made: a mock that answers with the sandbox's number, and a call that gives the answer. */
const WAYS = {
  fetch: {
    mock: (at, delay) => tripwire.http.mock('GET https://api.example.com/fetch', { text: say(at, 'fetch'), delay }),
    call: async () => (await fetch('https://api.example.com/fetch')).text(),
    assert: () => tripwire.http.assert('GET https://api.example.com/fetch'),
  },
  http: {
    mock: (at, delay) =>
      tripwire.http.mock({ method: 'POST', url: 'http://api.example.com/http', body: { at } }, async () => {
        await new Promise((resolve) => setTimeout(resolve, delay))
        return { text: say(at, 'http') }
      }),
    call: async (at) => {
      const request = http.request('http://api.example.com/http', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      })
      request.end(JSON.stringify({ at }))
      const [response] = await once(request, 'response')
      return text(response)
    },
    assert: (at) => tripwire.http.assert('POST http://api.example.com/http', { body: { at } }),
  },
  ws: {
    mock: (at, delay) => ws.mock('wss://feed.example.com', script(ws, at, 'ws', delay)),
    call: async () => {
      const socket = new WebSocket('wss://feed.example.com')
      const [message] = await once(socket, 'message')
      socket.close()
      return String(message)
    },
    assert: () => ws.assert('wss://feed.example.com'),
  },
  tcp: {
    mock: (at, delay) => sockets.mock('tcp://bytes.example.com:7', script(sockets, at, 'tcp', delay).close()),
    call: () => text(connect(7, 'bytes.example.com')),
    assert: () => sockets.assert('tcp://bytes.example.com:7'),
  },
  udp: {
    mock: (at, delay) =>
      sockets.mock('udp://packets.example.com:9', sockets.script().expect('?').wait(delay).send(say(at, 'udp'))),
    call: async () => {
      const socket = createSocket('udp4')
      socket.send('?', 9, 'packets.example.com')
      const [message] = await once(socket, 'message')
      socket.close()
      return String(message)
    },
    assert: () => sockets.assert('udp://packets.example.com:9'),
  },
  dns: {
    mock: (at) => dns.mock('TXT names.example.com', [[say(at, 'dns')]]),
    call: async () => (await (await import('node:dns/promises')).resolveTxt('names.example.com'))[0][0],
    assert: () => dns.assert('TXT names.example.com'),
  },
  lookup: {
    mock: (at) => dns.mock('host.example.com', `10.0.${at >> 8}.${at & 255}`),
    call: async () => {
      const { address } = await lookup('host.example.com')
      const [, , high, low] = address.split('.').map(Number)
      return say((high << 8) | low, 'lookup')
    },
    assert: () => dns.assert('host.example.com'),
  },
  program: {
    mock: (at, delay) => subprocess.mock(['say', 'it'], { stdout: say(at, 'program'), delay }),
    call: async () => (await promisify(execFile)('say', ['it'])).stdout,
    assert: () => subprocess.assert(['say', 'it']),
  },
  function: {
    mock: (at) => functions.mock('send', { returns: say(at, 'function') }),
    call: async () => mailer.send('x'),
    assert: () => functions.assert('send', { args: ['x'] }),
  },
}

async function one(at, random) {
  const pause = () => new Promise((resolve) => setTimeout(resolve, random() * 12))
  await tripwire.sandbox(async (box) => {
    for (const { mock } of Object.values(WAYS)) mock(at, Math.floor(random() * 6))
    const answers = await Promise.all(
      Object.values(WAYS).map(async ({ call }) => {
        await pause()
        return call(at)
      }),
    )
    const expected = Object.keys(WAYS).map((what) => say(at, what))
    for (const [index, answer] of answers.entries()) if (answer !== expected[index]) figures.wrong++
    const calls = box.interactions.filter(({ outcome }) => outcome === 'replied')
    figures.calls += calls.length
    if (calls.length !== expected.length) figures.wrong++
  })
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`seed ${seed}`, { timeout: 300_000 }, async () => {
    tripwire.mock(mailer, 'send')
    const random = chance(seed)
    const started = performance.now()
    await Promise.all(Array.from({ length: COUNT }, (_, at) => one(at, random)))
    tripwire.inAnyOrder(() => {
      for (let at = 0; at < COUNT; at++) for (const { assert } of Object.values(WAYS)) assert(at)
    })
    figures.seconds += (performance.now() - started) / 1000
    expect(figures.wrong).toBe(0)
  })
}

afterAll(() => writeFileSync('figures.json', JSON.stringify(figures)))
