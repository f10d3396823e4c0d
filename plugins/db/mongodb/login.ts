/** Asks a client for a password, in the two ways that need no other service: SCRAM-SHA-256, and PLAIN. */
import { Scram } from '../scram.ts'
import { Failure } from './script.ts'
import type { Document } from './wire.ts'

type Crypto = typeof import('node:crypto')

/** Who is let in. */
export interface Account {
  readonly user?: string
  readonly password: string
}

const REFUSED = 18

/** The conversations of one connection. */
export class Login {
  readonly #account: Account | undefined
  readonly #crypto: Crypto
  #scram: Scram | undefined
  #isDone = false
  user: string | undefined

  constructor(account: Account | undefined, crypto: Crypto) {
    this.#account = account
    this.#crypto = crypto
  }

  /** Whether somebody may ask for data. */
  get isIn(): boolean {
    return this.#account === undefined || this.#isDone
  }

  /** What is said to `saslStart` and `saslContinue`; undefined for other commands. @throws Failure */
  hear(name: string, { payload, mechanism, options }: Document): Document | undefined {
    if (name === 'saslStart') return this.#start(String(mechanism), textOf(payload), options as Document | undefined)
    return name === 'saslContinue' ? this.#continue(textOf(payload)) : undefined
  }

  #skips = false

  #start(mechanism: string, said: string, options: Document = {}): Document {
    if (mechanism === 'PLAIN') return this.#plain(said)
    if (mechanism !== 'SCRAM-SHA-256') throw new Failure(`the mechanism ${mechanism} is not supported`, 2)
    if (this.#account === undefined)
      throw new Failure('Authentication failed: tripwire.db.mongodb() was given a URL without the password', REFUSED)
    this.#skips = options.skipEmptyExchange === true
    this.#scram = new Scram(this.#account.password, this.#crypto)
    const begun = this.#scram.first(said)
    const { user } = this.#account
    if (begun === undefined || (user !== undefined && user !== begun.user)) throw refused()
    this.user = begun.user
    return this.#say(begun.question, false)
  }

  #continue(said: string): Document {
    if (said === '' && this.#isDone) return this.#say('', true)
    const proof = this.#scram?.final(said)
    if (proof === undefined) throw refused()
    this.#isDone = true
    return this.#say(proof, this.#skips)
  }

  #plain(said: string): Document {
    const [, user = '', password] = said.split('\0')
    const account = this.#account
    if (account !== undefined && (account.password !== password || (account.user ?? user) !== user)) throw refused()
    this.user = user
    this.#isDone = true
    return this.#say('', true)
  }

  #say(text: string, done: boolean): Document {
    return { conversationId: 1, done, payload: Buffer.from(text), ok: 1 }
  }
}

const refused = () => new Failure('Authentication failed.', REFUSED)

function textOf(payload: unknown): string {
  if (typeof payload === 'string') return payload
  const { buffer, position } = payload as { buffer: Uint8Array; position?: number }
  return Buffer.from(buffer.subarray(0, position)).toString()
}
