const SECRET_NAME =
  /^(?:.*[-_.])?(?:authorization|cookie|password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key|key|sig|signature|credential|session(?:id)?|auth|code)$/i
const HIDDEN = '…'

/** Text with its secrets hidden: credentials and secret-looking query values of URLs, and what the config's `redact` matches. */
export function redactText(text: string, patterns: readonly (string | RegExp)[] = []): string {
  let clean = text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, `$1${HIDDEN}@`)
    .replace(/([?&;])([^=&#\s;]+)=([^&#\s;]*)/g, (whole, mark: string, name: string) =>
      SECRET_NAME.test(name) ? `${mark}${name}=${HIDDEN}` : whole,
    )
  for (const pattern of patterns) {
    if (typeof pattern === 'string') clean = clean.replaceAll(pattern, HIDDEN)
    else
      clean = clean.replace(
        new RegExp(pattern.source, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`),
        HIDDEN,
      )
  }
  return clean
}

/** Facts fit for a message or a report: secret-looking names hidden, text redacted, at every depth. */
export function redactFacts(
  facts: Readonly<Record<string, unknown>>,
  patterns: readonly (string | RegExp)[] = [],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => value !== undefined && typeof value !== 'function')
      .map(([name, value]) => [name, SECRET_NAME.test(name) ? HIDDEN : redactValue(value, patterns)]),
  )
}

function redactValue(value: unknown, patterns: readonly (string | RegExp)[]): unknown {
  if (typeof value === 'string') return redactText(value, patterns)
  if (Array.isArray(value)) return value.map((part) => redactValue(part, patterns))
  if (typeof value === 'object' && value !== null) return redactFacts(value as Record<string, unknown>, patterns)
  return value
}
