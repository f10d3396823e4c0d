import { expect, test } from 'vitest'
import { runVitest } from '../support/run-vitest.ts'

/** Twelve sandboxes in each of two tests, with mocks of every protocol; the third looks what of them is still there. */
const SUITE = `
import { execFile, execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket from 'ws'

const { dns, functions, sockets, subprocess, ws } = tripwire
// A thread cannot be started with it.
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
const mailer = { send: (to) => to }
const at = 'https://api.example.com/a'
const get = (module, url) => new Promise((resolve, reject) => {
  module.get(url, (response) => text(response).then(resolve, reject)).on('error', reject)
})
const ended = (program) => new Promise((resolve) => program.on('error', () => {}).on('close', resolve))

const WAYS = {
  'fetch': [() => tripwire.http.mock('GET ' + at, { text: 'it' }), async () => (await fetch(at)).text(), () => tripwire.http.assert('GET ' + at)],
  'http.get': [() => tripwire.http.mock('GET http://api.example.com/b', { text: 'it' }), () => get(http, 'http://api.example.com/b'), () => tripwire.http.assert('GET http://api.example.com/b')],
  'https.get': [() => tripwire.http.mock('GET ' + at + '/c', { text: 'it' }), () => get(https, at + '/c'), () => tripwire.http.assert('GET ' + at + '/c')],
  'ws': [() => ws.mock('wss://feed.example.com', ws.script().send('it')), async () => {
    const socket = new WebSocket('wss://feed.example.com')
    await once(socket, 'message')
    socket.close()
    await once(socket, 'close')
  }, () => ws.assert('wss://feed.example.com')],
  'tcp': [() => sockets.mock('tcp://bytes.example.com:7', sockets.script().send('it').close()), () => text(connect(7, 'bytes.example.com')), () => sockets.assert('tcp://bytes.example.com:7')],
  'udp': [() => sockets.mock('udp://packets.example.com:9', sockets.script().expect('?').send('it')), async () => {
    const socket = createSocket('udp4')
    socket.send('?', 9, 'packets.example.com')
    await once(socket, 'message')
    socket.close()
  }, () => sockets.assert('udp://packets.example.com:9')],
  'dns': [() => dns.mock('host.example.com', '10.0.0.1'), () => lookup('host.example.com'), () => dns.assert('host.example.com')],
  'program': [() => subprocess.mock(['say', 'it'], { stdout: 'it' }), () => promisify(execFile)('say', ['it']), () => subprocess.assert(['say', 'it'])],
  'program that is waited for': [() => subprocess.mock(['say', 'now'], { stdout: 'it' }), () => execFileSync('say', ['now']), () => subprocess.assert(['say', 'now'])],
  'program that is not there': [() => subprocess.mock(['say', 'no'], { error: 'ENOENT' }), () => ended(execFile('say', ['no'])), () => subprocess.assert(['say', 'no'])],
  'function': [() => functions.mock('send', { returns: 'it' }), () => mailer.send('x'), () => functions.assert('send', { args: ['x'] })],
}

/** By their names: boxes, interactions, and whatever else hangs on a sandbox. */
const left = {}
const keep = (name, thing) => (left[name] ??= []).push(new WeakRef(thing))

async function one() {
  await tripwire.sandbox(async (box) => {
    keep('box', box)
    const marker = {}
    keep('function of a mock', marker)
    tripwire.http.mock('GET http://api.example.com/own', () => ({ json: { marker: marker === undefined } }))
    for (const [mock] of Object.values(WAYS)) mock()
    await Promise.all([...Object.values(WAYS).map(([, call]) => call()), get(http, 'http://api.example.com/own')])
    for (const each of box.interactions) keep(each.description, each)
  })
}

for (const name of ['first', 'second']) {
  test(name, async () => {
    tripwire.mock(mailer, 'send')
    await Promise.all(Array.from({ length: 12 }, one))
    tripwire.inAnyOrder(() => {
      for (let each = 0; each < 12; each++) {
        for (const [, , assert] of Object.values(WAYS)) assert()
        tripwire.http.assert('GET http://api.example.com/own')
      }
    })
  })
}

test('looks what is left', { timeout: 20_000 }, async () => {
  tripwire.allow('fs:write')
  // What was looked at stays for the rest of that turn of the event loop; Node's own clocks (the date of answers) tick for a second more; and
  // the guard knows where it was asked for a file last.
  const count = () => Object.entries(left).map(([name, all]) => [name, all.filter((each) => each.deref()).length + ' of ' + all.length])
  const isLet = ([name, text]) => text.startsWith('0 ') || (name === 'function of a mock' && text.startsWith('1 '))
  let there = count()
  for (let turn = 0; turn < 60 && !there.every(isLet); turn++) {
    writeFileSync('left.json', JSON.stringify(Object.fromEntries(there)))
    await after(30)
    gc()
    there = count()
  }
  writeFileSync('left.json', JSON.stringify(Object.fromEntries(there)))
})
`
test('sandboxes, their interactions and the functions of their mocks are let go once their test has ended', async () => {
  const run = await runVitest({ 'memory.test.js': SUITE }, { read: ['left.json'] })
  expect(Object.values(run.tests).flatMap(({ messages }) => messages)).toEqual([])
  const left: Record<string, string> = JSON.parse(run.written['left.json'] ?? '{}')
  expect(Object.keys(left).length).toBeGreaterThan(12)
  // A clock of Node's own (undici's) keeps the sandbox in which it was set.
  const { 'function of a mock': functions, ...rest } = left
  expect(functions).toMatch(/^[01] of 24$/)
  expect(rest).toEqual(Object.fromEntries(Object.keys(rest).map((name) => [name, '0 of 24'])))
}, 60_000)
