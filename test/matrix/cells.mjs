/** The cells of the matrix, and what is known to be impossible in some. */
import { readFileSync } from 'node:fs'

export const AXES = {
  node: [20, 22, 24, 26],
  vitest: ['4.1', '5'],
  pool: ['forks', 'threads', 'vmForks', 'vmThreads'],
  isolation: ['isolated', 'shared'],
  runner: ['module', 'native'],
}

/** Gaps, each with its reason and where it is told upstream; `docs/compatibility.md` shows them. */
export const KNOWN = JSON.parse(readFileSync(new URL('known.json', import.meta.url), 'utf8'))

/** Each value of each axis, each Node with each Vitest: as few as hold them, as CI has a quarter of an hour. */
export const CORNERS = [
  '20 4.1 vmThreads isolated module',
  '22 4.1 threads shared module',
  '22 5 vmForks shared module',
  '24 4.1 forks isolated native',
  '24 5 threads isolated native',
  '26 4.1 vmForks isolated module',
  '26 5 forks shared module',
]

/** Where the own suite is run in threads: in forks that Node has run it by `npm test`. */
const OF_NPM_TEST = 20

/** The repository's own suite (`own`) on each Node, which takes longest; every combination, each with the known gap that it falls into. */
export function allCells() {
  let cells = [{}]
  for (const [axis, values] of Object.entries(AXES))
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [axis]: value })))
  const own = AXES.node.map((node) => ({
    node,
    vitest: '4.1',
    pool: node === OF_NPM_TEST ? 'threads' : 'forks',
    isolation: 'isolated',
    runner: 'own',
  }))
  return [...own, ...cells].map((cell) => ({ ...cell, name: Object.values(cell).join(' '), gaps: gapsOf(cell) }))
}

export function isCorner({ name }) {
  return CORNERS.includes(name)
}

export function isRun({ gaps }) {
  return !gaps.some(closes)
}

function gapsOf(cell) {
  const fits = KNOWN.filter(({ where }) => Object.entries(where).every(([axis, values]) => values.includes(cell[axis])))
  const closing = fits.find(closes)
  return closing === undefined ? fits : [closing]
}

/** A gap that leaves nothing away closes the cell. */
function closes({ without }) {
  return without === undefined
}
