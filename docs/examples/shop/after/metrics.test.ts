import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { count } from '../src/metrics.ts'

test('an event is one packet', async () => {
  const collector = createSocket('udp4').bind(0, '127.0.0.1')
  await once(collector, 'listening')
  const packet = once(collector, 'message')
  count('orders', `udp://127.0.0.1:${collector.address().port}`)
  expect(String((await packet)[0])).toBe('orders:1|c')
  collector.close()
})
