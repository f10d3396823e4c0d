import net from 'node:net'

const SSL_REQUEST = 80_877_103

const message = (type: string, body: Buffer = Buffer.alloc(0)) => {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const READY = message('Z', Buffer.from('I'))
const HELLO = Buffer.concat([message('R', Buffer.alloc(4)), READY])
const DONE = Buffer.concat([message('C', Buffer.from('SELECT 0\0')), READY])
const NOTE = message('A', Buffer.from('\0\0\0\x01news\0\0'))

/** Answers pg's startup and simple queries; a `NOTIFY` is told before its answer. */
export async function startPg(): Promise<{ port: number; close(): void }> {
  const server = net.createServer((socket) => {
    let rest = Buffer.alloc(0)
    let started = false
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      // The first message has no type.
      for (let head = started ? 1 : 0; rest.length >= head + 4; head = started ? 1 : 0) {
        const size = head + rest.readInt32BE(head)
        if (rest.length < size) return
        const body = rest.subarray(head + 4, size)
        const type = started ? String.fromCharCode(rest[0] as number) : ''
        rest = rest.subarray(size)
        if (type === '' && body.readInt32BE(0) === SSL_REQUEST) socket.write('N')
        else if (type === '') {
          started = true
          socket.write(HELLO)
        } else if (type === 'Q') socket.write(body.includes('NOTIFY') ? Buffer.concat([NOTE, DONE]) : DONE)
        else if (type === 'X') socket.end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as net.AddressInfo).port, close: () => server.close() }
}
