import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PACKAGE_ROOT } from './package-root.ts'

/** What is loaded before anything else: as a module, and the same as a script, for threads that run no module before a text of code. */
export const PRELOAD = {
  // Made for the threads that need it, and not for each test file.
  get module() {
    return pathToFileURL(join(PACKAGE_ROOT, 'dist/worker/register.js')).href
  },
  script: join(PACKAGE_ROOT, 'dist/worker/register.cjs'),
} as const
