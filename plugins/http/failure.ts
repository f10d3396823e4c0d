import type { Facts } from '../../src/plugin.ts'

/** The error of a refused request: that of a host which cannot be reached. */
export function unreachable({ host, port }: Facts): Error {
  const error = new Error(`connect EHOSTUNREACH ${host}:${port}`)
  return Object.assign(error, { errno: -113, code: 'EHOSTUNREACH', syscall: 'connect', address: host, port })
}
