import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

const HEAD = `
import { once } from 'node:events'; import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import dns from 'node:dns/promises'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import WebSocket from 'ws'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
const over = (socket) => new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
const talk = (socket, text) => { socket.resume().end(text); return over(socket) }
const chat = async (socket, ...messages) => {
  socket.on('error', () => {}).on('open', () => { for (const message of messages) socket.send(message); socket.close() })
  return over(socket)
}
const packet = (text, port, host) => new Promise((resolve) => {
  const socket = createSocket('udp4')
  socket.send(text, port, host, () => { socket.close(); resolve() })
})
`

/** The first message of a test, without its stack. */
const told = (run: VitestRun, name: string) =>
  (run.tests[name]?.messages.join('\n---\n') ?? 'no such test').replaceAll(/\n {4}at .*/g, '').trim()

/** Code that a message says to paste, of one line or several. */
function pasted(message: string, api: string): string[] {
  const lines = message.split('\n')
  return lines.flatMap((line, at) => {
    if (!new RegExp(`^ +tripwire\\.\\w+\\.${api}\\(`).test(line)) return []
    const end = line.endsWith('{') ? lines.findIndex((other, index) => index > at && other.endsWith('})')) : at
    return [
      lines
        .slice(at, end + 1)
        .join('\n')
        .trim(),
    ]
  })
}

describe('what is printed works when it is pasted', () => {
  const calls: Readonly<Record<string, string>> = {
    'a TCP connection': "talk(connect(25, 'mail.example.com'), 'HELO shop\\r\\n')",
    'bytes over TCP': "talk(connect(25, 'mail.example.com'), Buffer.from([0xff, 0, 1]))",
    'a TLS connection':
      "talk(connectTls({ port: 993, host: 'mail.example.com', servername: 'mail.example.com' }), 'a1 LOGOUT\\r\\n')",
    'a connection to an address': "talk(connect(6379, 'fd00::5'), 'PING\\r\\n')",
    'a unix socket': "talk(connect('/run/app.sock'), 'status')",
    'a connection that says nothing': "talk(connect(25, 'mail.example.com'))",
    'a packet': "packet('orders:1|c', 8125, 'stats.example.com')",
    'a WebSocket':
      "chat(new WebSocket('wss://feed.example.com/prices?symbol=ACME', ['v2', 'v1']), 'subscribe', Buffer.from([1, 2]))",
    'a WebSocket that says nothing': "chat(new WebSocket('ws://feed.example.com:8080'))",
    'a lookup': "dns.lookup('api.example.com')",
    'addresses of a family': "dns.resolve6('api.example.com')",
    'mail servers': "dns.resolveMx('example.com')",
    'a lookup backwards': "dns.reverse('10.0.0.7')",
  }
  const names = Object.keys(calls)
  const file = (before: readonly string[], after: readonly string[]) =>
    `${HEAD}${names.map((name, at) => `test('${name}', async () => {\n${before[at] ?? ''}\nawait tripwire.sandbox(async () => { await ${calls[name]} })\n${after[at] ?? ''}\n})`).join('\n')}`
  let unmocked: VitestRun
  let unasserted: VitestRun
  let whole: VitestRun

  beforeAll(async () => {
    unmocked = await runVitest({ 'a.test.ts': file([], []) })
    const mocks = names.map((name) => pasted(told(unmocked, name), 'mock')[0] as string)
    unasserted = await runVitest({ 'a.test.ts': file(mocks, []) })
    const assertions = names.map((name) => pasted(told(unasserted, name), 'assert').join('\n'))
    whole = await runVitest({ 'a.test.ts': file(mocks, assertions) })
  }, 120_000)

  test.each(names)('%s: the mock, then the assertion', (name) => {
    expect(pasted(told(unmocked, name), 'mock')).toHaveLength(1)
    expect({
      mock: pasted(told(unmocked, name), 'mock'),
      assert: pasted(told(unasserted, name), 'assert'),
    }).toMatchSnapshot()
    expect(whole.tests[name]).toEqual({ state: 'passed', messages: [] })
  })

  test('a whole message', () => {
    expect(told(unmocked, 'a WebSocket')).toMatchSnapshot()
    expect(told(unasserted, 'a WebSocket')).toMatchSnapshot()
  })
})

