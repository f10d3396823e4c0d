import { type RuleFields, RuleSyntaxError } from '../../src/plugin.ts'

/** Reads what follows `dns:`: a host name, with `*`. @throws RuleSyntaxError */
export function parseDnsRule(text: string): RuleFields {
  if (!/^[^/:?#\s@]+$/.test(text))
    throw new RuleSyntaxError('it is no host name', "'dns:api.example.com' or 'dns:*.example.com'")
  return text === '*' ? {} : { hostname: text }
}
