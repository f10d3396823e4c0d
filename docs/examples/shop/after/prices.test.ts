import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { WebSocketServer } from 'ws'
import { discounted, latestPrice } from '../src/prices.ts'

describe('the price feed', () => {
  let feed: WebSocketServer
  let url: string
  beforeAll(async () => {
    // A server of the test's own process is part of the test: no rule is needed.
    feed = new WebSocketServer({ port: 0 })
    feed.on('connection', (socket) => socket.send(JSON.stringify({ cents: 1250 })))
    await new Promise((resolve) => feed.once('listening', resolve))
    url = `ws://localhost:${(feed.address() as { port: number }).port}/feed`
  })
  afterAll(() => {
    feed.close()
  })

  test('gives the latest price', async () => {
    expect(await latestPrice('mug', url)).toBe(1250)
  })

  test('the list price holds while the feed is down', async () => {
    using _ = tripwire.refuse('ws')
    expect(await latestPrice('mug')).toBe(1999)
  })
})

describe('discounts', () => {
  test.each([
    [1000, 10, 900],
    [999, 50, 500],
    [1999, 0, 1999],
  ])('%i cents less %i percent are %i cents', (cents, percent, expected) => {
    expect(discounted(cents, percent)).toBe(expected)
  })
})
