/** The TLS options that clients were given: what a mock lets through, the worker asks for under the same ones. */
import type { ConnectionOptions } from 'node:tls'
import { type Reply, SafeWeakMap } from '../../src/plugin.ts'

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

/** @param given options of a client, among others; undefined where nobody knows them */
export function keepTls(reply: Reply, given: object | undefined): void {
  if (!reply.passThrough || given === undefined) return
  const options = given as Record<string, unknown>
  const known = NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])
  byReply.set(reply, Object.fromEntries(known))
}

export function tlsOf(reply: Reply): ClientTls {
  return byReply.get(reply) ?? {}
}
