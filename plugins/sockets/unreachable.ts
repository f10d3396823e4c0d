import type { Facts } from '../../src/plugin.ts'
import { builtIn } from '../../src/plugin.ts'

/** What Node gives when a host cannot be reached: refused calls fail with it, so that code treats them as a network that is down. */
export function unreachable(facts: Facts): Error {
  const target = facts.transport === 'unix' ? String(facts.path) : `${facts.host}:${facts.port}`
  const error = new Error(`connect EHOSTUNREACH ${target}`)
  return Object.assign(error, {
    errno: -(builtIn('node:os').constants.errno.EHOSTUNREACH ?? 113),
    code: 'EHOSTUNREACH',
    syscall: 'connect',
    address: facts.transport === 'unix' ? facts.path : facts.host,
    ...(facts.port !== undefined && { port: facts.port }),
  })
}

/** What Node gives when the other side of an open connection has gone. */
export function reset(syscall = 'write'): Error {
  const errno = -(builtIn('node:os').constants.errno.ECONNRESET ?? 104)
  return Object.assign(new Error(`${syscall} ECONNRESET`), { errno, code: 'ECONNRESET', syscall })
}

/** What Node gives when somebody else listens already. */
export function addressTaken(facts: Facts): Error {
  const target = facts.transport === 'unix' ? String(facts.path) : `${facts.host}:${facts.port}`
  return Object.assign(new Error(`listen EADDRINUSE: address already in use ${target}`), {
    errno: -(builtIn('node:os').constants.errno.EADDRINUSE ?? 98),
    code: 'EADDRINUSE',
    syscall: 'listen',
    address: facts.transport === 'unix' ? facts.path : facts.host,
    ...(facts.port !== undefined && { port: facts.port }),
  })
}

/** Failures that a mock may give, as Node tells of them: the same codes, syscalls and words (Node 20 to 26). */
export const FAILURES = {
  refused: (facts: Facts) => connectFailure(facts, 'ECONNREFUSED'),
  reset: (_: Facts) => reset('read'),
  timeout: (facts: Facts) => connectFailure(facts, 'ETIMEDOUT'),
  unreachable,
} as const

export type FailureName = keyof typeof FAILURES

function connectFailure(facts: Facts, code: 'ECONNREFUSED' | 'ETIMEDOUT'): Error {
  const { port, path } = facts
  const target = facts.transport === 'unix' ? String(path) : `${facts.host}:${port}`
  const more = facts.transport === 'unix' ? { address: path } : { address: facts.host, port }
  return Object.assign(new Error(`connect ${code} ${target}`), {
    errno: -builtIn('node:os').constants.errno[code],
    code,
    syscall: 'connect',
    ...more,
  })
}
