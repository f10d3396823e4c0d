/** Servers that globalSetup starts in Vitest's main process belong to the tests: workers are told their ports. */
import { Server } from 'node:net'

type Listen = (this: Server, ...args: unknown[]) => unknown

const endpoints = new Set<string>()
const listeners = new Set<() => void>()
let watching = false

/** The endpoints on which this process listens from now on; `changed` is called for each new one. */
export function watchOwnServers(changed: () => void): ReadonlySet<string> {
  listeners.add(changed)
  if (watching) return endpoints
  watching = true
  const proto = Server.prototype as unknown as { _listen2: Listen }
  const { _listen2 } = proto
  proto._listen2 = function (...args) {
    const result = Reflect.apply(_listen2, this, args)
    const address = this.address()
    if (typeof address === 'string') note(`unix:${address}`)
    else if (address) note(`tcp:${address.port}`)
    return result
  }
  return endpoints
}

function note(endpoint: string): void {
  if (endpoints.has(endpoint)) return
  endpoints.add(endpoint)
  for (const changed of listeners) changed()
}
