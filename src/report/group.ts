import type { CallSite } from '../core/call.ts'
import type { ReportEntry } from '../vitest/report.ts'

/** What one test file had to say; `file` as it is printed. */
export interface FileReport {
  readonly file: string
  readonly entries: readonly ReportEntry[]
}

/** Names of tests, hooks and imports of a file. */
export interface Starters {
  readonly file: string
  readonly names: readonly string[]
  /** Some were left out already by the worker. */
  readonly more: boolean
}

/** One mistake, folded over all files: the same call from the same line. */
export interface Place {
  readonly callSite: CallSite | undefined
  readonly count: number
  readonly startedBy: readonly Starters[]
}

/** All calls of one kind to one target, as a rule would name it. */
export interface Target {
  readonly protocol: string
  readonly rule: string
  readonly description: string
  readonly count: number
  /** In the order of the run. */
  readonly places: readonly Place[]
}

const SECTIONS = ['blocked', 'late', 'allowed', 'warned', 'observed', 'refused'] as const
export type Section = (typeof SECTIONS)[number]
export type Grouped = Readonly<Record<Section, readonly Target[]>>

/** The worker keeps as many names for a mistake, and no more. */
const MOST_NAMES = 20

/** Folds the reports of all files by section, protocol, target and call site. Protocols by name, the most frequent targets first. */
export function group(reports: readonly FileReport[]): Grouped {
  const found = reports.flatMap(({ file, entries }) => entries.map((entry) => ({ file, entry })))
  return Object.fromEntries(
    SECTIONS.map((section) => {
      const inSection = found.filter(({ entry }) => sectionOf(entry) === section)
      const targets = fold(inSection, ({ entry }) => `${entry.protocol} ${entry.rule}`).map(targetOf)
      return [section, targets.sort((a, b) => compare(a.protocol, b.protocol) || b.count - a.count)]
    }),
  ) as unknown as Grouped
}

interface Found {
  readonly file: string
  readonly entry: ReportEntry
}

function sectionOf({ kind, late }: ReportEntry): Section {
  return kind === 'blocked' && late ? 'late' : kind
}

function targetOf(all: readonly [Found, ...Found[]]): Target {
  const { protocol, rule, description } = all[0].entry
  return { protocol, rule, description, count: countOf(all), places: fold(all, placeKey).map(placeOf) }
}

function placeOf(all: readonly [Found, ...Found[]]): Place {
  const startedBy = fold(all, ({ file }) => file).map((ofFile): Starters => {
    const names = new Set(ofFile.flatMap(({ entry }) => entry.startedBy))
    return {
      file: ofFile[0].file,
      names: [...names],
      more: ofFile.some(({ entry }) => entry.startedBy.length >= MOST_NAMES),
    }
  })
  return { callSite: all[0].entry.callSite, count: countOf(all), startedBy }
}

function placeKey({ entry: { callSite } }: Found): string {
  return callSite ? `${callSite.file}:${callSite.line}:${callSite.column}` : ''
}

function countOf(all: readonly Found[]): number {
  return all.reduce((sum, { entry }) => sum + entry.count, 0)
}

function fold<T>(values: readonly T[], keyOf: (value: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const value of values) {
    const known = groups.get(keyOf(value))
    if (known) known.push(value)
    else groups.set(keyOf(value), [value])
  }
  return [...groups.values()]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
