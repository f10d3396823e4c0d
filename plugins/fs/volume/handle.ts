/** What `fs.promises.open` gives for a file of a volume. */
import { EventEmitter } from 'node:events'
import nodeFs from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { bytesOf, type Options, optionsOf } from './arguments.ts'
import { readArguments, viewOf } from './files.ts'
import type { Forms } from './forms.ts'

const HostError = Error

export class VolumeHandle extends EventEmitter {
  #fd: number
  readonly #forms: Forms

  constructor(fd: number, forms: Forms) {
    super()
    this.#fd = fd
    this.#forms = forms
  }

  get fd(): number {
    return this.#fd
  }

  /** Runs the sync function of the same work, and gives its result later. */
  #do<T>(syscall: string, name: string, ...args: unknown[]): Promise<T> {
    if (this.#fd === -1) return Promise.reject(Object.assign(new HostError('file closed'), { code: 'EBADF', syscall }))
    return this.#forms.later(() => this.#forms.sync(name)(...[this.#fd, ...args])) as Promise<T>
  }

  appendFile(data: unknown, options?: unknown): Promise<void> {
    return this.writeFile(data, options)
  }

  chmod(mode: unknown): Promise<void> {
    return this.#do('fchmod', 'fchmod', mode)
  }

  chown(uid: number, gid: number): Promise<void> {
    return this.#do('fchown', 'fchown', uid, gid)
  }

  datasync(): Promise<void> {
    return this.#do('fdatasync', 'fdatasync')
  }

  sync(): Promise<void> {
    return this.#do('fsync', 'fsync')
  }

  async read(given?: unknown, ...rest: unknown[]): Promise<{ bytesRead: number; buffer: unknown }> {
    const isBuffer = ArrayBuffer.isView(given)
    const options = isBuffer ? undefined : ((given ?? {}) as Options)
    const buffer = (isBuffer ? given : (options?.buffer ?? Buffer.alloc(16384))) as Uint8Array
    const { offset, length, position } = readArguments(buffer, options === undefined ? rest : [options])
    if (length === 0) return { bytesRead: 0, buffer }
    const bytesRead = await this.#do<number>('read', 'read', viewOf(buffer), offset, length, position)
    return { bytesRead, buffer }
  }

  async readv(buffers: readonly Uint8Array[], position?: number): Promise<{ bytesRead: number; buffers: unknown }> {
    return { bytesRead: await this.#do<number>('read', 'readv', buffers, position), buffers }
  }

  readFile(options?: unknown): Promise<string | Buffer> {
    return this.#do('read', 'readFile', options)
  }

  stat(options?: Options): Promise<object> {
    return this.#do('fstat', 'fstat', options)
  }

  truncate(length = 0): Promise<void> {
    return this.#do('ftruncate', 'ftruncate', length)
  }

  utimes(atime: unknown, mtime: unknown): Promise<void> {
    return this.#do('futime', 'futimes', atime, mtime)
  }

  async write(data: string | Uint8Array, ...rest: unknown[]): Promise<{ bytesWritten: number; buffer: unknown }> {
    return { bytesWritten: await this.#do<number>('write', 'write', data, ...rest), buffer: data }
  }

  async writev(buffers: readonly Uint8Array[], position?: number): Promise<{ bytesWritten: number; buffers: unknown }> {
    return { bytesWritten: await this.#do<number>('write', 'writev', buffers, position), buffers }
  }

  async writeFile(data: unknown, given?: unknown): Promise<void> {
    const { encoding } = optionsOf(given)
    if (isIterable(data)) {
      for await (const part of data) await this.#do('write', 'writeFile', bytesOf(part, encoding))
      return
    }
    await this.#do('write', 'writeFile', bytesOf(data, encoding))
  }

  async close(): Promise<void> {
    if (this.#fd === -1) return
    const fd = this.#fd
    this.#fd = -1
    await this.#forms.later(() => this.#forms.sync('close')(fd))
    this.emit('close')
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')](): Promise<void> {
    return this.close()
  }

  createReadStream(options: Options = {}): nodeFs.ReadStream {
    return nodeFs.createReadStream(null as never, this.streamOptions(options) as never)
  }

  createWriteStream(options: Options = {}): nodeFs.WriteStream {
    return nodeFs.createWriteStream(null as never, this.streamOptions(options) as never)
  }

  /** Node's own stream on the descriptor; who closes it closes the handle. */
  streamOptions(options: Options): Options {
    const close = (_: number, done: (error?: unknown) => void) => this.close().then(() => done(), done)
    return { ...options, fd: this.#fd, fs: { ...this.#forms.forStreams, close } }
  }

  readLines(options: Options = {}): AsyncIterable<string> {
    const input = this.createReadStream({ ...options, autoClose: options.autoClose ?? true })
    return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  }

  readableWebStream(): ReadableStream {
    return Readable.toWeb(this.createReadStream({ autoClose: false })) as unknown as ReadableStream
  }
}

function isIterable(data: unknown): data is AsyncIterable<unknown> {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false
  return Symbol.asyncIterator in data || Symbol.iterator in data
}
