/** A cell of the matrix (`npm run matrix`): how the projects of the integration suite are run, in the place of what a test asks for. */

export interface Cell {
  readonly pool: string
  readonly isolate: boolean
  readonly native: boolean
  /** What Vitest or a library cannot do there; see `test/matrix/known.json`. */
  readonly without: readonly string[]
}

const given = process.env.TRIPWIRE_CELL

/** `threads,shared,native,axios` as a cell; undefined outside of the matrix. */
export const CELL: Cell | undefined = given === undefined ? undefined : parse(given)

function parse(text: string): Cell {
  const [pool = '', isolation, runner, ...without] = text.split(',')
  return { pool, isolate: isolation !== 'shared', native: runner === 'native', without }
}

/** Whether each test file has a realm of its own, in which errors of Node and of ours are no `instanceof Error`. */
export const IN_VM: boolean = CELL?.pool.startsWith('vm') ?? false
/** Whether files that share a worker share its modules and what they began, too. */
export const SHARED: boolean = CELL !== undefined && !CELL.isolate && !IN_VM

/** What a test runs in turn, pool by pool; in the matrix each would run the same, so the first is enough. */
export function perPool<T>(...combinations: T[]): T[] {
  return CELL === undefined ? combinations : combinations.slice(0, 1)
}

const CHOICES = /^--(?:pool|maxWorkers|isolate|no-isolate|fileParallelism|no-file-parallelism)\b/

/** The arguments of a run: what a test asks for, except what the cell decides. */
export function inCell(args: readonly string[]): readonly string[] {
  if (CELL === undefined) return args
  return [
    ...args.filter((arg) => !CHOICES.test(arg)),
    `--pool=${CELL.pool}`,
    // One worker, so that files do share it.
    ...(CELL.isolate ? [] : ['--no-isolate', '--maxWorkers=1']),
    ...(CELL.native ? ['--experimental.viteModuleRunner=false'] : []),
  ]
}
