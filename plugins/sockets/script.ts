import {
  fits,
  type Inbox,
  isAsymmetric,
  isRegExp,
  isText,
  RuleSyntaxError,
  Script,
  type Taken,
} from '../../src/plugin.ts'

/** What a step waits for: exactly this text or these bytes, what a RegExp takes from the start of what came, or what a function or matcher accepts. */
export type Expected =
  | string
  | Uint8Array
  | RegExp
  | ((received: string | Uint8Array) => unknown)
  | { asymmetricMatch(value: unknown): boolean }

/** What is sent; a function is given what the last `expect` took. */
export type Sent =
  | string
  | Uint8Array
  | ((received: string | Uint8Array) => string | Uint8Array | Promise<string | Uint8Array>)

/** What a mocked peer waits for and does, in order. A script never changes: each step gives a new one. */
export class SocketScript extends Script {
  /** Waits for what the code under test sends. What came and is something else is a ScriptError. */
  expect(data: Expected): this {
    if (!isExpectation(data))
      throw Script.refused(
        '.expect',
        new RuleSyntaxError(`the step expects ${String(data)}`, 'text, bytes, a RegExp, a function or a matcher'),
      )
    return this.step('expect', data)
  }

  send(data: Sent): this {
    if (!isData(data) && typeof data !== 'function')
      throw Script.refused(
        '.send',
        new RuleSyntaxError(`the step sends ${String(data)}`, 'text, bytes, or a function that gives them'),
      )
    return this.step('send', data)
  }

  /** Goes on in TLS, as the server of STARTTLS does; the client takes its certificate for good. Not for UDP. */
  startTls(): this {
    return this.step('startTls')
  }

  /** @param ms milliseconds */
  wait(ms: number): this {
    if (!(typeof ms === 'number' && ms >= 0))
      throw Script.refused('.wait', new RuleSyntaxError(`the step waits ${String(ms)}`, 'milliseconds, from 0'))
    return this.step('wait', ms)
  }

  /** Ends the connection, as a server does that is done. */
  close(): this {
    return this.step('close')
  }

  /** Breaks the connection off: the client sees ECONNRESET. */
  reset(): this {
    return this.step('reset')
  }
}

function isData(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || ArrayBuffer.isView(value)
}

function isExpectation(value: unknown): boolean {
  if (typeof value === 'string') return value !== ''
  return isData(value) || typeof value === 'function' || isPattern(value)
}

function isPattern(value: unknown): boolean {
  return isAsymmetric(value) || isRegExp(value)
}

/** Bytes as code compares them: as text where they are text. */
export function readable(bytes: Uint8Array): string | Uint8Array {
  return isText(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
    : new Uint8Array(bytes)
}

/** Bytes of a stream, in which no message has an end of its own: a step says where that is. */
export class StreamInbox implements Inbox {
  #bytes: Buffer = Buffer.alloc(0)
  last: string | Uint8Array | undefined

  push(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk])
  }

  take(pattern: unknown): Taken {
    if (this.#bytes.length === 0) return 'nothing'
    if (isData(pattern))
      return this.#takeExactly(typeof pattern === 'string' ? Buffer.from(pattern) : (pattern as Uint8Array))
    if (isRegExp(pattern)) return this.#takeMatch(pattern)
    if (typeof pattern === 'function' && !isAsymmetric(pattern) ? !pattern(this.left) : !fits(pattern, this.left))
      return 'unsure'
    return this.#taken(this.#bytes.length)
  }

  /** All that came and was not taken: what reads it from now on is somebody else. */
  drain(): Buffer {
    const bytes = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return bytes
  }

  get left(): string | Uint8Array | undefined {
    return this.#bytes.length === 0 ? undefined : readable(this.#bytes)
  }

  #takeExactly(wanted: Uint8Array): Taken {
    const length = Math.min(wanted.length, this.#bytes.length)
    if (this.#bytes.compare(wanted, 0, length, 0, length) !== 0) return 'differs'
    return this.#bytes.length < wanted.length ? 'unsure' : this.#taken(wanted.length)
  }

  /** From the start: what stands before the match would be something that nobody expected. */
  #takeMatch({ source, flags }: RegExp): Taken {
    const encoding = isText(this.#bytes) ? 'utf8' : 'latin1'
    const match = new RegExp(source, `${flags.replace(/[gy]/g, '')}y`).exec(this.#bytes.toString(encoding))
    return match === null ? 'unsure' : this.#taken(Buffer.byteLength(match[0], encoding))
  }

  #taken(length: number): Taken {
    this.last = readable(this.#bytes.subarray(0, length))
    this.#bytes = this.#bytes.subarray(length)
    return 'taken'
  }
}
