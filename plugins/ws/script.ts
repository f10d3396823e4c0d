import { isAsymmetric, RuleSyntaxError, Script } from '../../src/plugin.ts'

/** What a step waits for: a text, bytes, a RegExp for text, what a function or matcher accepts; an object stands for its JSON. */
export type Expected = string | Uint8Array | RegExp | object | ((message: string | Uint8Array) => unknown)

/** What is sent; an object as its JSON; a function is given the message that the last `expect` took. */
export type Sent = string | Uint8Array | object | ((message: string | Uint8Array) => unknown)

/** What a mocked peer waits for and does, in order. A script never changes: each step gives a new one. */
export class WsScript extends Script {
  /** Waits for the next message of the code under test; another one is a ScriptError. */
  expect(message: Expected): this {
    if (!isMessage(message) && !isAsymmetric(message))
      throw Script.refused('.expect', notSaid('the step expects', message))
    return this.step('expect', message)
  }

  send(message: Sent): this {
    if (!isMessage(message)) throw Script.refused('.send', notSaid('the step sends', message))
    return this.step('send', message)
  }

  ping(data: string | Uint8Array = ''): this {
    return this.step('ping', ...(data === '' ? [] : [data]))
  }

  /** @param ms milliseconds */
  wait(ms: number): this {
    if (!(typeof ms === 'number' && ms >= 0))
      throw Script.refused('.wait', new RuleSyntaxError(`the step waits ${String(ms)}`, 'milliseconds, from 0'))
    return this.step('wait', ms)
  }

  /** Closes the WebSocket. @param code 1000 (the default), 1001 to 1014 but for 1004 to 1006, or 3000 to 4999 */
  close(code?: number, reason?: string): this {
    if (code !== undefined && !isCode(code))
      throw Script.refused(
        '.close',
        new RuleSyntaxError(`the close code is ${String(code)}`, '1000 to 1014 but for 1004 to 1006, or 3000 to 4999'),
      )
    return this.step('close', ...[code, reason].filter((arg) => arg !== undefined))
  }

  /** Breaks the connection off: the client sees code 1006. */
  terminate(): this {
    return this.step('terminate')
  }
}

function isMessage(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function notSaid(what: string, value: unknown): RuleSyntaxError {
  return new RuleSyntaxError(`${what} ${String(value)}`, 'text, bytes, an object for its JSON, or a function')
}

/** RFC 6455, 7.4: 1004 is reserved, 1005 and 1006 are never sent. */
function isCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  return (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) || (code >= 3000 && code <= 4999)
}
