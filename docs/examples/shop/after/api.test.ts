import type { Server } from 'node:http'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../src/api.ts'
import { memoryOrders } from '../src/orders.ts'

describe('the api', () => {
  let server: Server
  beforeAll(async () => {
    server = createApi(memoryOrders(), async () => 1250)
    await new Promise<void>((resolve) => server.listen(0, resolve))
  })
  afterAll(() => {
    server.close()
  })

  test('is healthy', async () => {
    await request(server).get('/health').expect(200, { ok: true })
  })
  test('knows no other pages', async () => {
    await request(server).get('/nope').expect(404)
  })
  test('refuses an order of nothing', async () => {
    await request(server).post('/orders').send({ article: 'mug', quantity: 0 }).expect(400)
  })
  test('takes an order', async () => {
    const response = await request(server).post('/orders').send({ article: 'mug', quantity: 2 })
    expect(response.status).toBe(201)
    expect(response.body).toEqual({ id: 1, cents: 2500 })
  })
})
