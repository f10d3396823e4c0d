/** Asks a client for a password, in the ways that Postgres has (PostgreSQL documentation, 55.3). */
import { Scram } from '../scram.ts'
import { Failure } from './failure.ts'
import { say } from './wire.ts'

export type Method = 'scram-sha-256' | 'md5' | 'password'

/** Who is let in. */
export interface Account {
  /** Anybody who knows the password, where there is none. */
  readonly user?: string | undefined
  readonly password: string
  readonly method: Method
}

type Crypto = typeof import('node:crypto')

const MECHANISM = 'SCRAM-SHA-256'

/** One client that is asked. */
export class Login {
  readonly #account: Account
  readonly #user: string
  readonly #crypto: Crypto
  readonly #salt: Buffer
  readonly #scram: Scram

  /** @param user who the client says that it is */
  constructor(account: Account, user: string, crypto: Crypto) {
    this.#account = account
    this.#user = user
    this.#crypto = crypto
    this.#salt = crypto.randomBytes(4)
    this.#scram = new Scram(account.password, crypto)
  }

  question(): Buffer {
    const { method } = this.#account
    if (method === 'md5') return say.md5(this.#salt)
    return method === 'password' ? say.cleartext() : say.sasl([MECHANISM])
  }

  /** What is said to an answer, and whether the client is in. @throws Failure */
  hear(data: Buffer): { readonly said: Buffer | undefined; readonly done: boolean } {
    const { method, password } = this.#account
    if (method === 'scram-sha-256') return this.#scram.hasBegun ? this.#final(data.toString()) : this.#first(data)
    const expected = method === 'md5' ? this.#md5(this.#md5(password, this.#user), this.#salt, 'md5') : password
    this.#check(data.toString('utf8', 0, data.length - 1) === expected)
    return { said: undefined, done: true }
  }

  #md5(text: string, salt: string | Buffer, prefix = ''): string {
    return prefix + this.#crypto.createHash('md5').update(text).update(salt).digest('hex')
  }

  #first(data: Buffer): { readonly said: Buffer; readonly done: boolean } {
    const end = data.indexOf(0)
    const begun = this.#scram.first(data.toString('utf8', end + 5))
    if (data.toString('utf8', 0, end) !== MECHANISM || begun === undefined)
      throw new Failure('28000', 'the client asks for another mechanism than SCRAM-SHA-256')
    return { said: say.saslContinue(begun.question), done: false }
  }

  #final(text: string): { readonly said: Buffer; readonly done: boolean } {
    const proof = this.#scram.final(text)
    this.#check(proof !== undefined)
    return { said: say.saslFinal(String(proof)), done: true }
  }

  #check(isRight: boolean): void {
    const { user = this.#user } = this.#account
    if (!isRight || user !== this.#user)
      throw new Failure('28P01', `password authentication failed for user "${this.#user}"`)
  }
}
