/** Files that are open already: what may still be done to one, and which path it has. */

import type fs from 'node:fs'
import { SafeMap } from '../../src/plugin.ts'
import { type FailedCall, fail } from './failure.ts'
import { exportName } from './names.ts'
import { real } from './originals.ts'
import type { Seam, Step, Stop } from './seam.ts'
import { type Form, type FsOperation, OPERATIONS } from './table.ts'
import { holderOf } from './volumes.ts'

type Fn = (this: unknown, ...args: unknown[]) => unknown
type Descriptor = number | { readonly fd: number }

const { apply } = real

/** A number, or a `FileHandle`, where a path might stand. */
export function isDescriptor(value: unknown): value is Descriptor {
  return (
    typeof value === 'number' || (typeof value === 'object' && value !== null && typeof numberOf(value) === 'number')
  )
}

function numberOf(target: unknown): unknown {
  return typeof target === 'number' ? target : (target as { fd?: unknown }).fd
}

/** A change through a descriptor that is not carried out as it is. */
export interface StoppedChange {
  readonly stop: Stop
  readonly path: string
}

export class Descriptors {
  /** Linux tells the path of a descriptor; elsewhere it is kept from its opening. */
  readonly keepsPaths = real.platform !== 'linux'
  readonly #seam: Seam
  readonly #paths = new SafeMap<number, string>()
  /** Those whose use a sandbox may have to judge: opened because of a rule, or under a level that let them through. */
  readonly #connections = new SafeMap<number, object>()

  constructor(seam: Seam) {
    this.#seam = seam
  }

  /** Runs a function that opens a file, and notes what it opened. */
  opening(form: Form, connection: object | undefined, args: unknown[], run: () => unknown): unknown {
    const path = this.keepsPaths && typeof args[0] === 'string' ? real.resolve(real.cwd(), args[0]) : undefined
    const opened = (target: unknown) => {
      const fd = numberOf(target ?? {})
      if (typeof fd !== 'number') return
      if (connection) this.#connections.set(fd, connection)
      else this.#connections.delete(fd)
      if (path !== undefined) this.#paths.set(fd, path)
    }
    const callback = args.at(-1)
    if (form === 'callback' && typeof callback === 'function') {
      args[args.length - 1] = function (this: unknown, error: unknown, fd: unknown) {
        opened(fd)
        return apply(callback, this, [error, fd])
      }
    }
    const result = run()
    if (form === 'sync') opened(result)
    if (form === 'promise') (result as Promise<unknown>).then(opened, () => {})
    return result
  }

  /** Something is about to be done to an open file: judged in a sandbox that did not see it open. */
  use(target: Descriptor): Stop | undefined {
    if (this.#connections.size === 0) return undefined
    const connection = this.#connections.get(Number(numberOf(target)))
    const outcome = connection && this.#seam.tap.use(connection)
    return outcome === undefined || outcome.kind === 'pass' ? undefined : outcome
  }

  closed(target: Descriptor): void {
    if (this.#connections.size > 0) this.#connections.delete(Number(numberOf(target)))
    if (this.keepsPaths) this.#paths.delete(Number(numberOf(target)))
  }

  /** Mode, owner and times can be changed through a descriptor that was opened for reading: that writes to its path. */
  changeMetadata(target: Descriptor, name: string): StoppedChange | undefined {
    const path = this.pathOf(Number(numberOf(target)))
    const step: Step = { access: 'write', last: 'entry', function: name }
    const stop = path === undefined ? undefined : this.#seam.judge(path, step)
    return stop && { stop, path: path as string }
  }

  /** Undefined for what is no file with a path: pipes, sockets. */
  pathOf(fd: number): string | undefined {
    if (this.keepsPaths) return this.#paths.get(fd)
    try {
      const path = real.readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith('/') ? path : undefined
    } catch {
      return undefined
    }
  }
}

/** Patches every function of the table that takes a descriptor only. */
export function guardDescriptors(seam: Seam, module: typeof fs, descriptors: Descriptors): void {
  const owner = module as unknown as Record<string, Fn>
  for (const [base, operation] of Object.entries(OPERATIONS)) {
    if (operation.paths.length > 0) continue
    for (const form of operation.forms) {
      const name = exportName(base, form)
      seam.tap.patch(owner, name, (original) => wrap(descriptors, original, { name, form, operation }))
    }
  }
}

function wrap(
  descriptors: Descriptors,
  original: Fn,
  { name, form, operation }: { name: string; form: Form; operation: FsOperation },
): Fn {
  const access = operation.descriptor === 'read' ? 'read' : 'write'
  if (operation.descriptor === 'close') {
    return function (...args) {
      const holder = holderOf(args[0])
      if (holder !== undefined) return holder.use({ name, form }, args)
      descriptors.closed(args[0] as number)
      return apply(original, this, args)
    }
  }
  return function (...args) {
    const fd = args[0] as number
    const holder = holderOf(fd)
    if (holder !== undefined) return holder.use({ name, form }, args)
    if (operation.descriptor === undefined) return apply(original, this, args)
    const call = { name, form, access, syscall: name.replace(/Sync$/, ''), path: '' } as const
    const stop = descriptors.use(fd)
    if (stop !== undefined) return fail(stop, call, args)
    const isChange = operation.descriptor === 'metadata' && typeof fd === 'number'
    const change = isChange ? descriptors.changeMetadata(fd, name) : undefined
    return change === undefined ? apply(original, this, args) : failChange(change, call, args.slice(1))
  }
}

/** A volume changes what stands under the path: the descriptor is the real disk's. @param rest without the descriptor */
export function failChange({ stop, path }: StoppedChange, call: FailedCall, rest: readonly unknown[]): unknown {
  if (stop.kind !== 'reply') return fail(stop, call, rest)
  const name = call.name.replace(/^FileHandle\.|^f/, '')
  return fail(stop, { ...call, name, path }, [path, ...rest])
}
