/**
 * Whose a statement is that a driver keeps waiting: pg writes it when the one before it is done, in the context of whoever made the
 * connection, and pg-pool gives a client on in the context of whoever gave it back.
 */
import type { Tap } from '../../src/plugin.ts'

type Method = (this: object, ...args: unknown[]) => unknown
type Prototype = Record<string, Method>

interface Waiting {
  submit: Method
}

interface Queue {
  readonly _queryQueue?: readonly Waiting[]
}

// Captured at load: tests replace it.
const { hasOwn } = Object

/** @param isUsed whether there is an embedded database, for which alone it is done: it costs a stack for each statement */
export function keepCallers(tap: Tap, isUsed: () => boolean): void {
  const goingOn = () => {
    const frame = tap.frame()
    const remembered = tap.here()
    return <T>(fn: () => T): T => tap.runIn(frame, () => remembered(fn))
  }
  tap.onceLoaded(['/pg-pool/index.js'], (exported) => {
    const { prototype } = exported as { prototype?: Prototype }
    if (typeof prototype?.connect !== 'function') return
    tap.patch(prototype, 'connect', (original) => {
      return function connect(this: object, ...args: unknown[]) {
        const [callback] = args
        if (typeof callback !== 'function' || !isUsed()) return Reflect.apply(original as Method, this, args)
        const there = goingOn()
        const own = (...given: unknown[]) => there(() => Reflect.apply(callback, undefined, given))
        return Reflect.apply(original as Method, this, [own])
      }
    })
  })
  tap.onceLoaded(['/pg/lib/client.js'], (exported) => {
    const { prototype } = exported as { prototype?: Prototype }
    if (typeof prototype?.query !== 'function') return
    tap.patch(prototype, 'query', (original) => {
      return function query(this: Queue, ...args: unknown[]) {
        const result = Reflect.apply(original as Method, this, args)
        const waiting = isUsed() ? this._queryQueue?.at(-1) : undefined
        if (waiting !== undefined && !hasOwn(waiting, 'submit')) {
          const there = goingOn()
          const { submit } = waiting
          const own: Method = (...given) => there(() => Reflect.apply(submit, waiting, given))
          Object.defineProperty(waiting, 'submit', {
            value: own,
            writable: true,
            configurable: true,
            enumerable: false,
          })
        }
        return result
      }
    })
  })
}
