/** The forms in which Node has each function, made of its sync one. */
import nodeFs from 'node:fs'
import { optionsOf, refuse } from './arguments.ts'
import { abortError, codedError } from './errors.ts'
import type { Faults } from './faults.ts'
import { VolumeHandle } from './handle.ts'
import { kit } from './kit.ts'

type Fn = (...args: unknown[]) => unknown

/** What a callback is told beyond the result, and a promise gives (by `util.promisify`). */
const BUFFERS = new Set(['read', 'readv', 'write', 'writev'])

export class Forms {
  readonly #functions: Readonly<Record<string, Fn>>
  /** What Node's streams ask for. */
  readonly forStreams: Readonly<Record<string, Fn>>

  readonly #faults: Faults

  constructor(functions: Readonly<Record<string, Fn>>, faults: Faults) {
    this.#functions = functions
    this.#faults = faults
    const streams: Record<string, Fn> = {}
    for (const name of ['open', 'read', 'write', 'writev', 'close', 'fsync']) streams[name] = this.callback(name)
    this.forStreams = streams
  }

  sync(name: string): Fn {
    const own = this.#functions[`${name}Sync`] ?? this.#functions[name]
    if (own === undefined) throw codedError('ENOSYS', `a volume has no fs.${name}`)
    return own
  }

  callback(name: string): Fn {
    return (...args) => {
      const callback = args.at(-1)
      if (typeof callback !== 'function') {
        refuse(() => (nodeFs as unknown as Record<string, Fn>)[name]?.('/dev/null'))
        throw new TypeError('the callback is missing')
      }
      const given = args.slice(0, -1)
      const { signal } = optionsOf(given.at(-1)) as { signal?: AbortSignal }
      let results: unknown[]
      try {
        if (signal?.aborted) throw abortError(signal)
        const result = this.#plain(name, ['async'])(...given)
        results =
          name === 'exists'
            ? [result]
            : BUFFERS.has(name)
              ? [null, result, given[1]]
              : result === undefined
                ? [null]
                : [null, result]
      } catch (error) {
        if (!isOfTheSystem(error)) throw error
        results = name === 'read' ? [error, 0, given[1]] : [error]
      }
      this.#soon(() => {
        if (signal?.aborted && results[0] === null) callback(abortError(signal))
        else callback(...results)
      })
      return undefined
    }
  }

  promise(name: string): Fn {
    if (name === 'open')
      return (...args) => this.later(() => new VolumeHandle(this.sync('open')(...args) as number, this))
    if (name === 'mkdtempDisposable') return (...args) => this.later(() => asyncDisposable(this.sync(name)(...args)))
    // As Node fails where the system has no such call, word for word.
    if (name === 'lchmod' && kit().real.platform !== 'darwin') {
      return () => Promise.reject(codedError('ERR_METHOD_NOT_IMPLEMENTED', 'The lchmod() method is not implemented'))
    }
    if (name === 'writeFile' || name === 'appendFile') return (...args) => this.#writing(name, args)
    return (...args) => {
      const { signal } = optionsOf(args.at(-1)) as { signal?: AbortSignal }
      if (signal?.aborted) return Promise.reject(abortError(signal))
      return this.later(() => this.#plain(name, ['promises', 'async'])(...args), signal)
    }
  }

  async #writing(name: string, [path, data, given]: unknown[]): Promise<void> {
    const { signal, encoding, flag, mode } = optionsOf(given) as Record<string, unknown> & { signal?: AbortSignal }
    if (signal?.aborted) throw abortError(signal)
    const isPart = typeof data === 'string' || ArrayBuffer.isView(data)
    // What is none of these Node refuses before it opens anything.
    if (isPart || typeof data !== 'object' || data === null || !isIterable(data)) {
      await this.later(() => this.#plain(name)(path, data, given), signal)
      return
    }
    const own = path as Partial<VolumeHandle> | null
    const isHandle = typeof own?.fd === 'number' && typeof own.writeFile === 'function'
    const handle = isHandle
      ? (own as VolumeHandle)
      : ((await this.promise('open')(path, flag ?? (name === 'writeFile' ? 'w' : 'a'), mode)) as VolumeHandle)
    try {
      await handle.writeFile(data, encoding)
    } finally {
      if (!isHandle) await handle.close()
    }
  }

  /** @param forms in which it may be another one */
  #plain(name: string, forms: readonly string[] = []): Fn {
    const other = forms.map((form) => this.#functions[`${form}.${name}`]).find((fn) => fn !== undefined)
    const own = other ?? this.#functions[name]
    if (own === undefined) throw codedError('ENOSYS', `a volume has no fs.${name}`)
    return own
  }

  /** When the loop has turned, or as long after as a test says. */
  #soon(tell: () => void): void {
    const delay = this.#faults.takeDelay()
    if (delay > 0) kit().real.setTimeout(tell, delay)
    else kit().real.setImmediate(tell)
  }

  /** Does something now, and says so when the loop has turned, as the thread pool would. */
  later<T>(run: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      let settle: () => void
      try {
        const value = run()
        settle = () => (signal?.aborted ? reject(abortError(signal)) : resolve(value))
      } catch (error) {
        settle = () => reject(error)
      }
      this.#soon(() => settle())
    })
  }
}

/** Whether Node would tell a callback of it; it throws what is wrong with the arguments. */
function isOfTheSystem(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return !(error instanceof TypeError || error instanceof RangeError) || !String(code).startsWith('ERR_INVALID')
}

function asyncDisposable(made: unknown): object {
  const { path, remove } = made as { path: string; remove(): void }
  const later = async () => remove()
  return { path, remove: later, [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: later }
}

const isIterable = (data: object) => Symbol.iterator in data || Symbol.asyncIterator in data
