/**
 * undici's client, as the handler of a request sees it: what it is told, in which order, and what it may ask for meanwhile (undici 6 and 7,
 * whose handlers get functions, and 8, whose get a controller).
 */
import { originals, SafeWeakMap } from '../../src/plugin.ts'

const { Error: HostError } = originals

type Abort = (reason?: unknown) => void

/** A response, as a client reads it: names and values in turn. */
export interface RawResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly Buffer[]
  /** What a socket gives, read by read. */
  readonly chunks: readonly Buffer[]
}

interface Controller {
  aborted: boolean
  paused: boolean
  reason: unknown
  rawHeaders: readonly Buffer[] | null
  rawTrailers: readonly Buffer[] | null
  pause(): void
  resume(): void
  abort: Abort
}

/** Of undici 6 and 7. */
interface OldHandler {
  onConnect(abort: Abort): void
  onResponseStarted?(): void
  onHeaders(status: number, headers: readonly Buffer[], resume: () => void, statusText: string): unknown
  onData(chunk: Buffer): unknown
  onComplete(trailers: readonly Buffer[]): void
  onError(error: unknown): void
}

/** From 8 on. */
interface NewHandler {
  onRequestStart(controller: Controller, context: null): void
  onResponseStarted?(): void
  onResponseStart(controller: Controller, status: number, headers: object, statusText: string): void
  onResponseData(controller: Controller, chunk: Buffer): void
  onResponseEnd(controller: Controller, trailers: object): void
  onResponseError(controller: Controller, error: unknown): void
}

export type FetchHandler = OldHandler | NewHandler

const OLD = ['onConnect', 'onHeaders', 'onData', 'onComplete', 'onError']
const NEW = ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd', 'onResponseError']

/** Names of what handlers have, by the function that they are given to: a copy of undici refuses those of another age. */
const takenBy = new SafeWeakMap<object, readonly string[]>()

/**
 * Whether a handler is that of `fetch` itself: a plain object with a `body` and an `abort`. Interceptors put theirs around it, which may do
 * anything.
 *
 * @param dispatch undici's own function
 */
export function isFetchHandler(handler: object, dispatch: object): handler is FetchHandler {
  if (!Object.hasOwn(handler, 'body') || !Object.hasOwn(handler, 'abort')) return false
  let names = takenBy.get(dispatch)
  if (names === undefined) {
    const source = String(dispatch)
    names = source.includes('onResponseError') ? NEW : source.includes('onError') ? OLD : []
    takenBy.set(dispatch, names)
  }
  return names.length > 0 && names.every((name) => typeof (handler as Record<string, unknown>)[name] === 'function')
}

/** @returns the client of one request */
export function clientOf(handler: FetchHandler): UndiciClient {
  return 'onConnect' in handler ? new OldClient(handler) : new NewClient(handler)
}

/** A client of one request; steps of a handler give `false` to be waited for, until it resumes. */
export abstract class UndiciClient {
  #ended = false
  #rest: (() => void) | undefined

  protected abstract starts(): void
  protected abstract heads(response: RawResponse): unknown
  protected abstract takes(chunk: Buffer): unknown
  protected abstract completes(): void
  protected abstract fails(error: unknown): void
  protected abstract responds(): void

  /** Whether there is nobody left to be answered. */
  get ended(): boolean {
    return this.#ended
  }

  /** The request is about to be written. */
  start(): void {
    try {
      this.starts()
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.fails(error)
  }

  respond(response: RawResponse): void {
    this.responds()
    this.#step(
      () => this.heads(response),
      () => this.#body(response.chunks, 0),
    )
  }

  /** The handler may call it at any time. */
  protected readonly abort: Abort = (reason) => {
    if (reason) return this.fail(reason)
    this.fail(Object.assign(new HostError('Request aborted'), { name: 'AbortError', code: 'UND_ERR_ABORTED' }))
  }

  /** What was waited with comes now; a handler that asks when nothing waits gets nothing. */
  protected readonly resume = (): void => {
    const rest = this.#rest
    this.#rest = undefined
    if (!this.#ended) rest?.()
  }

  #body(chunks: readonly Buffer[], at: number): void {
    const chunk = chunks[at]
    if (chunk === undefined) this.#end()
    else
      this.#step(
        () => this.takes(chunk),
        () => this.#body(chunks, at + 1),
      )
  }

  /** What the handler throws fails the request. */
  #step(step: () => unknown, next: () => void): void {
    let more: unknown
    try {
      more = step()
    } catch (error) {
      this.fail(error)
    }
    if (this.#ended) return
    if (more === false) this.#rest = next
    else next()
  }

  #end(): void {
    this.#ended = true
    try {
      this.completes()
    } catch (error) {
      this.fails(error)
    }
  }
}

class OldClient extends UndiciClient {
  readonly #handler: OldHandler

  constructor(handler: OldHandler) {
    super()
    this.#handler = handler
  }

  protected starts(): void {
    this.#handler.onConnect(this.abort)
  }

  protected responds(): void {
    this.#handler.onResponseStarted?.()
  }

  protected heads({ status, headers, statusText }: RawResponse): unknown {
    return this.#handler.onHeaders(status, headers, this.resume, statusText)
  }

  protected takes(chunk: Buffer): unknown {
    return this.#handler.onData(chunk)
  }

  protected completes(): void {
    this.#handler.onComplete([])
  }

  protected fails(error: unknown): void {
    this.#handler.onError(error)
  }
}

class NewClient extends UndiciClient {
  readonly #handler: NewHandler
  readonly #controller: Controller

  constructor(handler: NewHandler) {
    super()
    this.#handler = handler
    this.#controller = new RequestController(this.abort, this.resume)
  }

  protected starts(): void {
    this.#handler.onRequestStart(this.#controller, null)
  }

  protected responds(): void {
    this.#handler.onResponseStarted?.()
  }

  protected heads({ status, headers, statusText }: RawResponse): boolean {
    this.#controller.rawHeaders = headers
    this.#handler.onResponseStart(this.#controller, status, parsed(headers), statusText)
    return !this.#controller.paused
  }

  protected takes(chunk: Buffer): boolean {
    this.#handler.onResponseData(this.#controller, chunk)
    return !this.#controller.paused
  }

  protected completes(): void {
    this.#controller.rawTrailers = []
    this.#handler.onResponseEnd(this.#controller, {})
  }

  protected fails(error: unknown): void {
    this.#handler.onResponseError(this.#controller, error)
  }
}

/** As undici's own. */
class RequestController implements Controller {
  aborted = false
  paused = false
  reason: unknown = null
  rawHeaders: readonly Buffer[] | null = null
  rawTrailers: readonly Buffer[] | null = null
  readonly #abort: Abort
  readonly #resume: () => void

  constructor(abort: Abort, resume: () => void) {
    this.#abort = abort
    this.#resume = resume
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.#resume()
  }

  abort(reason?: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#abort(reason)
  }
}

function parsed(headers: readonly Buffer[]): object {
  const fields: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2)
    fields[String(headers[at]).toLowerCase()] = (headers[at + 1] as Buffer).toString('latin1')
  return fields
}
