/** Prints the matrix: tests that passed per cell, or the mark of the gap. */
import { AXES } from './cells.mjs'

/** @param results by the names of cells; a cell without one was not run */
export function printTable(cells, results) {
  const columns = AXES.pool.flatMap((pool) => AXES.isolation.map((isolation) => ({ pool, isolation })))
  const rows = []
  for (const node of AXES.node)
    for (const vitest of AXES.vitest)
      for (const runner of AXES.runner) {
        const name = `Node ${node}, Vitest ${vitest}, ${runner} runner`
        rows.push([name, ...columns.map((column) => show({ node, vitest, runner, ...column }, cells, results))])
      }
  const shown = rows.filter(([, ...entries]) => entries.some((entry) => entry !== ''))
  const head = ['', ...columns.map(({ pool, isolation }) => `${pool} ${isolation}`)]
  print([head, head.map(() => '---'), ...shown])
  const gaps = new Set(cells.flatMap(({ gap }) => gap ?? []))
  for (const { mark, effect, reason, upstream } of gaps) console.log(`${mark}  ${effect}: ${reason} ${upstream}`)
}

function show(wanted, cells, results) {
  const cell = cells.find((other) => Object.keys(wanted).every((axis) => other[axis] === wanted[axis]))
  if (cell === undefined) return ''
  const result = results.get(cell.name)
  if (result === undefined) return `- (${cell.gap?.mark ?? '?'})`
  if (result.failed.length > 0) return `${result.failed.length} FAILED`
  return `${result.passed}${cell.gap ? ` (${cell.gap.mark})` : ''}${result.again ? ' at the 2nd try' : ''}`
}

function print(lines) {
  const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)))
  console.log()
  for (const line of lines)
    console.log(
      `| ${line.map((text, at) => (text === '---' ? '-'.repeat(widths[at]) : text.padEnd(widths[at]))).join(' | ')} |`,
    )
  console.log()
}
