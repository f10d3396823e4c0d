/** The part of the db plugin that is loaded by the first scripted MongoDB. */
import type { Socket } from 'node:net'
import type { Redirected, Tap } from '../../../src/plugin.ts'
import type { Embedded } from '../answers.ts'
import { begin } from '../beginning.ts'
import type { ScriptedParts } from '../scripted.ts'
import { Teller } from '../teller.ts'
import { handleOf, suggest } from './handle.ts'
import { Login } from './login.ts'
import type { MongoAnswer } from './script.ts'
import { type Cursors, Session } from './session.ts'
import { type Bson, Reader } from './wire.ts'

/** What reads and writes BSON. */
type Codec = Bson & { readonly Long: { fromNumber(value: number): object } }

/** The one of the driver that is there, or of mongoose, which brings its own. @throws MissingPeerError */
function codecOf(peer: ScriptedParts['peer']): Codec {
  let missing: unknown
  for (const name of ['mongodb', 'mongoose']) {
    try {
      const found = peer(name) as { BSON?: Codec; mongo?: { BSON?: Codec } }
      // Before its version 5 the driver does not show it.
      return found.BSON ?? found.mongo?.BSON ?? (peer('bson') as Codec)
    } catch (error) {
      missing ??= error
    }
  }
  throw missing
}

/** A server without collections: scripts say what is in them. */
class MongoServer implements Embedded {
  readonly #parts: ScriptedParts
  readonly #bson: Codec
  readonly #cursors: Cursors = { open: new Map(), last: 0 }
  #clients = 0

  constructor(parts: ScriptedParts) {
    this.#parts = parts
    this.#bson = codecOf(parts.peer)
  }

  accept(peer: Socket, connection: Redirected, tap: Tap): void {
    const { account, builtIn, set } = this.#parts
    const { host, port, path, replicaSet } = connection.reply?.facts ?? {}
    const address = path === undefined ? `${String(host).includes(':') ? `[${host}]` : host}:${port}` : String(path)
    const teller = new Teller<MongoAnswer>(connection, tap, { user: undefined, database: undefined })
    const bson = this.#bson
    begin(peer, connection, tap, (socket) => {
      const session = new Session(
        { id: ++this.#clients, address, set: setOf(replicaSet, set, address), isGuarded: account !== undefined },
        {
          socket,
          reader: new Reader(bson),
          teller,
          login: new Login(account, builtIn('node:crypto')),
          cursors: this.#cursors,
          bson,
          long: (value) => bson.Long.fromNumber(value),
        },
      )
      socket.on('data', (chunk: Buffer) => session.hear(chunk))
      socket.once('end', () => session.end())
      socket.once('close', () => session.end())
    })
  }
}

/** A client that looks for a set takes no server that is none, and waits for another one. */
function setOf(name: unknown, set: ScriptedParts['set'], address: string): ScriptedParts['set'] {
  return typeof name === 'string' ? { name, primary: set?.primary ?? address } : set
}

export { suggest }

export function createScripted(parts: ScriptedParts) {
  return { embedded: new MongoServer(parts), handle: handleOf(parts) }
}
