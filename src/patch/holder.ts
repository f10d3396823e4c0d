/** Says in words who holds a property that we cannot replace, as far as the value tells. */
export function holderOf(value: unknown, descriptor: PropertyDescriptor | undefined): string {
  const how = descriptor === undefined ? 'the object refused the change' : 'it is neither writable nor configurable'
  const who = guess(value)
  return who === undefined ? how : `${how}, and held by ${who}`
}

function guess(value: unknown): string | undefined {
  if (typeof value !== 'function') return undefined
  const marks = value as { isSinonProxy?: unknown; mock?: unknown; __wrapped?: unknown; __original?: unknown }
  if (marks.isSinonProxy) return 'sinon'
  if (marks.mock) return 'a spy (vi.spyOn)'
  if (marks.__wrapped || marks.__original) return 'an instrumentation (OpenTelemetry or dd-trace)'
  const source = Function.prototype.toString.call(value)
  if (source.includes('[native code]')) return undefined
  return `a function named "${value.name || 'anonymous'}"`
}
