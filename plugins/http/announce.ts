/** Requests that pass no agent of Node's, and so nothing of ours before they connect: they are announced where they are made. */
import type { ClientRequest } from 'node:http'
import type { OpenCall, Tap } from '../../src/plugin.ts'
import { layerFromArguments, type RequestOptions } from './asked.ts'

type Make = (...args: unknown[]) => unknown

// Captured at load: tests replace it.
const { URL } = globalThis

/** Which call a request is, for what meets it later. */
export interface Announcements {
  /** Makes a request whose call is open already. */
  make(call: OpenCall, make: () => ClientRequest): ClientRequest
}

/**
 * Those that bring their own connection and no agent (`ws` does so), and those whose agent only looks like one of Node's (agent-base up to 6).
 */
export function announceAgentless(
  tap: Tap,
  module: { request: unknown; get: unknown },
  scheme: string,
  { Agent }: typeof import('node:http'),
  announcements: Announcements,
): void {
  for (const name of ['request', 'get'] as const) {
    tap.patch(module as Record<'request' | 'get', Make>, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const options = args.find((arg) => typeof arg === 'object' && arg !== null && !(arg instanceof URL)) as
          | RequestOptions
          | undefined
        const make = () => Reflect.apply(original, this, args) as ClientRequest
        const { agent, createConnection } = options ?? {}
        const isForeign = typeof agent === 'object' && agent !== null && !(agent instanceof Agent)
        if (options === undefined || !(isForeign || (typeof createConnection === 'function' && !agent))) return make()
        const call = tap.open(() => layerFromArguments(args, options, scheme), { protocol: 'http' })
        return announcements.make(call, () => tap.within(call, make))
      }
    })
  }
}
