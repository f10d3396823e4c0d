/** Streams open their file later, without a line of the user's on the stack: they are judged where they are made. */
import type fs from 'node:fs'
import { errorOf } from './failure.ts'
import { flagsOf, onlyReads } from './flags.ts'
import { real } from './originals.ts'
import { readPath } from './paths.ts'
import { type Seam, type Step, slotOf } from './seam.ts'
import { type FsOperation, OPERATIONS } from './table.ts'
import type { Volume, VolumeHandle } from './volume/index.ts'
import { holderOf } from './volumes.ts'

type Fn = (this: unknown, ...args: unknown[]) => unknown
type Class = new (...args: unknown[]) => object

const { apply, construct, nextTick } = real

export function guardStreams(seam: Seam, module: typeof fs): void {
  const owner = module as unknown as Record<string, Fn>
  // `createReadStream` makes a `ReadStream`, in the same moment: one call.
  let within = false
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (operation.forms.includes('stream')) {
      seam.tap.patch(owner, name, (original) => {
        return function (...args) {
          const judged = judge(seam, name, operation, args, module)
          const before = within
          within = true
          try {
            return apply(original, this, judged)
          } finally {
            within = before
          }
        }
      })
    }
    if (operation.forms.includes('class')) {
      const judged = (args: unknown[]) => (within ? args : judge(seam, name, operation, args, module))
      const { prototype } = owner[name] as unknown as { prototype: { constructor: unknown } }
      seam.tap.patch(owner, name, (original) => guardClass(original, judged))
      // `new stream.constructor(path)`
      if (prototype.constructor !== owner[name]) seam.tap.patch(prototype, 'constructor', () => owner[name])
    }
  }
}

/** A proxy, so that it stays the class: for `instanceof`, for `extends`, and for libraries that call it as a function. */
function guardClass(original: Fn, judged: (args: unknown[]) => unknown[]): Fn {
  const guarded: Fn = new Proxy(original, {
    apply: (target, self, args) => apply(target, self, judged(args)),
    construct(target, args, newTarget) {
      return construct(target as unknown as Class, judged(args), newTarget === guarded ? target : newTarget)
    },
  })
  return guarded
}

/** The arguments to go on with: those of a stopped stream make it fail when it opens. */
function judge(seam: Seam, name: string, operation: FsOperation, args: unknown[], module: typeof fs): unknown[] {
  const [path, given] = args
  const options = (typeof given === 'object' && given !== null ? given : {}) as {
    fd?: unknown
    fs?: object
    flags?: unknown
  }
  if (options.fd !== undefined && options.fd !== null) {
    // Node knows its own handles only.
    const isVolumes = typeof options.fd === 'object' && holderOf(options.fd) !== undefined
    return isVolumes ? [path, (options.fd as VolumeHandle).streamOptions(options)] : args
  }
  // Who brings functions of his own opens with those, and is judged by what they do.
  if (options.fs !== undefined && options.fs !== null) return args
  const access = operation.flags && onlyReads(flagsOf(operation.flags, args)) ? 'read' : 'write'
  const step: Step = { access, last: 'content', function: name, opens: true }
  if (seam.passes(slotOf(step), path)) return args
  const stop = seam.judge(path, step)
  if (stop === undefined) {
    const { flags = operation.flags?.without } = options
    seam.promise(typeof path === 'string' || path instanceof Uint8Array ? path : readPath(path)?.text, flags)
    return args
  }
  if (stop.kind === 'reply')
    return [path, { ...ownOptions(given), fs: (stop.reply.answer as Volume).forStreams(stop.reply) }]
  const error = errorOf(stop, { access, syscall: 'open', path })
  const open = (...rest: unknown[]) => nextTick(rest.at(-1) as (error: Error) => void, error)
  return [path, { ...ownOptions(given), fs: { ...functionsOf(module), open } }]
}

function ownOptions(given: unknown): object {
  return typeof given === 'string' ? { encoding: given } : { ...(given as object | undefined) }
}

/** All that a stream asks for. */
function functionsOf({ read, write, writev, close, fsync }: typeof fs): object {
  return { read, write, writev, close, fsync }
}
