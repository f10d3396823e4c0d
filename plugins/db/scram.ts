/** The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), as Postgres and MongoDB have it. */

type Crypto = typeof import('node:crypto')

const ITERATIONS = 4096

/** One client that is asked for a password. */
export class Scram {
  readonly #password: string
  readonly #crypto: Crypto
  readonly #salt: Buffer
  #said: { readonly bare: string; readonly first: string; readonly nonce: string } | undefined

  constructor(password: string, crypto: Crypto) {
    this.#password = password
    this.#crypto = crypto
    this.#salt = crypto.randomBytes(16)
  }

  /** Whether the client has begun. */
  get hasBegun(): boolean {
    return this.#said !== undefined
  }

  /** @param text `n,,n=<user>,r=<nonce>` @returns the question, and who asks; undefined where the text is none */
  first(text: string): { readonly question: string; readonly user: string } | undefined {
    const [, bare = '', user = '', nonce = ''] =
      /^[nyp][^,]*,[^,]*,((?:m=[^,]*,)?n=([^,]*),r=([^,]+).*)$/.exec(text) ?? []
    if (nonce === '') return undefined
    const both = nonce + this.#crypto.randomBytes(18).toString('base64')
    const first = `r=${both},s=${this.#salt.toString('base64')},i=${ITERATIONS}`
    this.#said = { bare, first, nonce: both }
    return { question: first, user: user.replaceAll('=2C', ',').replaceAll('=3D', '=') }
  }

  /** @param text `c=biws,r=<both nonces>,p=<proof>` @returns what proves that the server knows the password; undefined where the client does not */
  final(text: string): string | undefined {
    if (this.#said === undefined) return undefined
    const { bare, first, nonce } = this.#said
    const [, without = '', said = '', proof = ''] = /^(c=[^,]*,r=([^,]*).*),p=([^,]*)$/.exec(text) ?? []
    const { createHash, createHmac, pbkdf2Sync } = this.#crypto
    const salted = pbkdf2Sync(this.#password.normalize('NFKC'), this.#salt, ITERATIONS, 32, 'sha256')
    const sign = (key: Buffer, what: string) => createHmac('sha256', key).update(what).digest()
    const message = `${bare},${first},${without}`
    const stored = createHash('sha256').update(sign(salted, 'Client Key')).digest()
    const signature = sign(stored, message)
    const key = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] ?? 0))
    if (said !== nonce || !createHash('sha256').update(key).digest().equals(stored)) return undefined
    return `v=${sign(sign(salted, 'Server Key'), message).toString('base64')}`
  }
}
