/** Prints what tripwire saw, at the end of a run; the Vite plugin adds it beside the reporters that are there. */
import type { TestModule } from 'vitest/node'
import { printFile } from './errors/call-site.ts'
import { type FileReport, group } from './report/group.ts'
import { paintFor } from './report/paint.ts'
import { renderReport } from './report/render.ts'
import { REPORT_KEY } from './vitest/report.ts'

export class TripwireReporter {
  /** Vitest calls it when all tests are done. */
  onTestRunEnd(modules: readonly Pick<TestModule, 'meta' | 'moduleId'>[]): void {
    const reports = modules.map((module) => ({
      file: printFile(module.moduleId),
      entries: (module.meta() as { [REPORT_KEY]?: FileReport['entries'] })[REPORT_KEY] ?? [],
    }))
    const text = renderReport(group(reports), paintFor(process.stderr, process.env))
    // Not stdout: `--reporter=json > out.json` has to stay JSON.
    if (text !== '') process.stderr.write(`\n${text}\n\n`)
  }
}

export default TripwireReporter
