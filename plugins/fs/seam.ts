/** What all patched functions share: what is known to pass, and the way to the guard for what is not. */
import { type Facts, type Memory, type Outcome, SafeSet, type Tap } from '../../src/plugin.ts'
import { isNoFile } from './devices.ts'
import { real } from './originals.ts'
import { type GivenPath, Resolver, readPath } from './paths.ts'
import { passesByRoots } from './roots.ts'
import type { Access } from './table.ts'
import { cwdInVolume, settle } from './volumes.ts'

export type Stop = Exclude<Outcome, { kind: 'pass' }>

/** One path of one call. */
export interface Step {
  readonly access: Access
  readonly last: 'entry' | 'content'
  /** The function as it was called: `writeFileSync`. */
  readonly function: string
  /** Whether what is done is done to the open file: then pipes and the like are none. */
  readonly opens?: boolean
  /** Where a relative path starts; the current folder else. */
  readonly from?: string
  /** More facts of the call. */
  readonly facts?: Facts
}

const SLOTS: Readonly<Record<Access, number>> = { probe: 0, read: 2, write: 4 }
/** More remembered paths than a test needs; what is forgotten is only judged again. */
const MOST_PATHS = 50_000

/** Streams that never open would fill the list. */
const MOST_PROMISED = 1000
const { splice } = Array.prototype

interface Promised {
  readonly path: unknown
  readonly flags: unknown
  readonly connection: object | undefined
  readonly generation: number
}

/** A kind of step, as a number: what is known of one says nothing of another. */
export function slotOf({ access, last }: Pick<Step, 'access' | 'last'>): number {
  return SLOTS[access] + (last === 'entry' ? 1 : 0)
}

/** What is known while the scopes in force stay as they are. */
class Known {
  generation: number
  /** By slot: whether any path passes. */
  readonly open: readonly boolean[]
  /** By slot: paths, as they were given, that passed. */
  readonly passed: readonly Set<string>[]
  readonly resolver = new Resolver()

  constructor(memory: Memory, generation: number) {
    this.generation = generation
    const all = memory.kind === 'unwatched'
    const reads = all || (memory.kind === 'steady' && !memory.ruled && memory.setting('fs.read') === undefined)
    this.open = [reads, reads, reads, reads, all, all]
    this.passed = this.open.map(() => new SafeSet<string>())
  }

  forget(generation: number): void {
    this.generation = generation
    for (const paths of this.passed) paths.clear()
    this.resolver.forget()
  }
}

export class Seam {
  readonly tap: Tap
  /** Grows whenever a function that may make, move or remove a link or a folder begins or ends. */
  #generation = 0
  /** Such functions that are on their way: until they end, nothing is known for certain. */
  #moving = 0
  /** Files that streams will open: they were judged when the stream was made. */
  readonly #promised: Promised[] = []
  /** What stands for the file that the last step opened. */
  #connection: object | undefined

  constructor(tap: Tap) {
    this.tap = tap
  }

