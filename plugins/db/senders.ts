/**
 * Whose a command is that a client keeps waiting: ioredis until it is connected, node-redis until the end of the turn, in which it writes all
 * that were asked for at once, mysql2 until the one before it is done.
 */
import { SafeWeakMap, type Tap } from '../../src/plugin.ts'
import type { There } from './writes.ts'

// Captured at load: tests replace it.
const { queueMicrotask } = globalThis
const { hasOwn } = Object

type Method = (this: object, ...args: unknown[]) => unknown
type Prototype = Record<string, Method | undefined>

let sender: There | undefined

/** Who asked for what is being written right now, where that is known. */
export const senderOf = (): There | undefined => sender

/** @param isUsed whether there is a database that is answered for, for which alone it is done: it costs a stack for each command */
export function keepSenders(tap: Tap, isUsed: () => boolean): void {
  const commands = new SafeWeakMap<object, There>()
  const note = (command: unknown) => {
    if (typeof command !== 'object' || command === null || commands.has(command)) return
    const frame = tap.frame()
    const remembered = tap.here()
    commands.set(command, (fn) => tap.runIn(frame, () => remembered(fn)))
  }
  const from = <T>(command: unknown, fn: () => T): T => {
    const before = sender
    sender = commands.get(command as object)
    try {
      return fn()
    } finally {
      sender = before
    }
  }

  // mysql2 writes a command when it starts it; a pool gives a connection on in the context of whoever gave it back.
  tap.onceLoaded(['/mysql2/lib/base/connection.js'], (exported) => {
    const { prototype } = exported as { prototype?: Prototype }
    if (typeof prototype?.addCommand !== 'function') return
    tap.patch(prototype, 'addCommand', (original) => {
      return function addCommand(this: object, ...args: unknown[]) {
        const [command] = args as [{ start?: Method } | undefined]
        const start = command?.start
        if (isUsed() && command !== undefined && typeof start === 'function' && !hasOwn(command, 'start')) {
          note(command)
          const own: Method = (...given) => from(command, () => Reflect.apply(start, command, given))
          Object.defineProperty(command, 'start', { value: own, writable: true, configurable: true, enumerable: false })
        }
        return Reflect.apply(original as Method, this, args)
      }
    })
  })
  tap.onceLoaded(['/mysql2/lib/base/pool.js'], (exported) => {
    const { prototype } = exported as { prototype?: Prototype }
    if (typeof prototype?.getConnection !== 'function') return
    tap.patch(prototype, 'getConnection', (original) => {
      return function getConnection(this: object, ...args: unknown[]) {
        const [callback] = args
        if (typeof callback !== 'function' || !isUsed()) return Reflect.apply(original as Method, this, args)
        const frame = tap.frame()
        const remembered = tap.here()
        const own = (...given: unknown[]) =>
          tap.runIn(frame, () => remembered(() => Reflect.apply(callback, undefined, given)))
        return Reflect.apply(original as Method, this, [own])
      }
    })
  })
  // ioredis asks again for what has waited.
  tap.onceLoaded(['/ioredis/built/Redis.js', '/ioredis/built/redis/index.js'], (exported) => {
    const { prototype } = ((exported as { default?: object }).default ?? {}) as { prototype?: Prototype }
    if (typeof prototype?.sendCommand !== 'function') return
    tap.patch(prototype, 'sendCommand', (original) => {
      return function sendCommand(this: object, ...args: unknown[]) {
        if (!isUsed()) return Reflect.apply(original as Method, this, args)
        note(args[0])
        return from(args[0], () => Reflect.apply(original as Method, this, args))
      }
    })
  })
  tap.onceLoaded(['/@redis/client/dist/lib/client/commands-queue.js'], (exported) => {
    const { prototype } = ((exported as { default?: object }).default ?? {}) as { prototype?: Prototype }
    if (typeof prototype?.addCommand !== 'function') return
    tap.patch(prototype, 'addCommand', (original) => {
      return function addCommand(this: object, ...args: unknown[]) {
        if (isUsed()) note(args[0])
        return Reflect.apply(original as Method, this, args)
      }
    })
  })
  // Each command is written as soon as it is encoded.
  tap.onceLoaded(['/@redis/client/dist/lib/RESP/encoder.js'], (exported) => {
    if (typeof (exported as Prototype).default !== 'function') return
    tap.patch(exported as Prototype, 'default', (original) => {
      return function encodeCommand(this: object, ...args: unknown[]) {
        if (isUsed()) {
          sender = commands.get(args[0] as object)
          queueMicrotask(() => {
            sender = undefined
          })
        }
        return Reflect.apply(original as Method, this, args)
      }
    })
  })
  // What it is to listen to is asked for in private: it is written by who asks first.
  tap.onceLoaded(['/@redis/client/dist/lib/client/index.js'], (exported) => {
    const { prototype } = ((exported as { default?: object }).default ?? {}) as { prototype?: Prototype }
    for (const name of ['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE']) {
      if (typeof prototype?.[name] !== 'function') continue
      tap.patch(prototype, name, (original) => {
        return function (this: object, ...args: unknown[]) {
          const ask = () => Reflect.apply(original as Method, this, args)
          return isUsed() ? tap.here()(ask) : ask()
        }
      })
    }
  })
}
