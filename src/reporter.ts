/** Prints what tripwire saw, at the end of a run; the Vite plugin adds it beside the reporters that are there. */
import type { TestModule } from 'vitest/node'
import { group } from './report/group.ts'
import { renderReport } from './report/render.ts'
import { REPORT_KEY, type ReportEntry } from './vitest/report.ts'

export class TripwireReporter {
  /** Vitest calls it when all tests are done. */
  onTestRunEnd(modules: readonly Pick<TestModule, 'meta'>[]): void {
    const entries = modules.flatMap(
      (module) => ((module.meta() as Record<string, unknown>)[REPORT_KEY] as ReportEntry[] | undefined) ?? [],
    )
    const text = renderReport(group(entries))
    // Not stdout: `--reporter=json > out.json` has to stay JSON.
    if (text !== '') process.stderr.write(`\n${text}\n\n`)
  }
}

export default TripwireReporter
