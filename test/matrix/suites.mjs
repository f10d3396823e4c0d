/** What is run in a cell: the test files, and the Node and the environment that they are run with. */
import { homeOf, nodeOf } from './install.mjs'

/** Those that run Vitest on projects, which the cell then decides about. */
const OF_PROJECTS = ['cell', 'frames', 'pools', 'ways-out']
/** Not where vm pools share workers: to them it means nothing, their files have contexts of their own, and it has been tried. */
const OF_POOLS = ['charging', 'runtimes']
/** What differs by the pool and not by who shares a worker. CI runs it on one Node only: it has a quarter of an hour for all. */
const OF_ISOLATED_POOLS = ['files', 'threads']
/** What is the same in each pool of a Node and a Vitest, and takes half of a cell's time: run in one pool of each, and in the corners. */
const OF_VERSIONS = ['arrangements', 'doors', 'installation', 'report', 'runner', 'sqlite']
/** More of it, for which CI has no time. */
const MORE_OF_VERSIONS = ['memory', 'on-trip']
const POOL_OF_VERSIONS = 'forks isolated'
/** Of all these, those whose projects are written in TypeScript, which the native runner does not take from older Nodes. */
const IN_TYPESCRIPT = ['doors', 'files', 'installation', 'on-trip', 'runner']
/** Those that call out by themselves, and those of the clients: in the repository's own Vitest, on the Node of the cell. */
const OWN = ['test/plugins', 'test/src', ...integration(['clients', 'contexts', 'harden', 'isolation'])]

function integration(names) {
  return names.map((name) => `test/integration/${name}.test.ts`)
}

/**
 * @param quick whether only what CI has the time for is run
 * @returns the Node that runs the suites, the arguments for its Vitest, and what is added to the environment
 * @throws when the Node or the Vitest of the cell cannot be installed
 */
export function suitesOf({ node, vitest, pool, isolation, runner, gaps }, quick = false) {
  const TRIPWIRE_NODE = nodeOf(node)
  if (runner === 'own') return { by: TRIPWIRE_NODE, args: [`--pool=${pool}`, ...OWN], env: { TRIPWIRE_NODE } }
  const TRIPWIRE_CELL = [pool, isolation, runner, ...gaps.flatMap(({ without }) => without)].join(',')
  const isOfVersions = quick || `${pool} ${isolation}` === POOL_OF_VERSIONS
  const all = [
    ...OF_PROJECTS,
    ...(quick || isolation === 'isolated' || !pool.startsWith('vm') ? OF_POOLS : []),
    ...(!quick && isolation === 'isolated' ? OF_ISOLATED_POOLS : []),
    ...(isOfVersions ? OF_VERSIONS : []),
    ...(isOfVersions && !quick ? MORE_OF_VERSIONS : []),
  ]
  const names = all.filter((name) => runner !== 'native' || !IN_TYPESCRIPT.includes(name))
  return {
    by: process.execPath,
    args: integration(names),
    env: { TRIPWIRE_NODE, TRIPWIRE_HOME: homeOf(vitest), TRIPWIRE_CELL },
  }
}
