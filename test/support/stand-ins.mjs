/** Servers of another process that say as much of each protocol as a client needs for one operation, and tell what reached them. */
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { createServer as createTcp } from 'node:net'
import { BSON } from 'mongodb'
import { WebSocketServer } from 'ws'
import { amqp, kafka } from './stand-in-brokers.mjs'

const MAKERS = {
  http,
  http2,
  websocket,
  postgres,
  mysql,
  redis,
  mongodb,
  smtp,
  mqtt,
  amqp: (tell) => amqp(tcp, tell),
  kafka: (tell) => kafka(tcp, tell),
}

const GREETING = '0{"sid":"1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}'
const joined = new WeakSet()
const ports = {}
for (const [name, speaks] of Object.entries(JSON.parse(process.argv[2]))) {
  const server = MAKERS[speaks]((text) => process.send?.({ name, text }))
  server.on('connection', () => process.send?.({ name, text: 'connection' }))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  ports[name] = server.address().port
}
process.send?.({ ports })
process.on('disconnect', () => process.exit())

function http(tell) {
  return createHttp((request, response) => {
    tell(`${request.method} ${request.url}`)
    request.resume()
    response.setHeader('x-elastic-product', 'Elasticsearch')
    const { accept = '', authorization = '' } = request.headers
    if (request.url.startsWith('/socket.io/')) return poll(request, response)
    if (accept.includes('event-stream')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: x\n\n')
    } else if (authorization.includes('/s3/')) response.end('<ListAllMyBucketsResult/>')
    else response.setHeader('content-type', 'application/json').end('{}')
  })
}

/** socket.io without WebSockets: the greeting, the answer to who joins, and then nothing. */
function poll({ method, url }, response) {
  if (method === 'POST') response.end('ok')
  else if (!url.includes('sid=')) response.end(GREETING)
  else if (!joined.has(response.socket)) {
    joined.add(response.socket)
    response.end('40{"sid":"2"}')
  }
}

function http2(tell) {
  return createHttp2().on('stream', (stream, headers) => {
    tell(headers[':path'])
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  })
}

/** Any WebSocket; socket.io's greeting where it is asked for. */
function websocket(tell) {
  const server = createHttp()
  new WebSocketServer({ server }).on('connection', (socket, { url }) => {
    const greets = url.startsWith('/socket.io/')
    if (greets) socket.send(GREETING)
    socket.on('message', (data) => {
      tell(`message ${data}`)
      if (greets && String(data) === '40') socket.send('40{"sid":"2"}')
    })
  })
  return server
}

/** A TCP server; `reply` is given what came so far, answers it, and says how many bytes that was. */
function tcp(reply, greeting) {
  return createTcp((socket) => {
    let waiting = Buffer.alloc(0)
    const state = {}
    socket.on('error', () => {})
    if (greeting) socket.write(greeting)
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data])
      for (let used = 1; used > 0 && waiting.length > 0; waiting = waiting.subarray(used))
        used = reply(waiting, socket, state) ?? waiting.length
    })
  })
}

function postgres(tell) {
  const message = (type, body) => {
    const head = Buffer.alloc(5)
    head.write(type)
    head.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([head, Buffer.from(body)])
  }
  const ready = message('Z', 'I')
  const done = message('C', 'SELECT 0\0')
  const answers = {
    Q: Buffer.concat([done, ready]),
    P: message('1', ''),
    B: message('2', ''),
    D: Buffer.concat([message('t', [0, 0]), message('n', '')]),
    E: done,
    S: ready,
  }
  return tcp((data, socket, state) => {
    const start = state.started ? 1 : 0
    if (data.length < start + 4) return 0
    const size = data.readInt32BE(start) + start
    if (data.length < size) return 0
    if (state.started) {
      tell(`message ${String.fromCharCode(data[0])}`)
      socket.write(answers[String.fromCharCode(data[0])] ?? '')
    } else if (data.readInt32BE(4) === 80877103) socket.write('N')
    else {
      state.started = true
      socket.write(Buffer.concat([message('R', [0, 0, 0, 0]), ready]))
    }
    return size
  })
}

function mysql(tell) {
  const packet = (number, ...parts) => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
    return Buffer.concat([Buffer.from([body.length, 0, 0, number]), body])
  }
  const handshake = packet(
    0,
    [10],
    '8.0.0\0',
    [1, 0, 0, 0],
    'abcdefgh\0',
    [0xff, 0xf7, 45, 2, 0, 0x08, 0, 21],
    Buffer.alloc(10),
    'abcdefghijkl\0',
    'mysql_native_password\0',
  )
  return tcp((data, socket) => {
    const size = data.readUIntLE(0, 3) + 4
    if (data.length < size) return 0
    tell(`packet ${data[4]}`)
    socket.write(packet(data[3] + 1, [0, 0, 0, 2, 0, 0, 0]))
    return size
  }, handshake)
}

function redis(tell) {
  return tcp((data, socket) => {
    const lines = String(data).split('\r\n')
    const count = Number(lines[0].slice(1))
    if (lines.length <= count * 2 + 1) return 0
    tell(lines[2])
    if (/^hello$/i.test(lines[2])) socket.write('%0\r\n')
    else socket.write(/^get$/i.test(lines[2]) ? '$-1\r\n' : '+OK\r\n')
    return lines.slice(0, count * 2 + 1).join('\r\n').length + 2
  })
}

function mongodb(tell) {
  const me = {
    ok: 1,
    isWritablePrimary: true,
    maxWireVersion: 25,
    minWireVersion: 0,
    maxBsonObjectSize: 2 ** 24,
    readOnly: false,
  }
  const sizes = { maxMessageSizeBytes: 48000000, maxWriteBatchSize: 100000 }
  return tcp((data, socket) => {
    const size = data.readInt32LE(0)
    if (data.length < size) return 0
    const asked = BSON.deserialize(data.subarray(21, 21 + data.readInt32LE(21)))
    tell(Object.keys(asked)[0])
    const body = BSON.serialize({
      ...me,
      ...sizes,
      done: true,
      payload: new BSON.Binary(Buffer.alloc(0)),
      conversationId: 1,
    })
    const head = Buffer.alloc(21)
    head.writeInt32LE(21 + body.length, 0)
    head.writeInt32LE(data.readInt32LE(4), 8)
    head.writeInt32LE(2013, 12)
    socket.write(Buffer.concat([head, body]))
    return size
  })
}

function smtp(tell) {
  const answers = { AUTH: '235 ok', DATA: '354 go on', QUIT: '221 bye', EHLO: '250-here\r\n250 AUTH PLAIN' }
  return tcp((data, socket, state) => {
    const text = String(data)
    const line = text.slice(0, text.indexOf('\r\n') + 2)
    if (state.mail && line !== '.\r\n') return line.length
    state.mail = /^DATA/i.test(line)
    tell(line.split(/\s/)[0])
    socket.write(`${answers[line.slice(0, 4).toUpperCase()] ?? '250 ok'}\r\n`)
    return line.length
  }, '220 here\r\n')
}

function mqtt(tell) {
  return tcp((data, socket) => {
    const size = 2 + data[1]
    if (data.length < size) return 0
    tell(`packet ${data[0] >> 4}`)
    if (data[0] >> 4 === 1) socket.write(Buffer.from([0x20, 2, 0, 0]))
    return size
  })
}
