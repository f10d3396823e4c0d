/** The part of the db plugin that is loaded by the first scripted Redis. */
import type { Socket } from 'node:net'
import type { Redirected, Tap } from '../../../src/plugin.ts'
import type { Embedded } from '../answers.ts'
import { begin } from '../beginning.ts'
import type { ScriptedParts } from '../scripted.ts'
import { Teller } from '../teller.ts'
import { Channels } from './channels.ts'
import { handleOf, suggest } from './handle.ts'
import { keyOf } from './own.ts'
import type { RedisAnswer } from './script.ts'
import { Session } from './session.ts'

/** A server without data: scripts say what it says. */
export class RedisServer implements Embedded {
  readonly channels = new Channels()
  readonly #parts: ScriptedParts
  #clients = 0

  constructor(parts: ScriptedParts) {
    this.#parts = parts
  }

  publish(channel: string | Uint8Array, message: string | number | Uint8Array): number {
    return this.channels.publish(keyOf(channel), channel, typeof message === 'number' ? String(message) : message)
  }

  accept(peer: Socket, connection: Redirected, tap: Tap): void {
    const account = { user: undefined, database: undefined }
    const teller = new Teller<RedisAnswer>(connection, tap, account, { sender: this.#parts.sender })
    const session = (socket: Socket) => {
      const { channels } = this
      const made = new Session(socket, teller, { id: ++this.#clients, account: this.#parts.account, channels })
      socket.on('data', (chunk: Buffer) => made.hear(chunk))
      socket.once('end', () => made.end())
      socket.once('close', () => made.end())
    }
    begin(peer, connection, tap, session)
  }
}

export { suggest }

export function createScripted(parts: ScriptedParts) {
  const embedded = new RedisServer(parts)
  return { embedded, handle: handleOf(parts, (channel, message) => embedded.publish(channel, message)) }
}
