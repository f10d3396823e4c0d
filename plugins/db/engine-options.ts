/** Options of embedded databases, as tests write them. */
import { isA, RuleSyntaxError, suggest } from '../../src/plugin.ts'

const SOURCES = 'SQL, the path of a file or of a folder, a URL, a function of { exec, engine }, or a list of these'

/** @throws RuleSyntaxError */
export function readKeys<T extends object>(options: unknown, keys: readonly string[]): T {
  const shown = `{ ${keys.join(', ')} }`
  if (options === undefined) return {} as T
  if (typeof options !== 'object' || options === null) throw new RuleSyntaxError('the options are no object', shown)
  const unknown = Object.keys(options).find((key) => !keys.includes(key))
  if (unknown !== undefined) throw new RuleSyntaxError(`there is no option '${unknown}'`, shown, suggest(unknown, keys))
  const { schema, seed } = options as { readonly schema?: unknown; readonly seed?: unknown }
  for (const [name, source] of Object.entries({ schema, seed }))
    if (source !== undefined && !isSource(source))
      throw new RuleSyntaxError(`\`${name}\` holds something that gives no SQL`, SOURCES)
  return options as T
}

function isSource(source: unknown): boolean {
  if (Array.isArray(source)) return source.every(isSource)
  return typeof source === 'string' || typeof source === 'function' || isA(source, 'URL')
}
