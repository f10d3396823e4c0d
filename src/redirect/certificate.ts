/**
 * Certificates for mocked hosts, made on the spot: a key of our own and, per host, a certificate signed with it. Node can sign but not
 * write certificates, so the few structures that X.509 asks for (RFC 5280) are written here.
 */

import type { KeyObject } from 'node:crypto'
import { builtIn } from '../built-in.ts'
import { SafeMap } from '../core/collections.ts'
import { originals } from '../originals.ts'

const { isIP } = originals

export interface Certificate {
  readonly key: string
  readonly cert: string
}

let key: KeyObject | undefined
const made = new SafeMap<string, Certificate>()

/** A certificate for a host, valid from yesterday for ten years. About half a millisecond for each new host. */
export function certificateFor(host: string): Certificate {
  const known = made.get(host)
  if (known !== undefined) return known
  const crypto = builtIn('node:crypto')
  key ??= crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const spki = crypto.createPublicKey(key).export({ type: 'spki', format: 'der' })
  const body = toBeSigned(host, spki, crypto.randomBytes(8))
  const signature = crypto.sign('sha256', body, key)
  const der = sequence(body, ecdsaWithSha256(), tlv(0x03, Buffer.concat([Buffer.of(0), signature])))
  const certificate = { key: key.export({ type: 'pkcs8', format: 'pem' }) as string, cert: pem(der) }
  made.set(host, certificate)
  return certificate
}

function toBeSigned(host: string, spki: Buffer, serial: Buffer): Buffer {
  const day = 24 * 60 * 60 * 1000
  const now = Date.now()
  const name = nameOf(isIP(host) === 0 ? host : 'vitest-tripwire')
  const validity = sequence(time(now - day), time(now + 3650 * day))
  const version = tlv(0xa0, tlv(0x02, Buffer.of(2)))
  // Positive, and without a leading zero, which DER forbids.
  const first = Buffer.of(((serial[0] as number) & 0x7f) | 0x40, ...serial.subarray(1))
  const extensions = tlv(0xa3, sequence(sequence(subjectAltName(), tlv(0x04, sequence(alternativeName(host))))))
  return sequence(version, tlv(0x02, first), ecdsaWithSha256(), name, validity, name, spki, extensions)
}

function alternativeName(host: string): Buffer {
  const version = isIP(host)
  if (version === 0) return tlv(0x82, Buffer.from(host, 'latin1'))
  return tlv(0x87, version === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6(host))
}

function ipv6(host: string): Buffer {
  // `new URL` writes out an embedded IPv4 address, and shortens zeros in one place at most.
  const text = new URL(`http://[${host}]`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)))
  const left = words(head)
  const right = tail === undefined ? [] : words(tail)
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}

function nameOf(text: string): Buffer {
  const value = tlv(0x0c, Buffer.from(text.slice(0, 64)))
  return sequence(tlv(0x31, sequence(commonName(), value)))
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tlv(0x18, Buffer.from(digits))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

/** Tag, length, value (DER). */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), value])
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff)
  return Buffer.concat([Buffer.of(tag), size, value])
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const commonName = () => tlv(0x06, Buffer.of(0x55, 0x04, 0x03))
const subjectAltName = () => tlv(0x06, Buffer.of(0x55, 0x1d, 0x11))
const ecdsaWithSha256 = () => sequence(tlv(0x06, Buffer.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)))
