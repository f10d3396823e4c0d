/** Whether a client knows the password, in the two ways in which all drivers can say it without telling. */
import { NATIVE, type Opening, SHA2 } from './packets.ts'

type Crypto = typeof import('node:crypto')

/** Who is let in. */
export interface Account {
  /** Anybody who knows the password, where there is none. */
  readonly user?: string
  readonly password: string
}

/** Bytes that a client mixes with its password; none is zero, as clients take that for the end. */
export function scrambleOf({ randomBytes }: Crypto): Buffer {
  return Buffer.from(randomBytes(20).map((byte) => (byte % 127) + 1))
}

export function isRight(
  { user, answer, method }: Pick<Opening, 'user' | 'answer' | 'method'>,
  account: Account | undefined,
  scramble: Buffer,
  { createHash }: Crypto,
): boolean {
  if (account === undefined) return true
  if (account.user !== undefined && account.user !== user) return false
  const hash = (kind: string, ...parts: Buffer[]) => {
    const sum = createHash(kind)
    for (const part of parts) sum.update(part)
    return sum.digest()
  }
  const password = Buffer.from(account.password)
  const kind = method === SHA2 ? 'sha256' : 'sha1'
  const once = hash(kind, password)
  const twice = hash(kind, once)
  const mixed = kind === 'sha256' ? hash(kind, twice, scramble) : hash(kind, scramble, twice)
  return Buffer.from(once.map((byte, at) => byte ^ (mixed[at] as number))).equals(answer)
}

/** Whether a client speaks one of the two. */
export const isKnown = (method: string | undefined) => method === undefined || method === NATIVE || method === SHA2
