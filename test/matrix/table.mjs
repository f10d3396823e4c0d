/** The matrix as a table: one row for each Node, Vitest and runner, one column for each pool with and without isolation. */
import { AXES, KNOWN } from './cells.mjs'

const RUNNERS = { module: 'module runner', native: 'native runner', own: "the guard's own tests" }

/**
 * @param show what stands in a cell
 * @returns lines of Markdown; rows in which nothing stands are left out
 */
export function tableOf(cells, show) {
  const columns = AXES.pool.flatMap((pool) => AXES.isolation.map((isolation) => ({ pool, isolation })))
  const rows = []
  for (const node of AXES.node)
    for (const vitest of AXES.vitest)
      for (const runner of Object.keys(RUNNERS)) {
        const entries = columns.map((column) => {
          const cell = find(cells, { node, vitest, runner, ...column })
          return cell === undefined ? '' : show(cell)
        })
        if (entries.some((entry) => entry !== ''))
          rows.push([`Node ${node}, Vitest ${vitest}, ${RUNNERS[runner]}`, ...entries])
      }
  const head = ['', ...columns.map(({ pool, isolation }) => `${pool} ${isolation}`)]
  return aligned([head, head.map(() => '---'), ...rows])
}

/** The gaps that these cells fall into, each as a line. */
export function gapsOf(cells) {
  const fallenInto = new Set(cells.flatMap(({ gaps }) => gaps))
  return KNOWN.filter((gap) => fallenInto.has(gap)).map(
    ({ mark, effect, reason, upstream }) => `${mark}  ${effect}: ${reason} ${upstream}`,
  )
}

function find(cells, wanted) {
  return cells.find((cell) => Object.keys(wanted).every((axis) => cell[axis] === wanted[axis]))
}

function aligned(lines) {
  const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)))
  return lines.map((line) => {
    const entries = line.map((text, at) => (text === '---' ? '-'.repeat(widths[at]) : text.padEnd(widths[at])))
    return `| ${entries.join(' | ')} |`
  })
}