describe('a conversation that leaves its script', () => {
  const smtp =
    "tripwire.sockets.script().send('220 ready\\r\\n').expect('EHLO shop\\r\\n').send('250 ok\\r\\n').expect('QUIT\\r\\n').send('221 bye\\r\\n').close()"
  const tests: Readonly<Record<string, string>> = {
    'other bytes, and the code swallows the error': `
  tripwire.sockets.mock('tcp://mail.example.com:25', ${smtp})
  await tripwire.sandbox(() => talk(connect(25, 'mail.example.com'), 'HELO shop\\r\\n'))
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'other bytes, and the error reaches the test': `
  tripwire.sockets.mock('tcp://mail.example.com:25', ${smtp})
  await tripwire.sandbox(async () => { const socket = connect(25, 'mail.example.com'); socket.write('HELO shop\\r\\n'); await once(socket, 'close') })
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'the half of a step': `
  tripwire.sockets.mock('tcp://mail.example.com:25', ${smtp})
  await tripwire.sandbox(() => talk(connect(25, 'mail.example.com'), 'EHLO'))
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'a pattern that never comes': `
  tripwire.sockets.mock('tcp://mail.example.com:25', tripwire.sockets.script().expect(/EHLO .*\\r\\n/))
  await tripwire.sandbox(async () => { const socket = connect(25, 'mail.example.com'); socket.write('HELO shop\\r\\n'); await over(socket) })
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'something after the last step': `
  tripwire.sockets.mock('tcp://mail.example.com:25', tripwire.sockets.script().expect('NOOP\\r\\n').send('250 ok\\r\\n'))
  await tripwire.sandbox(() => talk(connect(25, 'mail.example.com'), 'NOOP\\r\\nQUIT\\r\\n'))
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'steps left over': `
  tripwire.sockets.mock('tcp://mail.example.com:25', ${smtp})
  await tripwire.sandbox(() => talk(connect(25, 'mail.example.com'), 'EHLO shop\\r\\n'))
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'another message': `
  tripwire.ws.mock('wss://feed.example.com', tripwire.ws.script().expect({ type: 'subscribe' }).send('ok'))
  await tripwire.sandbox(() => chat(new WebSocket('wss://feed.example.com'), '{"type":"unsubscribe"}'))
  tripwire.ws.assert('wss://feed.example.com')`,
    'a message too many': `
  tripwire.ws.mock('wss://feed.example.com', tripwire.ws.script().expect('one'))
  await tripwire.sandbox(() => chat(new WebSocket('wss://feed.example.com'), 'one', 'two'))
  tripwire.ws.assert('wss://feed.example.com')`,
    'a message too few': `
  tripwire.ws.mock('wss://feed.example.com', tripwire.ws.script().expect('one').expect('two').close(1000))
  await tripwire.sandbox(() => chat(new WebSocket('wss://feed.example.com'), 'one'))
  tripwire.ws.assert('wss://feed.example.com')`,
    'another packet': `
  tripwire.sockets.mock('udp://stats.example.com:8125', tripwire.sockets.script().expect('orders:1|c'))
  await tripwire.sandbox(() => new Promise((resolve) => {
    const socket = createSocket('udp4').once('error', resolve)
    socket.send('orders:2|c', 8125, 'stats.example.com')
  }))
  tripwire.sockets.assert('udp://stats.example.com:8125')`,
    'other facts': `
  tripwire.ws.mock('wss://feed.example.com')
  await tripwire.sandbox(() => chat(new WebSocket('wss://feed.example.com'), 'one', 'two'))
  tripwire.ws.assert('wss://feed.example.com', { sent: ['one', 'three'] })`,
    'facts left out': `
  tripwire.sockets.mock('tcp://mail.example.com:25')
  await tripwire.sandbox(() => talk(connect(25, 'mail.example.com'), 'HELO shop\\r\\n'))
  tripwire.sockets.assert('tcp://mail.example.com:25')`,
    'a step that cannot be meant': '  tripwire.ws.script().close(1006)',
    'a pattern that cannot be meant': "  tripwire.sockets.mock('listen:25')",
    'a reply that cannot be meant': "  tripwire.ws.mock('wss://feed.example.com', { satus: 401 })",
    'steps left over by a program that was killed': `
  tripwire.subprocess.mock(['serve'], tripwire.subprocess.script().print('ready').wait(60_000).print('bye'))
  await tripwire.sandbox(async () => {
    const child = spawn('serve')
    await once(child.stdout, 'data')
    child.kill()
    await once(child, 'close')
  })
  tripwire.subprocess.assert(['serve'])`,
  }
  let run: VitestRun
  beforeAll(async () => {
    const bodies = Object.entries(tests).map(([name, body]) => `test('${name}', async () => {${body}\n})`)
    run = await runVitest({ 'a.test.ts': HEAD + bodies.join('\n') })
  }, 60_000)

  test.each(Object.keys(tests))('%s', (name) => {
    expect(run.tests[name]?.state).toBe('failed')
    expect(told(run, name)).toMatchSnapshot()
  })
})
