/** What reaches nobody: trips after the end of their file are told to Vitest as errors of the run, and others are not told twice. */
import type { Trip } from '../core/call.ts'
import { noteDropped } from './charge.ts'
import type { Rpc, WorkerState } from './worker.ts'

/** Vitest's own rpc by what we put around it: it has no properties to tell them apart by, as every name is a remote function. */
const BELOW = new WeakMap<Rpc, Rpc>()
const NOT_THEIRS = /^\s+at .*(?:node:|[/\\]node_modules[/\\](?:vitest|@vitest[/\\][\w-]+|vite)[/\\])/

/** A trip after the end of its file: the run fails, and the error names who started it. */
export function tellVitest(trips: readonly Trip[], { rpc }: WorkerState): void {
  const vitest = BELOW.get(rpc) ?? rpc
  for (const { message, stack, startedBy } of trips) {
    // Vitest shortens the stacks of tests, but not these.
    const lines = stack.split('\n').filter((line) => !NOT_THEIRS.test(line))
    const error = {
      name: 'Error',
      message,
      stack: lines.join('\n'),
      VITEST_TEST_NAME: startedBy.name,
      VITEST_TEST_PATH: startedBy.file,
    }
    vitest.onUnhandledError(error, 'Tripwire: a call outlived its test file')
  }
}

/**
 * A stopped call that nobody waits for ends in an unhandled rejection. Vitest would tell it beside the test that pays for it, and blame
 * whichever test runs by then.
 */
export function watchUnhandled(state: WorkerState): void {
  const { rpc } = state
  if (BELOW.has(rpc)) return
  const watched = new Proxy(rpc, {
    get(target, key, receiver) {
      if (key !== 'onUnhandledError') return Reflect.get(target, key, receiver)
      return (error: unknown, type: string) =>
        noteDropped(error) ? Promise.resolve() : target.onUnhandledError(error, type)
    },
  })
  BELOW.set(watched, rpc)
  state.rpc = watched
}
