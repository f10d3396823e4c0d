/** Patches every function of the table that takes paths. */
import type fs from 'node:fs'
import { copiedInto } from './copies.ts'
import { type Descriptors, isDescriptor } from './descriptors.ts'
import { type FailedCall, fail } from './failure.ts'
import { flagsOf, onlyReads } from './flags.ts'
import { foldersOf } from './globs.ts'
import { exportName, isPromised } from './names.ts'
import { real } from './originals.ts'
import { Resolver, readPath } from './paths.ts'
import { type Seam, type Step, slotOf } from './seam.ts'
import { type Access, type Form, type FsOperation, OPERATIONS, type PathArgument } from './table.ts'
import { holderOf } from './volumes.ts'

type Fn = (this: unknown, ...args: unknown[]) => unknown
type Owner = Record<string, Fn>

const { apply } = real
const HANDLED_ELSEWHERE: readonly Form[] = ['stream', 'class']

/** An export that is patched. */
interface Patched {
  readonly name: string
  readonly form: Form
  readonly operation: FsOperation
}

export function guardFunctions(
  seam: Seam,
  { fs: module, descriptors }: { fs: typeof fs; descriptors: Descriptors },
): void {
  for (const [base, operation] of Object.entries(OPERATIONS)) {
    if (operation.paths.length === 0) continue
    for (const form of operation.forms) {
      if (HANDLED_ELSEWHERE.includes(form)) continue
      const owner = (isPromised(form) ? module.promises : module) as unknown as Owner
      const patched: Patched = { name: exportName(base, form), form, operation }
      if (typeof owner[patched.name] !== 'function') continue
      patch(seam, descriptors, owner, patched)
      const native = (owner[patched.name] as unknown as Owner).native
      if (typeof native === 'function')
        patch(seam, descriptors, owner[patched.name] as unknown as Owner, patched, 'native')
    }
  }
}

function patch(seam: Seam, descriptors: Descriptors, owner: Owner, patched: Patched, key = patched.name): void {
  seam.tap.patch(owner, key, (original) => {
    const { operation } = patched
    if (operation.moves) return moving(seam, descriptors, original, patched)
    const [path, ...others] = operation.paths
    const isPlain = path?.at === 0 && others.length === 0 && path.is === undefined && !operation.flags
    if (isPlain && operation.descriptor === undefined) return plain(seam, original, patched, path)
    return any(seam, descriptors, original, patched)
  })
}

/** One path, always used alike: these are called thousands of times. */
function plain(seam: Seam, original: Fn, patched: Patched, { access, last }: PathArgument): Fn {
  const step: Step = { access: access as Access, last, function: patched.name, opens: isOpening(patched) }
  const slot = slotOf(step)
  return function (...args) {
    // A number that V8 knows, so that it need not make the list.
    if (!seam.passes(slot, args[0])) {
      const stop = seam.judge(args[0], step)
      if (stop !== undefined) return fail(stop, callOf(patched, step, args[0]), args)
    }
    return apply(original, this, args)
  }
}

function any(seam: Seam, descriptors: Descriptors, original: Fn, patched: Patched): Fn {
  const opens = patched.name === 'open' || patched.name === 'openSync'
  return function (...args) {
    const stopped = opens && seam.keepsPromise(args[0], args[1]) ? undefined : check(seam, descriptors, patched, args)
    if (stopped !== undefined) return stopped.answer()
    const connection = opens ? seam.takeConnection() : undefined
    if (!opens || (connection === undefined && !descriptors.keepsPaths)) return apply(original, this, args)
    return descriptors.opening(patched.form, connection, args, () => apply(original, this, args))
  }
}

function moving(seam: Seam, descriptors: Descriptors, original: Fn, patched: Patched): Fn {
  const form = patched.form === 'sync' ? 'now' : (patched.form as 'promise' | 'callback')
  return function (...args) {
    const stopped = check(seam, descriptors, patched, args)
    if (stopped !== undefined) return stopped.answer()
    return seam.moving(form, args, () => apply(original, this, args))
  }
}

