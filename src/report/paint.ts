import type { Paint } from './render.ts'

const ESCAPE = '\u001b['
const CODES = { blocked: 31, late: 31, allowed: 33, warned: 33, observed: 36, refused: 36 } as const

/** Colours for a terminal that takes them; undefined for everything else. */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint | undefined {
  if (env.NO_COLOR || env.FORCE_COLOR === '0' || !(stream.isTTY || env.FORCE_COLOR)) return undefined
  return {
    heading: (text, section) => `${ESCAPE}1m${ESCAPE}${CODES[section]}m${text}${ESCAPE}0m`,
    dim: (text) => `${ESCAPE}2m${text}${ESCAPE}0m`,
  }
}
