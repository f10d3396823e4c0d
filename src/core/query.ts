import { SafeMap } from './collections.ts'

// Captured at load: tests replace them.
const { isArray } = Array
const { fromEntries } = Object
const { URLSearchParams } = globalThis

/** A query by name: a name that comes once is its value, one that comes again a list. */
export type Query = Readonly<Record<string, string | readonly string[]>>

/** The query of an address; undefined where it has none. */
export function queryOf(url: string): Query | undefined {
  const at = url.indexOf('?')
  return at < 0 ? undefined : parseQuery(url.slice(at + 1))
}

/** @param search what stands behind the `?`, or a form */
export function parseQuery(search: string): Query {
  // No object: it has a `constructor` and a `__proto__` before anybody gives it one.
  const query = new SafeMap<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(search)) {
    const known = query.get(name)
    query.set(name, known === undefined ? value : [...(isArray(known) ? known : [known]), value])
  }
  return fromEntries(query)
}
