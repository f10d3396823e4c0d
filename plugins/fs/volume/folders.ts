/** What `opendir` gives for a folder of a volume. */
import type { Dirent } from 'node:fs'
import { at } from './arguments.ts'
import { codedError } from './errors.ts'
import { kit } from './kit.ts'

type Callback = (error: Error | null, entry?: Dirent | null) => void

export class VolumeDir {
  readonly path: string
  readonly #entries: Dirent[]
  readonly #use: () => void
  #closed = false

  /** @param use asked before it is read @throws what stops who is late */
  constructor(path: string, entries: readonly Dirent[], use: () => void) {
    this.path = path
    this.#use = use
    this.#entries = [...entries]
  }

  readSync(): Dirent | null {
    if (this.#closed) throw closedError()
    at('scandir', undefined, this.#use)
    return this.#entries.shift() ?? null
  }

  closeSync(): void {
    if (this.#closed) throw closedError()
    this.#closed = true
  }

  read(): Promise<Dirent | null>
  read(callback: Callback): void
  read(callback?: Callback): Promise<Dirent | null> | undefined {
    return answer(() => this.readSync(), callback)
  }

  close(): Promise<void>
  close(callback: Callback): void
  close(callback?: Callback): Promise<void> | undefined {
    return answer(() => this.closeSync(), callback as never)
  }

  async *entries(): AsyncGenerator<Dirent> {
    try {
      for (let entry = await this.read(); entry !== null; entry = await this.read()) yield entry
    } finally {
      if (!this.#closed) await this.close()
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Dirent> {
    return this.entries()
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')](): Promise<void> {
    if (!this.#closed) await this.close()
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')](): void {
    if (!this.#closed) this.closeSync()
  }
}

function closedError(): Error {
  return codedError('ERR_DIR_CLOSED', 'Directory handle was closed')
}

function answer<T>(run: () => T, callback?: (error: Error | null, value?: T) => void): Promise<T> | undefined {
  if (callback === undefined) {
    return new Promise((resolve) => {
      kit().real.setImmediate(() => resolve(undefined as never))
    }).then(run)
  }
  let [error, value]: [Error | null, T | undefined] = [null, undefined]
  try {
    value = run()
  } catch (thrown) {
    error = thrown as Error
  }
  kit().real.setImmediate(() => (error ? callback(error) : callback(null, value)))
  return undefined
}
