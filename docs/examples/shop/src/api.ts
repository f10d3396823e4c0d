import { createServer, type Server } from 'node:http'
import { count } from './metrics.ts'
import { type OrderStore, total } from './orders.ts'
import { latestPrice } from './prices.ts'
import { track } from './telemetry.ts'

export type PriceOf = (article: string) => Promise<number>

/** The shop's HTTP API. */
export function createApi(orders: OrderStore, priceOf: PriceOf = latestPrice): Server {
  return createServer(async (request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.url === '/health') return reply(200, { ok: true })
    if (request.method !== 'POST' || request.url !== '/orders') return reply(404, { error: 'not found' })
    let text = ''
    for await (const chunk of request) text += chunk
    try {
      const order = JSON.parse(text)
      const cents = total(order, await priceOf(order.article))
      const id = await orders.save(order)
      track('order')
      count('orders')
      reply(201, { id, cents })
    } catch (error) {
      reply(400, { error: (error as Error).message.split('\n')[0] })
    }
  })
}
