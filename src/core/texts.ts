/** Methods of texts and patterns as functions, which a test that replaces `String.prototype.startsWith` does not reach. */

const uncurried = <Args extends unknown[], R>(method: (...args: Args) => R) =>
  Function.prototype.call.bind(method) as (self: unknown, ...args: Args) => R

export const startsWith = uncurried(String.prototype.startsWith)
export const endsWith = uncurried(String.prototype.endsWith)
export const includes = uncurried(String.prototype.includes)
export const slice = uncurried(String.prototype.slice)
const exec = uncurried(RegExp.prototype.exec)

/** Whether a pattern that is neither global nor sticky matchesText a text. */
export function matchesText(pattern: RegExp, text: string): boolean {
  return exec(pattern, text) !== null
}
