/**
 * Whose a statement is: the code's that wrote it. A connection of a pool serves many, so each write of the client is noted, and a message is
 * its whose write it ended in.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import type { Frame, Tap } from '../../src/plugin.ts'

/** Runs a function as if it went on from a write. */
export type There = <T>(fn: () => T) => T

/** Gives who asked for what is being written, where a driver keeps it waiting and somebody knows; see `queues.ts`. */
export type Sender = () => There | undefined

interface Written {
  /** In bytes of the connection. */
  end: number
  readonly frame: Frame
  readonly sender: There | undefined
  readonly there: There
}

export class Writes {
  readonly #tap: Tap
  readonly #senderOf: Sender
  readonly #written: Written[] = []
  #last: There
  /** The write that was noted in the present turn: a client says in several what is one statement. */
  #ofTurn: Written | undefined
  readonly #turn = Promise.resolve()

  /** @param opened the frame that connected */
  constructor(client: Socket, opened: Frame, tap: Tap, senderOf: Sender = () => undefined) {
    this.#tap = tap
    this.#senderOf = senderOf
    this.#last = (fn) => tap.runIn(opened, fn)
    // A client that is TLS itself counts other bytes than those that it was given, and has given none before it is connected.
    let end = (client as { encrypted?: boolean }).encrypted ? 0 : client.bytesWritten
    if (end > 0) this.#written.push({ end, frame: opened, sender: undefined, there: this.#last })
    const { write } = client
    const noting = (chunk: unknown, ...rest: unknown[]): boolean => {
      const [encoding] = rest
      end += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding as never) : (chunk as Uint8Array).byteLength
      this.#note(end)
      return Reflect.apply(write, client, [chunk, ...rest])
    }
    Object.defineProperty(client, 'write', { value: noting, writable: true, configurable: true, enumerable: false })
  }

  /** The code that wrote the byte before a place in the stream. TLS that begins later has a stream of its own: there it is who connected. */
  at(end: number): There {
    while ((this.#written[0]?.end ?? Number.POSITIVE_INFINITY) < end) this.#written.shift()
    return this.#written[0]?.there ?? this.#last
  }

  #note(end: number): void {
    const frame = this.#tap.frame()
    const sender = this.#senderOf()
    if (this.#ofTurn?.frame === frame && this.#ofTurn.sender === sender) {
      this.#ofTurn.end = end
      return
    }
    const there = sender ?? this.#here(frame)
    this.#last = there
    this.#ofTurn = { end, frame, sender, there }
    this.#written.push(this.#ofTurn)
    // Tests fake `queueMicrotask`, and a part that comes late cannot have it from before.
    void this.#turn.then(() => {
      this.#ofTurn = undefined
    })
  }

  #here(frame: Frame): There {
    const context = AsyncLocalStorage.snapshot()
    const remembered = this.#tap.here()
    return (fn) => context(() => this.#tap.runIn(frame, () => remembered(fn))) as ReturnType<typeof fn>
  }
}
