import type { Facts, Outcome, Tap } from '../../src/plugin.ts'

type Operation = 'load' | 'device' | 'wasi' | 'inspect' | 'hook' | 'identity' | 'trace'

/** Reports a call. @throws what the call has to fail with, when it is stopped */
export function report(tap: Tap, operation: Operation, facts: Facts, refused: () => Error): void {
  throwIfStopped(tap.judge({ protocol: 'native', operation: `native:${operation}`, facts }), refused)
}

/** @throws the trip of a blocked call, and what the system would have said for a refused one */
export function throwIfStopped(outcome: Outcome, refused: () => Error): void {
  if (outcome.kind === 'block') throw outcome.error
  if (outcome.kind === 'refuse') throw refused()
}

/** An error as the system makes it. */
export function failure(message: string, code: string, more: object = {}): Error {
  return Object.assign(new Error(message), { code, ...more })
}
