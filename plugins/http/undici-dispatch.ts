/**
 * Pools of the npm package undici. A pool that is limited in connections keeps what it cannot send as options, and makes requests of
 * them (the moment `undici:request:create` tells of) in the context of whoever freed a connection. So pools and clients are met at
 * their dispatch, which runs in the caller's context; what is thrown there undici hands to the request (undici 6, 7, 8).
 *
 * The copy inside of Node cannot be reached; its pool behind `fetch` is unlimited, and makes its requests at once.
 */

import type { Frame, OpenCall, Tap } from '../../src/plugin.ts'
import { SafeWeakMap } from '../../src/plugin.ts'

// Captured at load: tests replace them.
const { isArray } = Array

export interface DispatchOptions {
  readonly origin?: string | URL
  readonly method?: unknown
  readonly path?: unknown
  readonly query?: unknown
  readonly upgrade?: unknown
}

/** What is known of a request before undici makes it. */
export interface Announced {
  /** Its call, already judged and passed. */
  readonly call?: OpenCall | undefined
  /** Where it was made, when its origin is not known yet. */
  readonly frame: Frame
}

/** The verdict on what is about to be dispatched; undefined when it is not to be judged here. */
export type JudgeDispatch = (
  options: DispatchOptions,
  origin: string | URL,
) => { readonly call: OpenCall; readonly error: Error | undefined } | undefined

type Dispatch = (this: object, options: DispatchOptions, handler: object) => boolean

const FILES = ['/lib/dispatcher/client.js', '/lib/dispatcher/pool-base.js']

/** @returns what is known of the request that undici is making at this moment */
export function watchDispatchers(tap: Tap, judge: JudgeDispatch): () => Announced | undefined {
  /** Requests that wait in a pool, by their handlers: the one thing that undici keeps of them as it is. */
  const waiting = new SafeWeakMap<object, Announced>()
  let arriving: Announced | undefined
  let depth = 0

  const pool = (original: Dispatch): Dispatch =>
    function (options, handler) {
      // A pool inside a pool that throws is taken for busy for good: only the outermost one may.
      // What a pool frees from its queue comes by a second time, in whatever context, if it goes to a pool inside.
      const isNew = depth === 0 && isRequest(options, handler) && !waiting.has(handler)
      if (isNew) waiting.set(handler, announce(this, options))
      depth++
      try {
        return Reflect.apply(original, this, [options, handler])
      } finally {
        depth--
      }
    }
  const client = (original: Dispatch): Dispatch =>
    function (options, handler) {
      if (!isRequest(options, handler)) return Reflect.apply(original, this, [options, handler])
      const before = arriving
      arriving = waiting.get(handler) ?? (depth === 0 ? announce(this, options) : undefined)
      waiting.delete(handler)
      try {
        return Reflect.apply(original, this, [options, handler])
      } finally {
        arriving = before
      }
    }

  function announce(dispatcher: object, options: DispatchOptions): Announced {
    let call: OpenCall | undefined
    for (const origin of originsOf(dispatcher, options)) {
      const judged = judge(options, origin)
      if (judged?.error !== undefined) throw judged.error
      call?.close()
      call = judged?.call
    }
    return { frame: tap.frame(), call }
  }

  tap.onceLoaded(FILES, (exported) => {
    const { PoolBase } = exported as { PoolBase?: { prototype: object } }
    const owner = PoolBase?.prototype ?? (exported as { prototype?: object }).prototype
    const key = owner && symbolOf(owner, 'dispatch')
    if (owner && key) tap.patch(owner as Record<symbol, Dispatch>, key, PoolBase ? pool : client)
  })
  return () => arriving
}

/** A proxy's CONNECT carries another request, which is judged under its own name. */
function isRequest(options: DispatchOptions | undefined, handler: unknown): boolean {
  return typeof options === 'object' && options?.method !== 'CONNECT' && typeof handler === 'object' && handler !== null
}

/** Where a request may go: a balanced pool chooses among its upstreams later, so it has to be allowed to go to each. */
export function originsOf(dispatcher: object, { origin }: DispatchOptions): readonly (string | URL)[] {
  if (origin !== undefined && origin !== null) return [origin]
  const key = symbolOf(dispatcher, 'url')
  const own = key && (dispatcher as Record<symbol, { origin?: string } | undefined>)[key]?.origin
  if (own !== undefined) return [own]
  const { upstreams } = dispatcher as { upstreams?: unknown }
  return isArray(upstreams) ? upstreams : []
}

/** A member that undici keeps under a symbol of its own. */
function symbolOf(owner: object, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(owner).find(({ description }) => description === name)
}
