import { fork } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const { script } = tripwire.subprocess

describe('a fork', () => {
  test('exchanges messages, and closes its channel when it ends', async () => {
    tripwire.subprocess.mock(
      ['node', 'worker.js', tripwire.subprocess.any()],
      script()
        .send({ ready: true })
        .expectMessage({ job: 1 })
        .send((message: unknown) => ({ done: message }))
        .exit(5),
    )
    const events = await tripwire.sandbox(async () => {
      const child = fork('worker.js', ['--fast'])
      const events: unknown[] = [child.connected]
      child.on('message', (message: { ready?: boolean }) => {
        events.push(message)
        if (message.ready) child.send({ job: 1, nothing: undefined }, () => events.push('sent'))
      })
      for (const name of ['disconnect', 'exit', 'close']) child.on(name, (...how) => events.push([name, ...how]))
      await new Promise((resolve) => child.once('close', resolve))
      return [...events, child.connected, child.channel]
    })
    expect(events).toEqual([
      true,
      { ready: true },
      'sent',
      { done: { job: 1 } },
      ['disconnect'],
      ['exit', 5, null],
      ['close', 5, null],
      false,
      null,
    ])
    tripwire.subprocess.assert(['node', 'worker.js', '--fast'])
  })

  test('keeps messages for the first listener, and takes any value where the channel does', async () => {
    tripwire.subprocess.mock(
      /worker/,
      script()
        .send('early')
        .expectMessage(expect.objectContaining({ when: new Date(5) }))
        .exit(),
    )
    const got = await tripwire.sandbox(async () => {
      const child = fork('worker.js', { serialization: 'advanced', silent: true })
      await new Promise((resolve) => setTimeout(resolve, 20))
      const got = await new Promise((resolve) => child.once('message', resolve))
      child.send({ when: new Date(5) })
      await new Promise((resolve) => child.once('close', resolve))
      return got
    })
    expect(got).toBe('early')
    tripwire.subprocess.assert(['node', 'worker.js'])
  })

  test('ends where its parent leaves while it waits for a message', async () => {
    tripwire.subprocess.mock(/worker/, script().expectMessage('go')).optional()
    const code = await tripwire.sandbox(async () => {
      const child = fork('worker.js')
      setTimeout(() => child.disconnect(), 20)
      return new Promise((resolve) => child.once('exit', resolve))
    })
    expect(code).toBe(1)
    tripwire.subprocess.assert(['node', 'worker.js'])
  })

  test('refuses what cannot be sent, as Node does', async () => {
    tripwire.subprocess.mock(/worker/, { stays: true })
    await tripwire.sandbox(async () => {
      const child = fork('worker.js', { silent: true })
      expect(() => child.send(undefined as never)).toThrow('The "message" argument must be specified')
      expect(() => child.send((() => {}) as never)).toThrow('The "message" argument must be one of type')
      child.kill()
      await new Promise((resolve) => child.once('exit', resolve))
      await expect(
        promisify(child.send as (message: string, done: () => void) => void).call(child, 'late'),
      ).rejects.toThrow('Channel closed')
    })
    tripwire.subprocess.assert(['node', 'worker.js'])
  })
})
