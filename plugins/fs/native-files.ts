/** What Node reads and writes natively, past every function of `node:fs`: reports, heap snapshots, `.env` files, caches, preopened folders. */

import { builtIn } from '../../src/plugin.ts'

import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import type { Seam } from './seam.ts'

type Fn = (this: unknown, ...args: unknown[]) => unknown
type Methods = Record<string, Fn>
type Access = 'read' | 'write'

const { apply, construct, cwd, join } = real

export function guardNativeFiles(seam: Seam): void {
  const { report } = process as unknown as { report?: { directory?: string; filename?: string } }
  if (report !== undefined) {
    guard(seam, report as unknown as Methods, 'writeReport', 'write', ([given]) => {
      const file = typeof given === 'string' && given !== '' ? given : report.filename || 'report.json'
      return report.directory ? join(report.directory, file) : file
    })
  }
  guard(seam, process as unknown as Methods, 'loadEnvFile', 'read', ([path = '.env']) => path)
  guard(seam, builtIn('node:module') as unknown as Methods, 'enableCompileCache', 'write', ([given]) => {
    const directory = typeof given === 'object' && given !== null ? (given as { directory?: unknown }).directory : given
    return directory ?? process.env.NODE_COMPILE_CACHE ?? real.tmpdir
  })
  seam.tap.onceBuiltIn('v8', (v8: Methods) =>
    guard(seam, v8, 'writeHeapSnapshot', 'write', ([file]) => file ?? join(cwd(), 'heapsnapshot')),
  )
  seam.tap.onceBuiltIn('wasi', (wasi: Wasi) => guardPreopens(seam, wasi))
  guardWebStorage(seam)
}

interface Wasi {
  WASI: new (options?: { preopens?: Record<string, string> }) => object
}

/** @param pathOf the path that a call means, by its arguments */
function guard(seam: Seam, owner: Methods, name: string, access: Access, pathOf: (args: unknown[]) => unknown): void {
  if (typeof owner[name] !== 'function') return
  seam.tap.patch(owner, name, (original) => {
    return function (...args) {
      judge(seam, pathOf(args), name, access)
      return apply(original, this, args)
    }
  })
}

/** @throws what stops it */
function judge(seam: Seam, path: unknown, name: string, access: Access): void {
  const stop = seam.judge(path, { access, last: 'content', function: name })
  if (stop !== undefined) throw errorOf(stop, { access, syscall: 'open', path })
}

/** Whatever runs in it may write below each folder that is opened for it. */
function guardPreopens(seam: Seam, wasi: Wasi): void {
  seam.tap.patch(wasi, 'WASI', (original) => {
    return new Proxy(original, {
      construct(target, args, newTarget) {
        const { preopens = {} } = (args[0] ?? {}) as { preopens?: Record<string, string> }
        for (const folder of Object.values(preopens)) judge(seam, folder, 'WASI', 'write')
        return construct(target, args, newTarget) as object
      },
    })
  })
}

/** `localStorage` in a file, which the command line names (Node 22 and newer). */
function guardWebStorage(seam: Seam): void {
  const option = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].find((one) =>
    one.startsWith('--localstorage-file='),
  )
  const file = option?.slice('--localstorage-file='.length)
  const { Storage } = globalThis as unknown as { Storage?: { prototype: Methods } }
  if (!file || Storage === undefined) return
  for (const name of ['setItem', 'removeItem', 'clear']) guard(seam, Storage.prototype, name, 'write', () => file)
}
