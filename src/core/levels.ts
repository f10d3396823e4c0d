/** How strictly a protocol is guarded. */
export type Level = 'off' | 'observe' | 'warn' | 'error'

export const LEVELS: readonly Level[] = ['off', 'observe', 'warn', 'error']
