import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

/** A function of the test's inside a mock fails, and the application catches whatever comes of it. */
const SUITE = `
import { execFile, execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket from 'ws'

const at = 'https://api.example.com/a'
const wrong = () => expect('sent').toBe('wanted')
const swallowed = (url = at) => tripwire.sandbox(() => fetch(url).then((answer) => answer.text(), () => 'swallowed'))
const ended = (emitter) => new Promise((resolve) => emitter.on('error', () => {}).on('close', resolve))
const told = () => tripwire.http.assert('GET ' + at)

test('reply', async () => {
  tripwire.http.mock('GET ' + at, () => wrong())
  await swallowed()
  told()
})
test('later reply', async () => {
  tripwire.http.mock('GET ' + at, async () => wrong())
  await swallowed()
  told()
})
test('reply that is nothing', async () => {
  tripwire.http.mock('GET ' + at, () => {})
  await swallowed()
  told()
})
test('reply that is none', async () => {
  tripwire.http.mock('GET ' + at, () => ({ jsn: 1 }))
  await swallowed()
  told()
})
test('stream that was sent already', async () => {
  tripwire.http.mock('GET ' + at, { body: Readable.from(['once']) }).times(2)
  await swallowed()
  await swallowed()
  told()
  told()
})
test('JSON that is none', async () => {
  tripwire.http.mock('GET ' + at, { json: 1n })
  await swallowed()
  told()
})
test('session of a WebSocket', async () => {
  tripwire.ws.mock('wss://feed.example.com', async () => wrong())
  await tripwire.sandbox(() => ended(new WebSocket('wss://feed.example.com')))
  tripwire.ws.assert('wss://feed.example.com')
})
test('listener of a WebSocket', async () => {
  tripwire.ws.mock('wss://feed.example.com', (peer) => peer.on('message', wrong))
  await tripwire.sandbox(() => {
    const socket = new WebSocket('wss://feed.example.com')
    socket.on('open', () => socket.send('hello'))
    return ended(socket)
  })
  tripwire.ws.assert('wss://feed.example.com', { sent: ['hello'] })
})
test('listener of a connection', async () => {
  tripwire.sockets.mock('tcp://mail.example.com:25', (peer) => peer.on('data', wrong))
  await tripwire.sandbox(() => {
    const socket = connect(25, 'mail.example.com')
    socket.write('EHLO')
    return ended(socket)
  })
  tripwire.sockets.assert('tcp://mail.example.com:25', { sent: 'EHLO' })
})
test('listener of packets', async () => {
  tripwire.sockets.mock('udp://time.example.com:123', (peer) => peer.on('message', wrong))
  await tripwire.sandbox(() => new Promise((resolve) => {
    const socket = createSocket('udp4').on('error', () => socket.close(resolve))
    socket.send('now', 123, 'time.example.com')
  }))
  tripwire.sockets.assert('udp://time.example.com:123', { sent: ['now'] })
})
test('script of a WebSocket', async () => {
  tripwire.ws.mock('wss://feed.example.com', tripwire.ws.script().send(() => wrong()))
  await tripwire.sandbox(() => ended(new WebSocket('wss://feed.example.com')))
  tripwire.ws.assert('wss://feed.example.com')
})
test('session of a connection', async () => {
  tripwire.sockets.mock('tcp://mail.example.com:25', () => wrong())
  await tripwire.sandbox(() => ended(connect(25, 'mail.example.com')))
  tripwire.sockets.assert('tcp://mail.example.com:25')
})
test('script of a connection', async () => {
  tripwire.sockets.mock('tcp://mail.example.com:25', tripwire.sockets.script().expect(wrong).send('250 OK'))
  await tripwire.sandbox(() => {
    const socket = connect(25, 'mail.example.com')
    socket.write('EHLO')
    return ended(socket)
  })
  tripwire.sockets.assert('tcp://mail.example.com:25')
})
test('session of packets', async () => {
  tripwire.sockets.mock('udp://time.example.com:123', () => wrong())
  await tripwire.sandbox(() => new Promise((resolve) => {
    const socket = createSocket('udp4').on('error', () => socket.close(resolve))
    socket.send('now', 123, 'time.example.com')
  }))
  tripwire.sockets.assert('udp://time.example.com:123', { sent: ['now'] })
})
test('answer to a lookup', async () => {
  tripwire.dns.mock('api.example.com', () => wrong())
  await tripwire.sandbox(() => lookup('api.example.com').catch(() => {}))
  tripwire.dns.assert('api.example.com')
})
test('answer to a lookup that is none', async () => {
  tripwire.dns.mock('api.example.com', () => ({ adress: '10.0.0.1' }))
  await tripwire.sandbox(() => lookup('api.example.com').catch(() => {}))
  tripwire.dns.assert('api.example.com')
})
test('step of a WebSocket that is none', async () => {
  tripwire.ws.mock('wss://feed.example.com', tripwire.ws.script().send(() => undefined))
  await tripwire.sandbox(() => ended(new WebSocket('wss://feed.example.com')))
  tripwire.ws.assert('wss://feed.example.com')
})
test('step of a connection that is none', async () => {
  tripwire.sockets.mock('tcp://mail.example.com:25', tripwire.sockets.script().send(async () => 42))
  await tripwire.sandbox(() => ended(connect(25, 'mail.example.com')))
  tripwire.sockets.assert('tcp://mail.example.com:25')
})
test('step of a program that is none', async () => {
  tripwire.subprocess.mock(['git', 'pull'], tripwire.subprocess.script().print(() => ({ stdout: '' })))
  await tripwire.sandbox(() => new Promise((resolve) => execFile('git', ['pull'], () => resolve())))
  tripwire.subprocess.assert(['git', 'pull'])
})
test('step that is waited for and is none', async () => {
  tripwire.subprocess.mock(['git', 'pull'], tripwire.subprocess.script().print(async () => 'late'))
  tripwire.sandbox(() => { try { execFileSync('git', ['pull'], { stdio: 'pipe' }) } catch {} })
  tripwire.subprocess.assert(['git', 'pull'])
})
test('reply of a program that is none', async () => {
  tripwire.subprocess.mock(['git', 'pull'], () => ({ stdot: '' }))
  tripwire.sandbox(() => { try { execFileSync('git', ['pull'], { stdio: 'pipe' }) } catch {} })
  tripwire.subprocess.assert(['git', 'pull'])
})
test('reply that is waited for', async () => {
  tripwire.subprocess.mock(['git', 'pull'], async () => ({}))
  tripwire.sandbox(() => { try { execFileSync('git', ['pull'], { stdio: 'pipe' }) } catch {} })
  tripwire.subprocess.assert(['git', 'pull'])
})
test('reply that is waited for, and stays', async () => {
  tripwire.subprocess.mock(['git', 'pull'], { stays: true })
  tripwire.sandbox(() => { try { execFileSync('git', ['pull'], { stdio: 'pipe' }) } catch {} })
  tripwire.subprocess.assert(['git', 'pull'])
})
test('reply that is waited for, bit by bit', async () => {
  tripwire.subprocess.mock(['git', 'pull'], { stdout: (async function* () { yield 'bit' })() })
  tripwire.sandbox(() => { try { execFileSync('git', ['pull'], { stdio: 'pipe' }) } catch {} })
  tripwire.subprocess.assert(['git', 'pull'])
})
test('output that is none', async () => {
  tripwire.subprocess.mock(['git', 'pull'], { stdout: (async function* () { yield 42 })() })
  await tripwire.sandbox(() => new Promise((resolve) => execFile('git', ['pull'], () => resolve())))
  tripwire.subprocess.assert(['git', 'pull'])
})
test('body that is none', async () => {
  tripwire.http.mock('GET ' + at, () => ({ body: (async function* () { yield 42 })() }))
  await swallowed()
  told()
})
test('program', async () => {
  tripwire.subprocess.mock(['git', 'pull'], async () => wrong())
  await tripwire.sandbox(() => new Promise((resolve) => execFile('git', ['pull'], () => resolve())))
  tripwire.subprocess.assert(['git', 'pull'])
})
test('function', async () => {
  const mailer = { send() {} }
  tripwire.mock(mailer, 'send').calls(async () => wrong())
  await tripwire.sandbox(() => mailer.send().catch(() => {}))
  tripwire.functions.assert('send', { args: [] })
})

test('what a function throws on purpose', async () => {
  tripwire.http.mock('GET ' + at, () => { throw new Error('no network') })
  expect(await swallowed()).toBe('swallowed')
  told()
})
test('what a handler of msw throws on purpose', async () => {
  tripwire.http.use({ info: { method: 'GET', path: at }, run: async () => ({ response: Response.error() }) })
  expect(await swallowed()).toBe('swallowed')
  told()
})
test.fails('an expected failure', async () => {
  tripwire.http.mock('GET ' + at, () => wrong())
  await tripwire.sandbox(() => fetch(at).catch(({ cause }) => { throw cause }))
})
let attempts = 0
test('an attempt that is forgiven', { retry: 1 }, async () => {
  tripwire.http.mock('GET ' + at, () => (attempts++ === 0 ? wrong() : { text: 'fine' }))
  await swallowed()
  told()
})

test('failed by it', async () => {
  tripwire.http.mock('GET ' + at, () => wrong())
  await tripwire.sandbox(() => fetch(at).catch(({ cause }) => { throw cause }))
})
test('failed by what came of it', async () => {
  tripwire.http.mock('GET ' + at, () => wrong())
  const text = await swallowed()
  told()
  expect(text).toBe('fine')
})
`

