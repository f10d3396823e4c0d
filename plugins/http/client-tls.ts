/** The TLS options that clients were given: what a mock lets through, the worker asks for under the same ones. */
import type { ConnectionOptions } from 'node:tls'
import { type Reply, SafeWeakMap, SafeWeakSet } from '../../src/plugin.ts'

/** Whom a client trusts, who it says it is, and how they talk. */
const NAMES = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'crl',
  'rejectUnauthorized',
  'checkServerIdentity',
  'servername',
  'secureContext',
  'minVersion',
  'maxVersion',
  'ciphers',
  'ecdhCurve',
  'sigalgs',
  'secureOptions',
  'pskCallback',
] as const

export type ClientTls = Pick<ConnectionOptions, Extract<(typeof NAMES)[number], keyof ConnectionOptions>>

const byReply = new SafeWeakMap<Reply, ClientTls>()

/** Those whose clients decide in code of their own. */
const hidden = new SafeWeakSet<Reply>()

/** @param given options of a client, among others; its connector, where it makes connections itself; undefined where nobody knows them */
export function keepTls(reply: Reply, given: object | undefined): void {
  if (given === undefined) return
  if (typeof given === 'function') return void hidden.add(reply)
  const options = given as Record<string, unknown>
  const known = NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])
  byReply.set(reply, Object.fromEntries(known))
}

export function tlsOf(reply: Reply): ClientTls {
  return byReply.get(reply) ?? {}
}

const UNTRUSTED = /CERT|SIGNATURE|ISSUER/

/** A host that the worker does not trust may be one that the client would have: then the error says so. */
export function toldOf(error: Error, reply: Reply): Error {
  if (hidden.has(reply) && UNTRUSTED.test(String((error as NodeJS.ErrnoException).code)))
    error.message += `. With passThrough the worker makes the request, and cannot see what the client's own connector trusts: give undici's Agent \`connect: { ca }\`, set NODE_EXTRA_CA_CERTS, or let the host through by a rule`
  return error
}
