/** `watch` on a volume: told of what is changed there. */
import { EventEmitter } from 'node:events'
import { at, encodedName, type Options, optionsOf, pathText } from './arguments.ts'
import { abortError } from './errors.ts'
import { FolderInode } from './inodes.ts'
import { kit } from './kit.ts'
import type { VolumeParts } from './volume.ts'

type Event = 'rename' | 'change'

class VolumeWatcher extends EventEmitter {
  #close: (() => void) | undefined

  constructor(close: (watcher: VolumeWatcher) => void) {
    super()
    this.#close = () => close(this)
  }

  close(): void {
    if (this.#close === undefined) return
    this.#close()
    this.#close = undefined
    kit().real.nextTick(() => this.emit('close'))
  }

  /** Nothing of a volume keeps the process alive. */
  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

export function watchFunctions({ calls }: VolumeParts): Record<string, (...args: never[]) => unknown> {
  const watchers = new Map<VolumeWatcher, (path: string, event: Event) => void>()
  const changed = calls.changed
  calls.changed = (path, event) => {
    changed(path, event)
    if (watchers.size === 0) return
    for (const tell of watchers.values()) tell(path, event)
  }

  const watch = (path: unknown, given?: unknown, listener?: unknown): VolumeWatcher => {
    const options = optionsOf(given) as Options & { signal?: AbortSignal }
    const told = typeof given === 'function' ? given : listener
    const { inode, path: whole } = at('watch', pathText(path), () => calls.need(pathText(path), 'always'))
    const watcher = new VolumeWatcher((closed) => watchers.delete(closed))
    if (typeof told === 'function') watcher.on('change', told as (...args: unknown[]) => void)
    const isFolder = inode instanceof FolderInode
    watchers.set(watcher, (changedPath, event) => {
      const near = kit().real.relative(whole, changedPath)
      const isBelow =
        isFolder && near !== '' && !near.startsWith('..') && (options.recursive === true || !near.includes('/'))
      if (!isBelow && near !== '') return
      const name = encodedName(near === '' ? (changedPath.split('/').at(-1) as string) : near, options.encoding)
      kit().real.setImmediate(() => watchers.has(watcher) && watcher.emit('change', event, name))
    })
    if (options.signal?.aborted) kit().real.nextTick(() => watcher.close())
    options.signal?.addEventListener('abort', () => watcher.close(), { once: true })
    return watcher
  }

  async function* iterate(path: unknown, given?: unknown): AsyncGenerator<{ eventType: Event; filename: unknown }> {
    const { signal } = optionsOf(given) as { signal?: AbortSignal }
    if (signal?.aborted) throw abortError(signal)
    const { signal: _, ...options } = optionsOf(given) as Options
    const watcher = watch(path, options)
    const events: { eventType: Event; filename: unknown }[] = []
    let wake = () => {}
    watcher.on('change', (eventType: Event, filename: unknown) => {
      events.push({ eventType, filename })
      wake()
    })
    signal?.addEventListener('abort', () => wake(), { once: true })
    try {
      for (;;) {
        const next = events.shift()
        if (next !== undefined) yield next
        else if (signal?.aborted) throw abortError(signal)
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      watcher.close()
    }
  }

  return { watch, 'promises.watch': iterate } as never
}
