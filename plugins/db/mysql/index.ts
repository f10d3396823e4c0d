/** The part of the db plugin that is loaded by the first scripted MySQL. */
import type { Socket } from 'node:net'
import type { Redirected, Tap } from '../../../src/plugin.ts'
import type { Embedded } from '../answers.ts'
import type { ScriptedParts } from '../scripted.ts'
import { Teller } from '../teller.ts'
import { Failure } from './failure.ts'
import { handleOf, suggest } from './handle.ts'
import { isKnown, isRight, scrambleOf } from './login.ts'
import {
  framed,
  type Heard,
  isSslRequest,
  NATIVE,
  type Opening,
  Reader,
  readOpening,
  SHA2,
  STATUS,
  say,
} from './packets.ts'
import type { MysqlAnswer } from './script.ts'
import { errorOf, Session } from './session.ts'

/** A server without tables: scripts say what is in them. */
class MysqlServer implements Embedded {
  readonly #parts: ScriptedParts
  #clients = 0

  constructor(parts: ScriptedParts) {
    this.#parts = parts
  }

  accept(peer: Socket, connection: Redirected, tap: Tap): void {
    const scramble = scrambleOf(this.#parts.builtIn('node:crypto'))
    const id = ++this.#clients
    peer.write(framed([say.greeting(id, scramble)], 0))
    this.#listen(peer, { connection, tap, scramble, id, secured: false })
  }

  #listen(socket: Socket, opened: Opened): void {
    const reader = new Reader()
    let session: Session | undefined
    const hear = (chunk: Buffer) => {
      reader.push(chunk)
      if (session !== undefined) return session.hear()
      const heard = reader.next()
      if (heard === undefined) return
      if (isSslRequest(heard.payload) && !opened.secured) {
        socket.off('data', hear)
        return this.#secure(socket, reader, opened)
      }
      session = this.#enter(socket, reader, heard, opened)
      session?.hear()
    }
    socket.on('data', hear)
    socket.once('end', () => session?.end())
    socket.once('close', () => session?.end())
  }

  #secure(socket: Socket, reader: Reader, opened: Opened): void {
    const { connection, tap } = opened
    const host = String(connection.reply?.facts.host ?? 'localhost')
    // What came with it already is TLS.
    const early = reader.rest()
    socket.pause()
    if (early.length > 0) socket.unshift(early)
    tap.hub.secure(socket, host, [], (secured) => {
      secured.on('error', () => {})
      this.#listen(secured, { ...opened, secured: true })
    })
  }

  /** @returns nothing for who is not let in */
  #enter(
    socket: Socket,
    reader: Reader,
    { payload, sequence }: Heard,
    { connection, tap, scramble, id, secured }: Opened,
  ): Session | undefined {
    const { account, builtIn, sender } = this.#parts
    const letIn = <T extends Omit<Opening, 'flags'>>(opening: T): T => {
      const method = isKnown(opening.method) ? opening.method : NATIVE
      if (isRight({ ...opening, method }, account, scramble, builtIn('node:crypto'))) return opening
      const told = `Access denied for user '${opening.user}'@'localhost' (using password: YES)`
      throw new Failure('ER_ACCESS_DENIED_ERROR', told)
    }
    try {
      const { user, database, method } = letIn(readOpening(payload))
      const teller = new Teller<MysqlAnswer>(connection, tap, { user, database }, { secured, sender })
      const ok = say.ok(STATUS.AUTOCOMMIT)
      socket.write(framed(account !== undefined && method === SHA2 ? [say.known(), ok] : [ok], sequence))
      return new Session(socket, reader, teller, { id, user, database }, letIn)
    } catch (error) {
      const told =
        error instanceof RangeError ? new Failure('ER_MALFORMED_PACKET', 'Malformed communication packet') : error
      socket.end(framed([errorOf(told)], sequence))
      return undefined
    }
  }
}

/** A connection that nobody was let in by yet. */
interface Opened {
  readonly connection: Redirected
  readonly tap: Tap
  readonly scramble: Buffer
  readonly id: number
  readonly secured: boolean
}

export { suggest }

export function createScripted(parts: ScriptedParts) {
  return { embedded: new MysqlServer(parts), handle: handleOf(parts) }
}
