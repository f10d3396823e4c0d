/** Servers that globalSetup starts in Vitest's main process belong to the tests: workers are told their ports. */
import { Server } from 'node:net'

type Listen = (this: Server, ...args: unknown[]) => unknown

const proto = Server.prototype as unknown as { _listen2: Listen }
const endpoints = new Set<string>()
const listeners = new Set<() => void>()
let patched: { readonly original: Listen; readonly watched: Listen } | undefined

export interface OwnServers {
  /** Endpoints on which this process began to listen while somebody watched, as `tcp:4000`; also those that closed since. */
  readonly endpoints: ReadonlySet<string>
  /** Ends the watch; the last one takes the patch back. */
  stop(): void
}

/** Watches where this process begins to listen; `changed` is called for each new place. */
export function watchOwnServers(changed: () => void): OwnServers {
  if (patched === undefined) patch()
  listeners.add(changed)
  return { endpoints, stop: () => stop(changed) }
}

/** Node calls `_listen2` for every way to listen, once the address is settled. */
function patch(): void {
  const { _listen2 } = proto
  const watched: Listen = function (...args) {
    const result = Reflect.apply(_listen2, this, args)
    const address = this.address()
    if (typeof address === 'string') note(`unix:${address}`)
    else if (address) note(`tcp:${address.port}`)
    return result
  }
  proto._listen2 = watched
  patched = { original: _listen2, watched }
}

function note(endpoint: string): void {
  if (listeners.size === 0 || endpoints.has(endpoint)) return
  endpoints.add(endpoint)
  for (const changed of listeners) changed()
}

function stop(changed: () => void): void {
  listeners.delete(changed)
  if (listeners.size > 0 || patched === undefined) return
  endpoints.clear()
  // Somebody who patched it after us holds ours: it stays, and does nothing.
  if (proto._listen2 !== patched.watched) return
  proto._listen2 = patched.original
  patched = undefined
}
