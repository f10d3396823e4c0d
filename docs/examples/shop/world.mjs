/** The outside world: services, a price feed, a database, a collector of metrics and a name server. It logs what reaches it. */
import { createSocket } from 'node:dgram'
import { createServer as createHttp } from 'node:http'
import { createServer as createTcp } from 'node:net'
import { WebSocketServer } from 'ws'

const log = (line) => process.send?.({ log: line })
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
const bind = (socket) => new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)))

function service(name, answer) {
  const server = createHttp((request, response) => {
    log(`${name}: ${request.method} ${request.url.split('?')[0]}`)
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)))
  })
  return listen(server)
}

const feedServer = createHttp()
new WebSocketServer({ server: feedServer }).on('connection', (socket, request) => {
  log(`price feed: ${request.url.split('?')[0]}`)
  socket.send(JSON.stringify({ cents: 1499 }))
})

const database = createTcp((socket) => {
  log('database: a connection')
  socket.on('error', () => {})
  socket.once('data', (bytes) => {
    log(`database: ${bytes.length} bytes`)
    socket.destroy()
  })
})

const metrics = createSocket('udp4').on('message', (packet) => log(`metrics: ${packet}`))

const nameserver = createSocket('udp4').on('message', (query, { port, address }) => {
  log(`name server: ${nameIn(query)}`)
  nameserver.send(answerTo(query, '1'), port, address)
})

function nameIn(query) {
  const labels = []
  for (let at = 12; query[at] !== 0; at += query[at] + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]))
  return labels.join('.')
}

/** One TXT record for whatever was asked: the question again, and a pointer back to its name. */
function answerTo(query, text) {
  const question = query.subarray(12, query.indexOf(0, 12) + 5)
  const header = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
  const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, text.length + 1, text.length])
  return Buffer.concat([header, question, record, Buffer.from(text)])
}

const at = (scheme, port, rest = '') => `${scheme}://127.0.0.1:${port}${rest}`
const settings = {
  PAYMENTS_URL: at('http', await service('payments', { id: 'ch_real', status: 'paid' })),
  LEDGER_URL: at('http', await service('ledger', { entry: 'e_real' })),
  RATES_URL: at('http', await service('rates', { base: 'EUR', rates: { USD: 1.08, GBP: 0.85, CHF: 0.96 } })),
  TELEMETRY_URL: at('http', await service('telemetry', {})),
  FEED_URL: at('ws', await listen(feedServer), '/feed'),
  DATABASE_URL: `postgres://shop:hunter2@127.0.0.1:${await listen(database)}/shop`,
  METRICS_URL: at('udp', await bind(metrics)),
  NAMESERVER: `127.0.0.1:${await bind(nameserver)}`,
}
process.send?.({ settings })
process.on('disconnect', () => process.exit())
