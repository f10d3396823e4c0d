/** The guard's side of volumes: where one answers, and what belongs to none. What they are made of is loaded with the first. */
import {
  fits,
  isAsymmetric,
  isRegExp,
  type Reply,
  RuleSyntaxError,
  SafeMap,
  SafeSet,
  SafeWeakMap,
  suggest,
  type Tap,
} from '../../src/plugin.ts'
import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import { readPath } from './paths.ts'
import type { Seam, Step } from './seam.ts'
import { HANDLE_METHODS, OPERATIONS } from './table.ts'
import type { Part, Volume } from './volume/index.ts'
import type { Kit } from './volume/kit.ts'
import { FIRST_DESCRIPTOR } from './volume/numbers.ts'

export type { Volume }

type Fn = (this: unknown, ...args: unknown[]) => unknown

/** Functions that a volume answers; what Node does natively, by other names, it cannot. */
export function answeredNames(): RegExp {
  names ??= new RegExp(
    `^(?:${[...Object.keys(OPERATIONS), ...Object.keys(HANDLE_METHODS).map((name) => `FileHandle\\.${name}`)].join('|')})(?:Sync)?$`,
  )
  return names
}
let names: RegExp | undefined

/** Devices and what the machine says of itself are no files of anybody's. */
export const OF_THE_SYSTEM = /^\/(?:dev|proc|sys)(?:\/|$)/

let seam: Seam | undefined
let part: Part | undefined
/** Those that have files open. */
const holders = new SafeMap<Volume, true>()

export function watchVolumes(given: Seam): void {
  seam = given
}

/** `fs.unwatchFile`, wherever it is called. */
export function guardUnwatch(tap: Tap, module: typeof import('node:fs')): void {
  tap.patch(module as unknown as Record<string, Fn>, 'unwatchFile', (original) => {
    return function (...args) {
      part?.unwatch(args[0], args[1])
      return real.apply(original, this, args)
    }
  })
}

/** The part that volumes are made of. @throws RuleSyntaxError where the guard is not installed */
export function volumes(): Part {
  if (part !== undefined) return part
  if (seam === undefined) throw new RuleSyntaxError('no test runs here', 'a test, a hook or a test file')
  const { tap } = seam
  const loaded = tap.part('volume') as { readonly part: Part; useKit(kit: Kit): void }
  loaded.useKit({ real, readPath, tap, fits, isAsymmetric, isRegExp, suggest, Misuse: RuleSyntaxError })
  part = loaded.part
  return part
}

export function newVolume(contents: unknown, options: unknown): Volume {
  if (real.platform === 'win32')
    throw new RuleSyntaxError('volumes have the paths of POSIX, which Windows has not', 'macOS or Linux')
  const volume = volumes().volume(contents, options)
  volume.descriptors.late = (file) => {
    const access = file.writes ? 'write' : 'read'
    const step: Step = { access, last: 'content', function: file.writes ? 'write' : 'read', opens: true }
    const stop = seam?.judge(file.path, step)
    if (stop?.kind === 'reply' && stop.reply.answer === volume) return
    if (stop !== undefined && stop.kind !== 'reply')
      throw errorOf(stop, { access, syscall: step.function, path: file.path })
    volume.refuseDescriptor()
  }
  volume.descriptors.writes = (file, name, args, run) => {
    const step: Step = { access: 'write', last: 'entry', function: name }
    const stop = seam?.judge(file.path, step)
    if (stop !== undefined && stop.kind !== 'reply')
      throw errorOf(stop, { access: 'write', syscall: name, path: file.path })
    if (stop === undefined || volume.operations === undefined) run()
    else volume.operations.carry(stop.reply, args, run)
  }
  volume.disclosing = (path, access) => mayDisclose(volume, path, access)
  volume.descriptors.onOpen = () => holders.set(volume, true)
  volume.descriptors.onIdle = () => holders.delete(volume)
  return volume
}

/** What passed under the scopes in force, so that it is judged and written down once. */
const disclosed = new SafeWeakMap<object, Set<string>>()