/** A call that is not carried out as it is, and what becomes of it. */
interface Stopped {
  /** Whether a volume answers. */
  readonly replies?: boolean
  answer(): unknown
}

const NO_STEP: Step = { access: 'write', last: 'content', function: '' }

/** Judges each path of a call, the first that is stopped stops it. */
function check(seam: Seam, descriptors: Descriptors, patched: Patched, args: unknown[]): Stopped | undefined {
  const { operation, name } = patched
  const stopAt = (path: unknown, step: Step): Stopped | undefined => {
    if (step.from === undefined && seam.passes(slotOf(step), path)) return undefined
    const stop = seam.judge(path, step)
    return stop && { replies: stop.kind === 'reply', answer: () => fail(stop, callOf(patched, step, path), args) }
  }
  if (operation.descriptor !== undefined && isDescriptor(args[0])) {
    const holder = holderOf(args[0])
    if (holder !== undefined) return { answer: () => holder.use(callOf(patched, NO_STEP, ''), args) }
    const stop = descriptors.use(args[0])
    const access = operation.descriptor === 'read' ? 'read' : 'write'
    const call = { name, form: patched.form, access, syscall: operation.syscall ?? name, path: '' } as const
    return stop && { answer: () => fail(stop, call, args) }
  }
  let source: Stopped | undefined
  for (const path of operation.paths) {
    const access = path.access === 'flags' ? accessBy(operation, args) : path.access
    const step: Step = { access, last: path.last, function: name, opens: isOpening(patched) }
    for (const [given, from] of givenAt(path, operation, args)) {
      const stopped = stopAt(given, from === undefined ? step : { ...step, from })
      if (stopped === undefined) continue
      // What is copied is answered where it is written to, too.
      if (!(stopped.replies && operation.doing === 'copying')) return stopped
      source = stopped
    }
  }
  if (source !== undefined) return source
  if (name !== 'cp' && name !== 'cpSync') return undefined
  for (const { path, access } of copiedInto(args, seam.guardsReading)) {
    const stopped = stopAt(path, { access, last: 'content', function: name })
    if (stopped !== undefined) return stopped
  }
  return undefined
}

function accessBy({ flags }: FsOperation, args: readonly unknown[]): Access {
  return flags === undefined || onlyReads(flagsOf(flags, args)) ? 'read' : 'write'
}

/** The paths that an argument stands for, each with the folder that it starts in when that is not the current one. */
function givenAt(
  path: PathArgument,
  { paths }: FsOperation,
  args: readonly unknown[],
): (readonly [unknown, string?])[] {
  const given = args[path.at]
  if (path.is === 'glob') return foldersOf(given, args[1])
  if (path.is === 'prefix') return [[withSuffix(given)]]
  if (path.is !== 'target') return [[given]]
  const link = paths.find((other) => other !== path)
  const from = folderOf(args[link?.at ?? 1])
  return from === undefined ? [] : [[given, from]]
}

/** `mkdtemp` puts six characters behind what it is given; which ones is not known before it has made the folder. */
const SUFFIX = 'X'.repeat(6)

function withSuffix(prefix: unknown): unknown {
  if (prefix instanceof Uint8Array) return Buffer.concat([prefix, Buffer.from(SUFFIX)])
  const path = readPath(prefix)
  return path && path.text + SUFFIX
}

/** What a link leads to is read against the folder that holds the link. */
function folderOf(link: unknown): string | undefined {
  const path = readPath(link)
  return path && new Resolver().resolve({ ...path, text: real.dirname(path.text) }, 'content')
}

function isOpening({ operation, name }: Patched): boolean {
  return operation.syscall === 'open' || name === 'open' || name === 'openSync'
}

function callOf({ name, form, operation }: Patched, { access }: Step, path: unknown): FailedCall {
  return { name, form, access, syscall: operation.syscall ?? name.replace(/Sync$/, ''), path }
}
