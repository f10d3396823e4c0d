/** Who listens to which channel. */
import type { Value } from './resp.ts'
import { Push } from './resp.ts'

/** How a client listens: to a channel, to channels by a pattern, to a channel of a shard. */
export type Way = 'subscribe' | 'psubscribe' | 'ssubscribe'

/** A client that listens. */
export interface Listener {
  push(push: Push): void
}

/** Names as text; bytes that are no UTF-8 stand for themselves (`latin1`), as a name has to be a key. */
export type Name = string

export class Channels {
  readonly #listeners = new Map<Listener, Readonly<Record<Way, Map<Name, Value>>>>()

  /** @returns how many the listener listens to then */
  add(listener: Listener, way: Way, name: Name, shown: Value): number {
    const ways = this.#listeners.get(listener) ?? { subscribe: new Map(), psubscribe: new Map(), ssubscribe: new Map() }
    this.#listeners.set(listener, ways)
    ways[way].set(name, shown)
    return this.count(listener, way)
  }

  remove(listener: Listener, way: Way, name: Name): number {
    this.#listeners.get(listener)?.[way].delete(name)
    return this.count(listener, way)
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener)
  }

  namesOf(listener: Listener, way: Way): readonly [Name, Value][] {
    return [...(this.#listeners.get(listener)?.[way] ?? [])]
  }

  /** Channels and patterns count together, those of shards by themselves. */
  count(listener: Listener, way: Way): number {
    const ways = this.#listeners.get(listener)
    if (ways === undefined) return 0
    return way === 'ssubscribe' ? ways.ssubscribe.size : ways.subscribe.size + ways.psubscribe.size
  }

  /** @returns how many got it */
  publish(name: Name, channel: Value, message: Value): number {
    let got = 0
    const tell = (listener: Listener, ...parts: Value[]) => {
      listener.push(new Push(parts))
      got++
    }
    for (const [listener, ways] of this.#listeners) {
      if (ways.subscribe.has(name)) tell(listener, 'message', channel, message)
      for (const [pattern, shown] of ways.psubscribe)
        if (globOf(pattern).test(name)) tell(listener, 'pmessage', shown, channel, message)
      if (ways.ssubscribe.has(name)) tell(listener, 'smessage', channel, message)
    }
    return got
  }
}

/** A pattern of Redis: `*`, `?`, `[a-c]`, `[^a]`, and `\` before what stands for itself. */
export function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\\([\s\S])|\[(\^?)((?:\\[\s\S]|[^\]\\])*)\]?|[\s\S]/g, (piece, escaped, not, set) => {
    if (escaped !== undefined) return quoted(escaped)
    if (set !== undefined) return set === '' ? (not === '' ? '(?!)' : '[\\s\\S]') : `[${not}${setOf(set)}]`
    return piece === '*' ? '[\\s\\S]*' : piece === '?' ? '[\\s\\S]' : quoted(piece)
  })
  return new RegExp(`^${source}$`)
}

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** Ranges may be written backwards. */
function setOf(set: string): string {
  return set.replace(/\\([\s\S])|([\s\S])-([\s\S])|[\s\S]/g, (piece, escaped, from, to) => {
    if (escaped !== undefined) return quoted(escaped)
    if (from !== undefined) return from <= to ? `${quoted(from)}-${quoted(to)}` : `${quoted(to)}-${quoted(from)}`
    return quoted(piece)
  })
}
