/** Frames for what runs while files are imported: top-level code, static and dynamic imports. */
import { join } from 'node:path'
import { TestRunner } from 'vitest'
import { builtIn } from '../built-in.ts'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import { printFile } from '../errors/call-site.ts'
import { PACKAGE_ROOT } from '../package-root.ts'
import { noteSurfaced } from './charge.ts'
import type { AnySuite } from './worker.ts'

const { existsSync, realpathSync } = builtIn('node:fs')

/** The file that is being run, as far as the patched runner is concerned: it is patched once per worker. */
export interface CurrentFile {
  guard: Guard
  frame: Frame
  /** Does what our setup file does: Node runs an external module only once, also in a worker that runs many files. */
  attach(): unknown
  /** Ends a file that runs no hook in which it could be red. */
  endIdle(file: AnySuite): void
}

const CURRENT = Symbol.for('vitest-tripwire.file')

const SETUP = join(PACKAGE_ROOT, 'dist/worker/setup.js')

/** By its real path, as a linked package is named by its link. */
function isOurSetup(path: string): boolean {
  return path === SETUP || (path.endsWith('setup.js') && existsSync(path) && realpathSync(path) === SETUP)
}

interface Runner {
  importFile(this: unknown, path: string, source: string): unknown
  onBeforeRunSuite(this: unknown, suite: AnySuite): unknown
  [CURRENT]?: { file: CurrentFile }
}

export function watchImports(file: CurrentFile): void {
  const runner = TestRunner.prototype as unknown as Runner
  if (runner[CURRENT]) {
    runner[CURRENT].file = file
    return
  }
  const current = { file }
  Object.defineProperty(runner, CURRENT, { value: current })
  const { importFile, onBeforeRunSuite } = runner
  runner.importFile = function (path, source) {
    if (source === 'setup' && isOurSetup(path)) return current.file.attach()
    return importIn(current.file, path, () => Reflect.apply(importFile, this, [path, source]))
  }
  runner.onBeforeRunSuite = function (suite) {
    const isIdle = suite.mode === 'skip' || suite.mode === 'todo' || suite.result?.state === 'fail'
    if ('filepath' in suite && isIdle) current.file.endIdle(suite)
    return Reflect.apply(onBeforeRunSuite, this, [suite])
  }
}

function importIn({ guard, frame: file }: CurrentFile, path: string, load: () => unknown): unknown {
  const frame = guard.openFrame('import', `the import of ${printFile(path)}`, file)
  const end = () => guard.closeFrame(frame)
  const result = guard.runIn(frame, load)
  return Promise.resolve(result).then(
    (value) => {
      end()
      return value
    },
    (error) => {
      end()
      noteSurfaced(error)
      throw error
    },
  )
}
