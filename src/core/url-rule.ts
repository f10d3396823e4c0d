import { RuleSyntaxError } from './rule-syntax.ts'

const SHAPE =
  /^(?:([A-Z]+)\s+)?(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]*\]|[^/:?#\s]+)(\/\d{1,3}(?=$|:))?(?::(\d{1,5}|\*))?(\/[^?#\s]*)?$/

/**
 * Reads `[VERB ]scheme://host[:port][/path]`, or `host[:port][/path]` for all of the schemes. No port means the scheme's own, `:*` any;
 * no path means any. Queries, fragments and credentials are refused: a rule never says less than it seems to.
 *
 * @param schemes the schemes of the protocol with their default ports
 * @throws RuleSyntaxError
 */
export function parseUrlRule(
  text: string,
  schemes: Readonly<Record<string, number>>,
): Record<string, string | number | (string | number)[]> {
  const names = Object.keys(schemes)
  const expected = `'${names[0]}://host[:port][/path]'`
  if (/[?#]/.test(text)) {
    throw new RuleSyntaxError('queries and fragments are not part of a rule', `${expected} without '?' and '#'`, [
      text.slice(0, text.search(/[?#]/)),
    ])
  }
  if (/^(?:[A-Z]+\s+)?[a-z][a-z0-9+.-]*:\/\/[^/]*@/.test(text))
    throw new RuleSyntaxError('credentials are not part of a rule', expected)
  const shape = SHAPE.exec(text)
  if (shape === null) throw new RuleSyntaxError('it is no URL pattern', expected)
  const [, verb, scheme, host, block, port, path] = shape
  if (scheme !== undefined && !(scheme in schemes)) {
    throw new RuleSyntaxError(
      `'${scheme}:' is no scheme of this protocol`,
      names.map((name) => `'${name}://'`).join(' or '),
    )
  }
  const fields: Record<string, string | number | (string | number)[]> = { host: `${host}${block ?? ''}` }
  if (verb !== undefined) fields.method = verb
  if (scheme !== undefined) fields.scheme = scheme
  if (port === undefined) fields.port = scheme === undefined ? Object.values(schemes) : (schemes[scheme] as number)
  else if (port !== '*') fields.port = Number(port)
  if (path !== undefined && path !== '/**') fields.path = path
  return fields
}
