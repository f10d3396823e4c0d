/** The outside world: a process of its own that answers everything on loopback, and tells its parent what reached it. */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer as createHttp } from 'node:http'
import { createServer as createTcp } from 'node:net'

const tell = (event) => process.send?.({ event })
const listen = (server, ...args) => new Promise((resolve) => server.listen(...args, () => resolve(server.address())))

const http = createHttp((request, response) => {
  request.resume()
  tell(`${request.method} ${request.url}`)
  if (request.url.startsWith('/once/')) response.shouldKeepAlive = false
  response.end('from outside')
})
http.on('connection', () => tell('http connection'))
http.on('clientError', (_, socket) => socket.destroy())
http.on('upgrade', (request, socket) => {
  tell(`upgrade ${request.url}`)
  socket.on('error', () => {})
  if (request.url !== '/open') return socket.destroy()
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('data', (data) => tell(`ws ${data.length} bytes`))
})
const tcp = createTcp((socket) => {
  tell('tcp connection')
  socket.on('data', (data) => tell(`tcp ${data.length} bytes`))
  socket.on('error', () => {})
})
const unixPath = process.argv[2]
const unix = createTcp((socket) => {
  tell('unix connection')
  socket.on('error', () => {})
  socket.end('from outside')
})
const udp = createSocket('udp4')
udp.on('message', (data) => tell(`udp ${data.length} bytes`))

const { port: httpPort } = await listen(http, 0, '127.0.0.1')
const { port: tcpPort } = await listen(tcp, 0, '127.0.0.1')
await listen(unix, unixPath)
await new Promise((resolve) => udp.bind(0, '127.0.0.1', resolve))
process.send?.({ ready: { http: httpPort, tcp: tcpPort, udp: udp.address().port, unix: unixPath } })
process.on('disconnect', () => process.exit())
