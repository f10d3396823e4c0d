/** Asks a client for a password, in the ways that Postgres has (PostgreSQL documentation, 55.3; RFC 5802). */
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
const ITERATIONS = 4096

/** One client that is asked. */
export class Login {
  readonly #account: Account
  readonly #user: string
  readonly #crypto: Crypto
  readonly #salt: Buffer
  #scram: { readonly bare: string; readonly first: string; readonly nonce: string } | undefined

  /** @param user who the client says that it is */
  constructor(account: Account, user: string, crypto: Crypto) {
    this.#account = account
    this.#user = user
    this.#crypto = crypto
    this.#salt = crypto.randomBytes(account.method === 'md5' ? 4 : 16)
  }

  question(): Buffer {
    const { method } = this.#account
    if (method === 'md5') return say.md5(this.#salt)
    return method === 'password' ? say.cleartext() : say.sasl([MECHANISM])
  }

  /** What is said to an answer, and whether the client is in. @throws Failure */
  hear(data: Buffer): { readonly said: Buffer | undefined; readonly done: boolean } {
    const { method, password } = this.#account
    if (method === 'scram-sha-256')
      return this.#scram === undefined ? this.#first(data) : this.#final(data.toString(), this.#scram)
    const expected = method === 'md5' ? this.#md5(this.#md5(password, this.#user), this.#salt, 'md5') : password
    this.#check(data.toString('utf8', 0, data.length - 1) === expected)
    return { said: undefined, done: true }
  }

  #md5(text: string, salt: string | Buffer, prefix = ''): string {
    return prefix + this.#crypto.createHash('md5').update(text).update(salt).digest('hex')
  }

  /** `n,,n=,r=<nonce>` */
  #first(data: Buffer): { readonly said: Buffer; readonly done: boolean } {
    const end = data.indexOf(0)
    const [, bare = '', nonce = ''] = /^[nyp][^,]*,[^,]*,(.*?r=([^,]+).*)$/.exec(data.toString('utf8', end + 5)) ?? []
    if (data.toString('utf8', 0, end) !== MECHANISM || nonce === '')
      throw new Failure('28000', 'the client asks for another mechanism than SCRAM-SHA-256')
    const both = nonce + this.#crypto.randomBytes(18).toString('base64')
    const first = `r=${both},s=${this.#salt.toString('base64')},i=${ITERATIONS}`
    this.#scram = { bare, first, nonce: both }
    return { said: say.saslContinue(first), done: false }
  }

  /** `c=biws,r=<both nonces>,p=<proof>` */
  #final(text: string, { bare, first, nonce }: { bare: string; first: string; nonce: string }) {
    const [, without = '', said = '', proof = ''] = /^(c=[^,]*,r=([^,]*).*),p=([^,]*)$/.exec(text) ?? []
    const { createHash, createHmac, pbkdf2Sync } = this.#crypto
    const salted = pbkdf2Sync(this.#account.password.normalize('NFKC'), this.#salt, ITERATIONS, 32, 'sha256')
    const sign = (key: Buffer, what: string) => createHmac('sha256', key).update(what).digest()
    const message = `${bare},${first},${without}`
    const stored = createHash('sha256').update(sign(salted, 'Client Key')).digest()
    const signature = sign(stored, message)
    const key = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] ?? 0))
    this.#check(said === nonce && createHash('sha256').update(key).digest().equals(stored))
    const verifier = sign(sign(salted, 'Server Key'), message).toString('base64')
    return { said: say.saslFinal(`v=${verifier}`), done: true }
  }

  #check(isRight: boolean): void {
    const { user = this.#user } = this.#account
    if (!isRight || user !== this.#user)
      throw new Failure('28P01', `password authentication failed for user "${this.#user}"`)
  }
}
