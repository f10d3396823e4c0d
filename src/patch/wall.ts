/** What Node's permission model denies inside of a function that the guard let through: told like any other stopped call. */

/** Gives the error to put in the place of Node's, or undefined to leave Node's. */
export type Tell = (error: DeniedError) => Error | undefined

export interface Denied {
  /** For an error that was thrown where the call was made. */
  readonly now: Tell
  /** For one that comes later, asked for where the call is made. Costs a stack. */
  later(): Tell
}

/** As Node throws it (22 to 26). */
export interface DeniedError extends Error {
  readonly code: 'ERR_ACCESS_DENIED' | 'ERR_DLOPEN_DISABLED'
  readonly permission?: string
  readonly resource?: string
}

type Fn = (...args: unknown[]) => unknown

/** Whether this process runs behind the permission model. */
export const HARDENED: boolean = (process as { permission?: unknown }).permission !== undefined

/** A built-in whose denials are told by `denied`: thrown, rejected, given to its callback or emitted. */
export function behindWall<T>(original: T, denied: Denied): T {
  if (typeof original !== 'function') return original
  const settle = (run: () => unknown): unknown => {
    try {
      const result = run()
      if (!isPromise(result) && !isStream(result)) return result
      const tell = denied.later()
      if (isStream(result)) watch(result, tell)
      else return result.then(undefined, (error) => Promise.reject(told(error, tell)))
      return result
    } catch (error) {
      throw told(error, denied.now)
    }
  }
  return new Proxy(original as Fn, {
    apply: (target, self, args) => settle(() => Reflect.apply(target, self, withCallback(args, denied))),
    construct: (target, args, made) => settle(() => Reflect.construct(target, args, made)) as object,
  }) as T
}

function told(error: unknown, tell: Tell): unknown {
  return isDenied(error) ? (tell(error) ?? error) : error
}

function isDenied(error: unknown): error is DeniedError {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return code === 'ERR_ACCESS_DENIED' || code === 'ERR_DLOPEN_DISABLED'
}

function withCallback(args: unknown[], denied: Denied): unknown[] {
  const last = args.at(-1)
  if (typeof last !== 'function') return args
  const tell = denied.later()
  const callback: Fn = function (this: unknown, error, ...rest) {
    return Reflect.apply(last, this, [told(error, tell), ...rest])
  }
  return [...args.slice(0, -1), callback]
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}

interface Emitter {
  emit(event: string | symbol, ...args: unknown[]): boolean
  destroy(error?: Error): unknown
}

/** Streams tell of a denial when they open. */
function isStream(value: unknown): value is Emitter {
  const stream = value as Partial<Emitter> | null | undefined
  return typeof stream?.emit === 'function' && typeof stream.destroy === 'function'
}

function watch(stream: Emitter, tell: Tell): void {
  const { emit } = stream
  stream.emit = function (this: Emitter, event, ...args) {
    return Reflect.apply(
      emit,
      this,
      event === 'error' ? [event, told(args[0], tell), ...args.slice(1)] : [event, ...args],
    )
  }
}
