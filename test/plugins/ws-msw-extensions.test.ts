import { ws } from 'msw'
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { talk } from '../support/talk.ts'

const FEED = 'wss://feed.example.com'

/** A link with an extension, without the types of the package that msw has it from. */
type ExtendedLink = (
  url: string,
  options: { readonly extensions: readonly object[] },
) => {
  addEventListener(
    event: 'connection',
    listener: (connection: { readonly client: ExtendedClient; readonly room: string }) => void,
  ): object
}
interface ExtendedClient {
  addEventListener(event: 'message', listener: (event: { readonly data: unknown }) => void): void
  send(message: unknown): void
  close(): void
}

test('extensions of msw 3 stand between a handler and its client', async () => {
  const said: unknown[] = []
  /** Each message is JSON with a number before it; a client that says `ping` is told `pong` by the extension. */
  const numbered = {
    count: 0,
    apply(this: object, connection: { client: { extension?: unknown }; server: { extension?: unknown } }) {
      connection.client.extension = this
      connection.server.extension = this
    },
    extend: () => ({ room: 'lobby' }),
    connect: () => 'hello',
    receive: (data: unknown) => (data === 'ping' ? 'pong' : undefined),
    *decode(data: unknown) {
      if (data !== 'ping') yield JSON.parse(String(data)) as unknown
    },
    encode(message: unknown) {
      return `${++this.count}${JSON.stringify(message)}`
    },
  }
  const link = (ws.link as unknown as ExtendedLink)(FEED, { extensions: [numbered] })
  tripwire.ws.use(
    link.addEventListener('connection', ({ client, room }) => {
      client.addEventListener('message', ({ data }) => {
        said.push(data)
        client.send({ room, data })
        client.close()
      })
    }),
  )
  const { received } = await tripwire.sandbox(() => talk(FEED, ['ping', '{"a":1}']))
  expect(said).toEqual([{ a: 1 }])
  expect(received).toEqual(['hello', 'pong', '1{"room":"lobby","data":{"a":1}}'])
  tripwire.ws.assert(FEED, { sent: ['ping', '{"a":1}'] })
})