const SWALLOWED = [
  'reply',
  'later reply',
  'session of a WebSocket',
  'script of a WebSocket',
  'session of a connection',
  'script of a connection',
  'session of packets',
  'listener of a WebSocket',
  'listener of a connection',
  'listener of packets',
  'answer to a lookup',
  'program',
  'function',
]
const NONE = [
  'reply that is nothing',
  'reply that is none',
  'stream that was sent already',
  'JSON that is none',
  'answer to a lookup that is none',
  'step of a WebSocket that is none',
  'step of a connection that is none',
  'step of a program that is none',
  'step that is waited for and is none',
  'reply of a program that is none',
  'reply that is waited for',
  'reply that is waited for, and stays',
  'reply that is waited for, bit by bit',
  'output that is none',
  'body that is none',
]
const FORGIVEN = [
  'what a function throws on purpose',
  'what a handler of msw throws on purpose',
  'an expected failure',
  'an attempt that is forgiven',
]

describe('a function of a mock that fails, where the code catches it', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({ 'a.test.js': SUITE })
  })
  const messages = (name: string) =>
    (run.tests[name]?.messages ?? []).map((text) => text.replaceAll(/\n {4}at .*/g, ''))

  test.each(SWALLOWED)('%s: the test fails with what was expected', (name) => {
    expect(messages(name).join()).toMatch(/^AssertionError: expected 'sent' to be 'wanted' \/\/ Object.is equality/)
  })

  test('each is told where it was expected, and why the test fails', () => {
    const note = 'a function of a mock failed with this, and your code caught it; the test fails all the same'
    expect(run.output.split(note)).toHaveLength(SWALLOWED.length + NONE.length + 1)
    expect(run.output).toContain("const wrong = () => expect('sent').toBe('wanted')")
  })

  test.each(NONE)('%s: the test fails, and is told what could stand there', (name) => {
    expect(
      messages(name)
        .join()
        .replaceAll(/(?<=a\.test\.js):\d+:\d+/g, ''),
    ).toMatchSnapshot()
  })

  test.each(FORGIVEN)('%s passes', (name) => expect(run.tests[name]?.state).toBe('passed'))

  test('a test that failed by it is told once, one that failed by what came of it is told why', () => {
    const [failed] = messages('failed by it')
    expect(failed).toBe("AssertionError: expected 'sent' to be 'wanted' // Object.is equality")
    const [other] = messages('failed by what came of it')
    expect(other).toContain(`expected 'swallowed' to be 'fine'`)
    const why =
      "functions of mocks failed, and your code caught the errors:\n  AssertionError: expected 'sent' to be 'wanted'"
    expect(run.output.split(why)).toHaveLength(2)
  })

  test('nothing is told beside the tests', () => expect(run.output).not.toContain('Unhandled'))
})
