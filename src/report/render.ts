import { printPosition } from '../errors/call-site.ts'
import type { Grouped, Mistake } from './group.ts'

const MOST_TESTS = 3

/** The report at the end of a run, or an empty text when there is nothing to say. */
export function renderReport(grouped: Grouped): string {
  const { blocked, late, observed, warned } = grouped
  const sections = [
    section('Stopped calls', blocked),
    section('Calls that came after their test or sandbox had ended', late),
    section("Calls that 'warn' let through", warned),
    section("Calls that 'error' would stop (observed)", observed),
    observed.length > 0 ? allowBlock(observed) : undefined,
  ].filter((text) => text !== undefined)
  const totals = totalsOf(grouped)
  return totals === '' ? '' : [...sections, totals].join('\n\n')
}

function section(title: string, mistakes: readonly Mistake[]): string | undefined {
  if (mistakes.length === 0) return undefined
  return [title, ...mistakes.map(entry)].join('\n')
}

function entry({ protocol, description, count, startedBy, callSite }: Mistake): string {
  const times = count === 1 ? '' : ` × ${count}`
  const more = startedBy.length > MOST_TESTS ? ` and ${startedBy.length - MOST_TESTS} more` : ''
  return [
    `  ${protocol.padEnd(8)} ${description}${times}`,
    `           at ${callSite ? printPosition(callSite) : '<unknown call site>'}, in ${startedBy.slice(0, MOST_TESTS).join(', ')}${more}`,
  ].join('\n')
}

/** The way in for an old suite: what it does today, as rules to keep or to mend one by one. */
function allowBlock(observed: readonly Mistake[]): string {
  const rules = [...new Set(observed.map(({ rule }) => rule))].sort()
  return [
    'To let these through, paste into tripwire.config.ts:',
    '  allow: [',
    ...rules.map((rule) => `    ${quote(rule)},`),
    '  ],',
  ].join('\n')
}

function quote(rule: string): string {
  return rule.includes("'") ? JSON.stringify(rule) : `'${rule}'`
}

function totalsOf({ blocked, late, observed, warned, refused }: Grouped): string {
  const parts = [
    total(blocked, 'stopped'),
    total(late, 'late'),
    total(warned, 'warned about'),
    total(observed, 'observed'),
    total(refused, 'refused'),
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `Tripwire: ${parts.join(', ')}`
}

function total(mistakes: readonly Mistake[], word: string): string {
  const count = mistakes.reduce((sum, mistake) => sum + mistake.count, 0)
  return count === 0 ? '' : `${count} ${count === 1 ? 'call' : 'calls'} ${word}`
}
