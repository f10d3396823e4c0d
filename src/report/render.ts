import { printPosition } from '../errors/call-site.ts'
import { importing, isCode, quote } from '../errors/remedies.ts'
import type { Grouped, Place, Section, Starters, Target } from './group.ts'

/** Colours, or functions that give back what they get. */
export interface Paint {
  heading(text: string, section: Section): string
  dim(text: string): string
}

const PLAIN: Paint = { heading: (text) => text, dim: (text) => text }
const MOST_NAMES = 3
const MOST_FILES = 3

const HEADINGS = {
  blocked: 'Stopped calls',
  late: 'Calls that came after their test or sandbox had ended',
  allowed: 'Calls that onTrip let through',
  warned: "Calls that 'warn' let through",
  observed: "Calls that 'error' would stop (observed)",
} as const

/** The report at the end of a run, or an empty text when there is nothing to say. Refused calls are expected: they are counted only. */
export function renderReport(grouped: Grouped, paint: Paint = PLAIN): string {
  const totals = totalsOf(grouped)
  if (totals === '') return ''
  const { blocked, late, allowed, warned, observed } = grouped
  const sections = [
    section('blocked', blocked, paint),
    section('late', late, paint),
    section('allowed', allowed, paint),
    section('warned', warned, paint),
    section('observed', observed, paint),
    observed.length > 0 ? allowBlock(observed) : [],
  ]
  return [...sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')), totals].join('\n\n')
}

function section(kind: keyof typeof HEADINGS, targets: readonly Target[], paint: Paint): string[] {
  if (targets.length === 0) return []
  const lines = [paint.heading(HEADINGS[kind], kind)]
  let protocol = ''
  for (const target of targets) {
    if (target.protocol !== protocol) lines.push(`  ${target.protocol}`)
    protocol = target.protocol
    lines.push(`    ${target.description}${target.count === 1 ? '' : ` × ${target.count}`}`)
    // Of what is let through each line is told, as nothing else tells it.
    const shown = kind === 'warned' ? target.places : target.places.slice(0, 1)
    for (const place of shown) lines.push(...placeLines(place, kind).map((line) => paint.dim(`      ${line}`)))
    const hidden = target.places.length - shown.length
    if (hidden > 0) lines.push(paint.dim(`      and at ${hidden} other ${hidden === 1 ? 'place' : 'places'}`))
  }
  return lines
}

function placeLines({ callSite, startedBy }: Place, kind: Section): string[] {
  const word = kind === 'late' ? 'started by' : 'in'
  const files = startedBy.slice(0, MOST_FILES).map(startersLine)
  const hidden = startedBy.length - MOST_FILES
  if (hidden > 0) files.push(`${hidden} more ${hidden === 1 ? 'file' : 'files'}`)
  return [`at ${callSite ? printPosition(callSite) : '<unknown call site>'}`, ...files.map((text) => `${word} ${text}`)]
}

/** Of a name that holds the file already (an import, the file itself) the file is not said again. */
function startersLine({ file, names, more }: Starters): string {
  const shown = names.slice(0, MOST_NAMES)
  const hidden = names.length - shown.length
  const rest = more ? ' and more' : hidden > 0 ? ` and ${hidden} more` : ''
  const inFile = shown.some((name) => name.includes(file)) ? '' : ` (${file})`
  return `${shown.join(', ')}${rest}${inFile}`
}

/** The way in for an old suite: what it does today, as rules to keep or to mend one by one. */
function allowBlock(observed: readonly Target[]): string[] {
  const rules = [...new Set(observed.map(({ rule }) => rule))].sort()
  return [
    `To let these through, paste into tripwire.config.ts${rules.some(isCode) ? ` (${importing('M')})` : ''}:`,
    '  allow: [',
    ...rules.map((rule) => `    ${quote(rule)},`),
    '  ],',
  ]
}

function totalsOf({ blocked, late, allowed, observed, warned, refused }: Grouped): string {
  const parts = [
    total(blocked, 'stopped'),
    total(late, 'late'),
    total(allowed, 'allowed by onTrip'),
    total(warned, 'warned about'),
    total(observed, 'observed'),
    total(refused, 'refused'),
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `Tripwire: ${parts.join(', ')}`
}

function total(targets: readonly Target[], word: string): string {
  const count = targets.reduce((sum, target) => sum + target.count, 0)
  return count === 0 ? '' : `${count} ${count === 1 ? 'call' : 'calls'} ${word}`
}
