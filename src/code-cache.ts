/** Given to the guard by its loader (`load.ts`); there is none where its modules are loaded one by one. */
declare const KEEP_CODE: ((hasEnded: boolean) => void) | undefined

/** Keeps what V8 has compiled of the guard by now for the workers to come, if this one had to. @param at when a file is set up, and when it has ended */
export function keepCode(at: 'start' | 'end'): void {
  if (typeof KEEP_CODE === 'function') KEEP_CODE(at === 'end')
}