  /** Whether a path is known to pass; the whole cost of a permitted call. */
  passes(slot: number, path: unknown): boolean {
    const memory = this.tap.memory()
    const known = (memory.kept as Known | undefined) ?? this.#begin(memory)
    if (known.open[slot]) return true
    if (known.generation !== this.#generation) known.forget(this.#generation)
    return typeof path === 'string' && (known.passed[slot] as Set<string>).has(path)
  }

  #begin(memory: Memory): Known {
    const known = new Known(memory, this.#generation)
    memory.kept = known
    return known
  }

  /** Judges a path that is not known to pass; undefined when it does now, or when Node refuses it itself. */
  judge(given: unknown, step: Step): Stop | undefined {
    const path = readPath(given)
    return path === undefined ? undefined : this.#judge(path, given, step)
  }

  #judge(path: GivenPath, given: unknown, asked: Step): Stop | undefined {
    this.#connection = undefined
    const away = asked.from === undefined ? cwdInVolume() : undefined
    const step = away === undefined ? asked : { ...asked, from: away }
    const memory = this.tap.memory()
    if (memory.kind === 'unwatched') return undefined
    const known = (memory.kept as Known | undefined) ?? this.#begin(memory)
    if (known.generation !== this.#generation) known.forget(this.#generation)
    const { access, last, opens = false } = step
    const resolved = known.resolver.resolve(path, last, step.from)
    const inRoots = passesByRoots(access, resolved, memory)
    if (opens && !inRoots && isNoFile(resolved)) return undefined
    const isSteady = memory.kind === 'steady' && this.#moving === 0 && step.from === undefined
    // No rule has a say, and the folders have: thousands of files are met once each.
    if (inRoots && isSteady && !memory.ruled && typeof given === 'string') {
      remember(known, slotOf(step), given)
      if (access !== 'write') remember(known, slotOf({ access: access === 'read' ? 'probe' : 'read', last }), given)
      return undefined
    }
    const connection = opens && !inRoots ? {} : undefined
    const outcome = this.tap.judge(layerOf(path, resolved, step), connection)
    if (outcome.kind === 'reply') {
      const taken = settle(outcome.reply, { text: path.text, access, last, function: step.function })
      if (taken !== false) return taken === true ? outcome : { kind: 'block', error: taken }
    } else if (outcome.kind !== 'pass') return outcome
    this.#connection = connection
    // What was opened by a rule is judged again where it is used in a sandbox, so it has to be seen each time.
    const lasts = isSteady && outcome.kind === 'pass' && outcome.steady && connection === undefined
    if (lasts && typeof given === 'string') remember(known, slotOf(step), given)
    return undefined
  }

  /** What stands for the file that the last judged step opened, when a sandbox may have to judge its use. */
  takeConnection(): object | undefined {
    const connection = this.#connection
    this.#connection = undefined
    return connection
  }

  /** A stream was judged, and will open its file in a moment. @param path as the stream hands it to `open` */
  promise(path: unknown, flags: unknown): void {
    if (this.#promised.length >= MOST_PROMISED) this.#promised.length = 0
    const connection = this.takeConnection()
    this.#promised[this.#promised.length] = { path, flags, connection, generation: this.#generation }
  }

  /** Whether a stream opens a file that it was judged for; not when what paths mean may have changed meanwhile. */
  keepsPromise(path: unknown, flags: unknown): boolean {
    for (let at = 0; at < this.#promised.length; at++) {
      const promised = this.#promised[at] as Promised
      if (promised.path !== path || promised.flags !== flags) continue
      real.apply(splice, this.#promised, [at, 1])
      this.#connection = promised.connection
      return promised.generation === this.#generation
    }
    return false
  }

  /** Whether reading is guarded where the present code runs: else nobody needs to know what a tree holds. */
  get guardsReading(): boolean {
    return !this.passes(slotOf({ access: 'read', last: 'content' }), undefined)
  }

  /** Runs a function that may change what paths mean, and forgets when it begins and when it has ended. */
  moving(form: 'now' | 'promise' | 'callback', args: unknown[], run: () => unknown): unknown {
    this.#moving++
    this.#generation++
    const ended = () => {
      this.#moving--
      this.#generation++
    }
    const callback = args.at(-1)
    if (form === 'callback' && typeof callback === 'function') {
      args[args.length - 1] = function (this: unknown, ...results: unknown[]) {
        ended()
        return real.apply(callback, this, results)
      }
    }
    let result: unknown
    try {
      result = run()
    } catch (error) {
      ended()
      throw error
    }
    if (form === 'promise') (result as Promise<unknown>).then(ended, ended)
    else if (form === 'now' || typeof callback !== 'function') ended()
    return result
  }
}

function remember(known: Known, slot: number, path: string): void {
  const paths = known.passed[slot] as Set<string>
  if (paths.size >= MOST_PATHS) paths.clear()
  paths.add(path)
}

function layerOf({ text }: GivenPath, path: string, step: Step) {
  const given = text === path || real.resolve(step.from ?? real.cwd(), text) === path ? {} : { given: text }
  const facts: Facts = { path, function: step.function, ...given, ...step.facts }
  return { protocol: 'fs', operation: `fs:${step.access}`, facts }
}
