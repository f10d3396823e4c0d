/** The outside world: a payment service, a ledger, telemetry, a price feed and a database, which log what reaches them. */
import { createServer as createHttp } from 'node:http'
import { createServer as createTcp } from 'node:net'
import { WebSocketServer } from 'ws'

const log = (line) => process.send?.({ log: line })
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))

const service = (name, answer) =>
  createHttp((request, response) => {
    log(`${name}: ${request.method} ${request.url.split('?')[0]}`)
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)))
  })

const payments = await listen(service('payments', { id: 'ch_real', status: 'paid' }))
const ledger = await listen(service('ledger', { entry: 'e_real' }))
const telemetry = await listen(service('telemetry', {}))

const feedServer = createHttp()
new WebSocketServer({ server: feedServer }).on('connection', (socket, request) => {
  log(`price feed: ${request.url.split('?')[0]}`)
  socket.send(JSON.stringify({ cents: 1499 }))
})
const feed = await listen(feedServer)

const database = await listen(
  createTcp((socket) => {
    log('database: a connection')
    socket.on('error', () => {})
    socket.on('data', () => socket.destroy())
  }),
)
process.send?.({ ready: { payments, ledger, telemetry, feed, database } })
process.on('disconnect', () => process.exit())
