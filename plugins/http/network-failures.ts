/** Failures of a network as Node tells of them: the same codes, syscalls and words (Node 20 to 26). */

import { builtIn } from '../../src/plugin.ts'

interface Place {
  readonly host: string
  readonly port: number
}

export const FAILURES = {
  refused: ({ host, port }: Place) =>
    failure(`connect ECONNREFUSED ${host}:${port}`, 'ECONNREFUSED', 'connect', { address: host, port }),
  reset: () => failure('read ECONNRESET', 'ECONNRESET', 'read', {}),
  timeout: ({ host, port }: Place) =>
    failure(`connect ETIMEDOUT ${host}:${port}`, 'ETIMEDOUT', 'connect', { address: host, port }),
  dns: ({ host }: Place) =>
    Object.assign(failure(`getaddrinfo ENOTFOUND ${host}`, 'ENOTFOUND', 'getaddrinfo', { hostname: host }), {
      errno: -3008,
    }),
} as const

export type FailureName = keyof typeof FAILURES

function failure(message: string, code: string, syscall: string, more: object): Error {
  const errno = (builtIn('node:os').constants.errno as Readonly<Record<string, number>>)[code]
  return Object.assign(new Error(message), { errno: errno === undefined ? undefined : -errno, code, syscall, ...more })
}
