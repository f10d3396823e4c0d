/** What the reporter in the main process gets to know: plain data in the file's meta, and only when there is something. */
import type { Trip } from '../core/call.ts'
import type { TripEntry } from '../core/trips.ts'
import type { AnySuite } from './worker.ts'

/** Key of a file task's meta. */
export const REPORT_KEY = 'tripwireReport'

/** A kind of trip of one file, folded. */
export interface ReportEntry {
  readonly kind: Trip['kind']
  readonly late: boolean
  readonly protocol: string
  readonly description: string
  readonly rule: string
  readonly fingerprint: string
  readonly callSite: Trip['callSite']
  readonly count: number
  readonly startedBy: readonly string[]
}

/** Adds what happened to the meta of a file's task, which Vitest sends on. */
export function addReport(file: AnySuite, entries: readonly TripEntry[]): void {
  if (entries.length === 0) return
  const meta = file.meta as { [REPORT_KEY]?: ReportEntry[] }
  meta[REPORT_KEY] = [...(meta[REPORT_KEY] ?? []), ...toReport(entries)]
}

function toReport(entries: readonly TripEntry[]): ReportEntry[] {
  return entries.map(({ trip, count, startedBy }) => ({
    kind: trip.kind,
    late: trip.code === 'TRIPWIRE_POST_TEST_INTERACTION' || trip.code === 'TRIPWIRE_POST_SANDBOX_INTERACTION',
    protocol: trip.protocol,
    description: trip.description,
    rule: trip.rule,
    fingerprint: trip.fingerprint,
    callSite: trip.callSite,
    count,
    startedBy: [...startedBy],
  }))
}
