/** Where the events of one emitter run. */
import type { EventEmitter } from 'node:events'
import type { Reply } from '../mocking.ts'
import type { Tap } from '../tap.ts'

// Of Node's and of libraries', whose events have types of their own.
type Emitter = Pick<EventEmitter, 'emit'>

/** Has `run` do what this emitter emits from now on; it is given how the emitter itself does it, and what is emitted. */
export function emitBy(emitter: object, run: (emit: (event: unknown[]) => boolean, event: unknown[]) => boolean): void {
  const { emit: original } = emitter as Emitter
  const emit = (event: unknown[]): boolean => Reflect.apply(original, emitter, event)
  const own = (...event: unknown[]) => run(emit, event)
  Object.defineProperty(emitter, 'emit', { value: own, writable: true, configurable: true, enumerable: false })
}

/**
 * What a function of the test's does on events of its peer belongs to the sandbox of the call, and fails as the function itself.
 *
 * @param failed told what a listener threw
 */
export function emitFor(reply: Reply, peer: object, tap: Tap, failed: (error: unknown) => void): void {
  emitBy(peer, (emit, event) => {
    try {
      return tap.runIn(reply.frame, () => emit(event))
    } catch (error) {
      failed(error)
      return true
    }
  })
}
