import type { ReportEntry } from '../vitest/report.ts'

/** All files' entries of one mistake. */
export interface Mistake extends Omit<ReportEntry, 'count' | 'startedBy'> {
  readonly count: number
  readonly startedBy: readonly string[]
}

export interface Grouped {
  readonly blocked: readonly Mistake[]
  readonly late: readonly Mistake[]
  readonly observed: readonly Mistake[]
  readonly warned: readonly Mistake[]
  readonly refused: readonly Mistake[]
}

/** Folds the entries of all files by kind and fingerprint, the most frequent first. */
export function group(entries: readonly ReportEntry[]): Grouped {
  const byMistake = new Map<string, Mistake>()
  for (const entry of entries) {
    const key = `${entry.kind} ${entry.fingerprint}`
    const known = byMistake.get(key)
    if (known === undefined) byMistake.set(key, entry)
    else {
      const startedBy = [...new Set([...known.startedBy, ...entry.startedBy])]
      byMistake.set(key, { ...known, count: known.count + entry.count, startedBy })
    }
  }
  const all = [...byMistake.values()].sort((a, b) => a.protocol.localeCompare(b.protocol) || b.count - a.count)
  return {
    blocked: all.filter(({ kind, late }) => kind === 'blocked' && !late),
    late: all.filter(({ kind, late }) => kind === 'blocked' && late),
    observed: all.filter(({ kind }) => kind === 'observed'),
    warned: all.filter(({ kind }) => kind === 'warned'),
    refused: all.filter(({ kind }) => kind === 'refused'),
  }
}