/** Of the real disk a volume discloses what the policy does, whatever name it has on the volume. @throws what stops it */
function mayDisclose(volume: Volume, path: string, access: 'probe' | 'read'): void {
  const memory = seam?.tap.memory()
  // Reading is anybody's, unless a rule or the config says otherwise.
  if (seam === undefined || memory === undefined || !(memory.ruled || memory.setting('fs.read') !== undefined)) return
  const known = disclosed.get(memory) ?? new SafeSet()
  disclosed.set(memory, known)
  if (known.has(`${access} ${path}`)) return
  const name = String(volume.descriptors.answered?.facts.function ?? access)
  const step: Step = { access, last: 'entry', function: name }
  const stop = volume.elsewhere(() => seam?.judge(path, step))
  if (stop !== undefined && stop.kind !== 'reply')
    throw errorOf(stop, { access, syscall: name.replace(/Sync$/, ''), path })
  known.add(`${access} ${path}`)
}

/** The volume whose file a descriptor stands for. */
export function holderOf(target: unknown): Volume | undefined {
  const fd = typeof target === 'number' ? target : (target as { fd?: unknown } | null)?.fd
  if (typeof fd !== 'number' || fd < FIRST_DESCRIPTOR) return undefined
  for (const volume of holders.keys()) if (volume.descriptors.has(fd)) return volume
  return undefined
}

export function isVolume(answer: unknown): answer is Volume {
  return typeof (answer as Partial<Volume> | null | undefined)?.takes === 'function'
}

/** Whether the scope that a volume would be registered in has one of its own. */
export function hasVolume(): boolean {
  return seam?.tap.frame().owner.mocks.some(({ answer }) => isVolume(answer)) ?? false
}

/** The volume in force where the present code stands. */
export function volumeHere(): Volume | undefined {
  for (let frame = seam?.tap.frame(); frame !== undefined; frame = frame.parent) {
    const mock = frame.mocks.find(({ answer }) => isVolume(answer))
    if (mock !== undefined) return mock.answer as Volume
  }
  return undefined
}

/** The volume that answers what is done here, in a sandbox. */
export function answering(path: string): Volume | undefined {
  const layer = { protocol: 'fs', operation: 'fs:read', facts: { path, function: 'readdir' } }
  const answer = seam?.tap.answerTo(layer)
  return isVolume(answer) ? answer : undefined
}

/** Whether code has gone to a folder that only a volume has. */
let isAway = false

/**
 * `process.chdir` where a volume answers.
 *
 * @returns whether it has gone there; the process goes to real folders itself
 */
export function goInVolume(folder: unknown): boolean {
  const path = readPath(folder)
  const volume = path && answering(real.resolve(real.cwd(), path.text))
  if (volume === undefined || !volume.chdir(folder)) return false
  if (!isAway) {
    isAway = true
    seam?.tap.patch(process, 'cwd', (original) => () => cwdInVolume() ?? original())
    seam?.tap.onUndo(() => {
      isAway = false
    })
  }
  return true
}

/** The current folder, where that is one that only a volume has. */
export function cwdInVolume(): string | undefined {
  return isAway ? answering(real.cwd())?.tree.cwd : undefined
}

/** The volume that answered in a sandbox, or that would have. */
export function volumeOf(interactions: readonly object[]): Volume {
  for (const interaction of interactions) {
    const { mock } = interaction as { mock?: { answer: unknown } }
    if (isVolume(mock?.answer)) return mock.answer
  }
  const volume = volumeHere()
  if (volume === undefined)
    throw new RuleSyntaxError('there is no volume here', "tripwire.fs.volume({ 'a.txt': 'text' })")
  return volume
}

/** Whether a reply's volume answers, or who else: the error to fail with, true where it does, false where the real thing is done. */
export function settle(reply: Reply, asked: Parameters<Volume['takes']>[1]): Error | boolean {
  for (;;) {
    if (reply.passThrough) return false
    const { answer } = reply
    if (!isVolume(answer)) return true
    const taken = answer.takes(reply, asked)
    if (taken === true) return true
    if (taken !== false) return taken
    if (reply.passThrough) return false
  }
}
