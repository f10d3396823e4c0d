/** How a stopped call fails: as the function fails by itself. */
import { builtIn, originals, type Reply } from '../../src/plugin.ts'

import { real } from './originals.ts'
import type { Stop } from './seam.ts'
import type { Access, Form } from './table.ts'
import type { Volume } from './volume/index.ts'

const { nextTick } = real
const { Promise: HostPromise } = originals
const HostError = Error

export interface FailedCall {
  /** As it is exported: `statSync`. */
  readonly name: string
  readonly form: Form
  readonly access: Access
  readonly syscall: string
  readonly path: unknown
}

/**
 * The error that a stopped call fails with. A refused one fails like a file that is not there, and like a folder that may not be written.
 */
export function errorOf(stop: Stop, { access, syscall, path }: Omit<FailedCall, 'name' | 'form'>): Error {
  if (stop.kind === 'block') return stop.error
  const [code, text, errno] =
    access === 'write'
      ? (['EACCES', 'permission denied', builtIn('node:os').constants.errno.EACCES] as const)
      : (['ENOENT', 'no such file or directory', builtIn('node:os').constants.errno.ENOENT] as const)
  const named = typeof path === 'string' ? path : String(path)
  return Object.assign(new HostError(`${code}: ${text}, ${syscall} '${named}'`), {
    errno: -errno,
    code,
    syscall,
    path: named,
  })
}

/** Throws, tells, or gives what a stopped call gives. */
export function fail(stop: Stop, call: FailedCall, args: readonly unknown[]): unknown {
  if (stop.kind === 'reply') return answered(stop.reply, call, args)
  const error = errorOf(stop, call)
  const callback = args.at(-1)
  if (call.form === 'promise' || call.form === 'later') return HostPromise.reject(error)
  if (call.form === 'iterator') return failing(error)
  if (call.form === 'callback' && typeof callback === 'function') {
    nextTick(() => (call.name === 'exists' ? callback(false) : callback(error)))
    return undefined
  }
  if (call.name === 'existsSync') return false
  throw error
}

/** By a volume, which stands in the place of the disk. */
function answered(reply: Reply, call: FailedCall, args: readonly unknown[]): unknown {
  return (reply.answer as Volume).answer(reply, call, args)
}

/** Fails at the first step and is over, as the iterators of Node do, which are generators too: what is yielded is awaited first. */
async function* failing(error: Error): AsyncGenerator<never> {
  yield HostPromise.reject(error)
}
