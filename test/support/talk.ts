import WsClient from 'ws'

/** Opens, sends each message and gives what came back, with how it was closed. */
export async function talk(
  url: string,
  messages: readonly (string | Uint8Array)[] = [],
  { protocols = [], hangUp = false }: { protocols?: string[]; hangUp?: boolean } = {},
) {
  const socket = new WsClient(url, protocols)
  const received: string[] = []
  const closed = new Promise<unknown[]>((resolve) => {
    socket.on('close', (code, reason) => resolve([code, String(reason)]))
    socket.on('error', () => {})
  })
  socket.on('message', (data) => {
    received.push(String(data))
    if (hangUp) socket.close(1000, 'enough')
  })
  socket.on('open', () => {
    for (const message of messages) socket.send(message)
  })
  return { closed: await closed, received, protocol: socket.protocol }
}
