import { X509Certificate } from 'node:crypto'
import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import { certificateFor } from '../../../src/redirect/certificate.ts'

const crypto: typeof import('node:crypto') = createRequire(import.meta.url)('node:crypto')

test.each([
  ['zero.example.com', [0x80, 1, 2, 3, 4, 5, 6, 7]],
  ['ones.example.com', [0xff, 0xff, 2, 3, 4, 5, 6, 7]],
  ['10.0.0.1', [0, 0, 0, 0, 0, 0, 0, 0]],
  ['fd00::1', [0x40, 0x80, 2, 3, 4, 5, 6, 7]],
])('the certificate of %s can be read, whatever number it gets', (host, random) => {
  using _ = vi.spyOn(crypto, 'randomBytes').mockImplementation((() => Buffer.from(random)) as never)
  const certificate = new X509Certificate(certificateFor(host).cert)
  expect(certificate.checkHost(host) ?? certificate.checkIP(host)).toBeTruthy()
  expect(certificate.verify(certificate.publicKey)).toBe(true)
})
