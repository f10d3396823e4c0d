/** `watchFile` on a volume: whoever polls is told of what a look shows that the one before did not, as Node tells of the real disk. */
import { EventEmitter } from 'node:events'
import nodeFs from 'node:fs'
import { type Options, optionsOf, pathText, refuse } from './arguments.ts'
import { Fault } from './errors.ts'
import { kit } from './kit.ts'
import { noStats, statsOf } from './stats.ts'
import type { VolumeParts } from './volume.ts'

/** As Node has it. */
const INTERVAL = 5007

type Seen = Readonly<Record<string, unknown>>

/** What a difference is, as libuv compares it. */
const COMPARED = ['ctimeMs', 'mtimeMs', 'birthtimeMs', 'size', 'mode', 'uid', 'gid', 'ino', 'dev']

/** Those that poll, on any volume of this worker, by absolute path: `unwatchFile` asks for them, wherever it is called. */
const watched = new Map<string, Set<VolumeStatWatcher>>()

class VolumeStatWatcher extends EventEmitter {
  readonly #look: () => Seen
  readonly #interval: number
  #seen: Seen
  #timer: { unref?(): void } | undefined

  constructor(look: () => Seen, interval: number) {
    super()
    this.#look = look
    this.#interval = interval
    this.#seen = look()
    // Of a file that is not there its watcher is told once.
    if (this.#seen.mode === 0 || this.#seen.mode === 0n)
      kit().real.setImmediate(() => this.isPolling && this.emit('change', this.#seen, this.#seen))
    this.#wait()
  }

  get isPolling(): boolean {
    return this.#timer !== undefined
  }

  #wait(): void {
    const timer = kit().real.setTimeout(() => this.#poll(), this.#interval)
    // Nothing of a volume keeps the process alive.
    timer.unref?.()
    this.#timer = timer
  }

  #poll(): void {
    if (!this.isPolling) return
    this.#wait()
    const [before, now] = [this.#seen, this.#look()]
    if (COMPARED.every((name) => before[name] === now[name])) return
    this.#seen = now
    this.emit('change', now, before)
  }

  stop(): void {
    if (this.#timer === undefined) return
    kit().real.clearTimeout(this.#timer as never)
    this.#timer = undefined
    kit().real.nextTick(() => this.emit('stop'))
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** @param absolute the path that a path of a call means */
export function watchFileFunctions({ calls }: VolumeParts): Record<string, (...args: never[]) => unknown> {
  const own = new Map<string, VolumeStatWatcher>()

  const watchFile = (path: unknown, given?: unknown, told?: unknown): VolumeStatWatcher => {
    const listener = typeof given === 'function' ? given : told
    // Node says what is wrong with it.
    if (typeof listener !== 'function') refuse(() => nodeFs.watchFile('/dev/null', {}, listener as never))
    const { interval = INTERVAL, bigint = false } = optionsOf(given) as Options & {
      interval?: number
      bigint?: boolean
    }
    const whole = kit().real.resolve(calls.cwd(), pathText(path))
    let watcher = own.get(whole)
    if (watcher === undefined || !watcher.isPolling) {
      watcher = new VolumeStatWatcher(() => look(whole, bigint), interval)
      own.set(whole, watcher)
      const all = watched.get(whole) ?? new Set()
      watched.set(whole, all.add(watcher))
      // With its sandbox: later, files are those of the real disk.
      kit()
        .tap.frame()
        .onClose.push(() => unwatch(whole))
    }
    return watcher.addListener('change', listener as (...args: unknown[]) => void)
  }

  function look(path: string, bigint: boolean): Seen {
    try {
      return statsOf(calls.need(path, 'always').inode, bigint) as unknown as Seen
    } catch (error) {
      if (error instanceof Fault) return noStats(bigint) as unknown as Seen
      throw error
    }
  }

  return { watchFile }
}

/** `fs.unwatchFile`, for those that poll on volumes. @param listener all of them if left out */
export function unwatch(path: unknown, listener?: unknown): void {
  if (watched.size === 0) return
  const text = kit().readPath(path)?.text
  if (text === undefined) return
  const whole = kit().real.resolve(kit().real.cwd(), text)
  for (const watcher of watched.get(whole) ?? []) {
    if (typeof listener === 'function') watcher.removeListener('change', listener as (...args: unknown[]) => void)
    else watcher.removeAllListeners('change')
    if (watcher.listenerCount('change') > 0) continue
    watcher.stop()
    watched.get(whole)?.delete(watcher)
  }
  if (watched.get(whole)?.size === 0) watched.delete(whole)
}
