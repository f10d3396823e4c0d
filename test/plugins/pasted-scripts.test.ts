/** The step that a TRIPWIRE_SCRIPT prints is pasted where the message says, and the conversation goes on from there. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import tls from 'node:tls'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import WebSocket from 'ws'

const { sockets, subprocess, ws } = tripwire

interface Way {
  readonly mock: (script: never) => unknown
  readonly script: () => unknown
  /** Sends each message once the one before was read. */
  readonly say: (messages: readonly string[]) => Promise<unknown>
  readonly assert: () => void
  /** The step that waits, and what ends a message. */
  readonly waits: string
  readonly end: string
}

const ended = (emitter: { on(event: string, listener: () => void): unknown }) =>
  new Promise<void>((resolve) => {
    emitter.on('error', () => {})
    emitter.on('close', resolve)
  })

const WAYS: Readonly<Record<string, Way>> = {
  'a TCP connection': {
    mock: (script) => sockets.mock('tcp://mail.example.com:25', script),
    script: sockets.script,
    async say(messages) {
      const socket = connect(25, 'mail.example.com')
      const over = ended(socket)
      for (const message of messages) {
        socket.write(message)
        await after(20)
      }
      socket.end()
      await over
    },
    assert: () => sockets.assert('tcp://mail.example.com:25', { sent: expect.anything() }),
    waits: 'expect',
    end: '\r\n',
  },
  'a UDP socket': {
    mock: (script) => sockets.mock('udp://packets.example.com:9', script),
    script: sockets.script,
    async say(messages) {
      const socket = createSocket('udp4').on('error', () => {})
      for (const message of messages) {
        socket.send(message, 9, 'packets.example.com')
        await after(20)
      }
      socket.close()
    },
    assert: () => sockets.assert('udp://packets.example.com:9', { sent: expect.anything() }),
    waits: 'expect',
    end: '',
  },
  'a WebSocket': {
    mock: (script) => ws.mock('wss://feed.example.com', script),
    script: ws.script,
    async say(messages) {
      const socket = new WebSocket('wss://feed.example.com')
      const over = ended(socket)
      await new Promise((resolve) => socket.on('open', resolve))
      for (const message of messages) {
        if (socket.readyState === WebSocket.OPEN) socket.send(message)
        await after(20)
      }
      socket.close()
      await over
    },
    assert: () => ws.assert('wss://feed.example.com'),
    waits: 'expect',
    end: '',
  },
  'a program': {
    mock: (script) => subprocess.mock(['ask'], script),
    script: subprocess.script,
    async say(messages) {
      const child = spawn('ask')
      const over = ended(child)
      child.stdin.on('error', () => {})
      for (const message of messages) {
        child.stdin.write(message)
        await after(20)
      }
      child.stdin.end()
      await over
    },
    assert: () => subprocess.assert(['ask']),
    waits: 'expectInput',
    end: '\n',
  },
}

/** Steps as code, and what the code under test says instead. */
const TRIALS = {
  'another message': { steps: ['one', 'two'], said: ['one', 'zwei'], at: 'make this the step' },
  'one too many': { steps: ['one'], said: ['one', 'more'], at: 'end the script with it' },
}

describe.each(Object.keys(WAYS))('%s', (name) => {
  const way = WAYS[name] as Way
  test.each(Object.keys(TRIALS) as (keyof typeof TRIALS)[])('that says %s', async (trial) => {
    const { said, at } = TRIALS[trial]
    // What is more than a program reads is left in its pipe, as with a real one.
    if (name === 'a program' && trial === 'one too many') return
    const steps = TRIALS[trial].steps.map((text) => `.${way.waits}(${JSON.stringify(text + way.end)})`)
    const run = async () => {
      const script = new Function('script', `return script()${steps.join('')}`)(way.script)
      way.mock(script as never)
      await tripwire.sandbox(() => way.say(said.map((text) => text + way.end)))
    }
    const [trip] = await tripwire.expectTrip(run)
    const [, where, code] =
      /^ {2}fix {4}(.*), if the code under test is right:\n +(\..*)$/m.exec(trip?.message ?? '') ?? []
    expect([trip?.code, where]).toEqual(['TRIPWIRE_SCRIPT', at])
    if (at === 'make this the step') steps.splice(-1, 1, code as string)
    else steps.push(code as string)
    tripwire.inAnyOrder(way.assert)
    await run()
    way.assert()
  })
})

test('a client that goes on without TLS is waited for first', async () => {
  const steps = [".send('yes')", '.startTls()', ".send('secret')"]
  const run = async () => {
    sockets.mock(
      'tcp://mail.example.com:25',
      new Function('script', `return script()${steps.join('')}`)(sockets.script),
    )
    await tripwire.sandbox(async () => {
      const socket = connect(25, 'mail.example.com')
      const over = ended(socket)
      await new Promise((resolve) => socket.once('data', resolve))
      socket.write('no')
      if (steps.length > 3) {
        await after(20)
        const secured = tls.connect({ socket, servername: 'mail.example.com' })
        await new Promise((resolve) => secured.once('data', resolve))
        secured.end()
      }
      await over
    })
  }
  const [trip] = await tripwire.expectTrip(run)
  const [, where, code] =
    /^ {2}fix {4}(.*), if the code under test is right:\n +(\..*)$/m.exec(trip?.message ?? '') ?? []
  expect([trip?.code, where]).toEqual(['TRIPWIRE_SCRIPT', 'put this step before it'])
  steps.splice(1, 0, code as string)
  sockets.assert('tcp://mail.example.com:25')
  await run()
  sockets.assert('tcp://mail.example.com:25')
})
