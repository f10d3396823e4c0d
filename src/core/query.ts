// Captured at load: tests replace them.
const { isArray } = Array
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
  const query: Record<string, string | string[]> = {}
  for (const [name, value] of new URLSearchParams(search)) {
    const known = query[name]
    query[name] = known === undefined ? value : [...(isArray(known) ? known : [known]), value]
  }
  return query
}
