/** Clients that make their requests on a later stack than they are called on: their call sites are remembered, and where gRPC was going. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tap } from '../../src/plugin.ts'
import { SafeWeakMap } from '../../src/plugin.ts'

type Method = (this: object, ...args: unknown[]) => unknown
type Exported = Readonly<Record<string, { prototype?: unknown } | undefined>>

interface GrpcClient {
  getChannel(): { getConnectivityState(connect: boolean): number; getTarget(): string }
}

/** What a channel was made for, before gRPC looked it up. */
export interface Target {
  readonly host: string
  readonly port: number
}

const SUPERAGENT = ['/superagent/lib/node/index.js']
const GRPC_CLIENT = ['/@grpc/grpc-js/build/src/client.js']
const GRPC_CALLS = ['makeUnaryRequest', 'makeClientStreamRequest', 'makeServerStreamRequest', 'makeBidiStreamRequest']
const GRPC_TARGET = /^dns:(?:\/\/[^/]*\/)?\/?([^/:]+)(?::(\d+))?$/
/** `connectivityState.READY`: what is connected makes no connection. */
const READY = 2

const targets = new AsyncLocalStorage<Target | undefined>()

/** Where the gRPC call of this context goes, by name. */
export function grpcTarget(): Target | undefined {
  return targets.getStore()
}

export function rememberOrigins(tap: Tap): void {
  tap.onceLoaded(SUPERAGENT, (exported) => rememberSuperagent(tap, exported as Exported))
  tap.onceLoaded(GRPC_CLIENT, (exported) => rememberGrpc(tap, exported as Exported))
}

/** A request is sent when somebody awaits it, which is a stack of its own; but it is made on the user's, and its constructor sets the redirects. */
function rememberSuperagent(tap: Tap, { Request }: Exported): void {
  const owner = methodsOf(Request, ['redirects', 'end'])
  if (owner === undefined) return
  const origins = new SafeWeakMap<object, ReturnType<Tap['here']>>()
  tap.patch(owner, 'redirects', (original) => {
    return function redirects(this: object, ...args: unknown[]) {
      if (!origins.has(this)) origins.set(this, tap.here())
      return Reflect.apply(original as Method, this, args)
    }
  })
  tap.patch(owner, 'end', (original) => {
    return function end(this: object, ...args: unknown[]) {
      const send = () => Reflect.apply(original as Method, this, args)
      const origin = origins.get(this)
      return origin === undefined ? send() : origin(send)
    }
  })
}

/** A call is made at once, and connects some ticks later, to an address that gRPC has looked up. */
function rememberGrpc(tap: Tap, { Client }: Exported): void {
  const owner = methodsOf(Client, ['getChannel', 'waitForReady', ...GRPC_CALLS])
  if (owner === undefined) return
  for (const name of ['waitForReady', ...GRPC_CALLS]) {
    tap.patch(owner, name, (original) => {
      return function (this: object, ...args: unknown[]) {
        const call = () => Reflect.apply(original as Method, this, args)
        const target = unconnected(this as GrpcClient)
        return target === undefined ? call() : tap.here()(() => targets.run(targetOf(target), call))
      }
    })
  }
}

/** What a client is about to connect to; undefined for one that is connected, or closed, which says so itself. */
function unconnected(client: GrpcClient): string | undefined {
  try {
    const channel = client.getChannel()
    return channel.getConnectivityState(false) === READY ? undefined : channel.getTarget()
  } catch {
    return undefined
  }
}

function targetOf(text: string): Target | undefined {
  const [, host, port] = GRPC_TARGET.exec(text) ?? []
  return host === undefined ? undefined : { host, port: Number(port ?? 443) }
}

function methodsOf(made: Exported[string], names: readonly string[]): Record<string, Method> | undefined {
  const owner = made?.prototype as Record<string, unknown> | undefined
  return names.every((name) => typeof owner?.[name] === 'function') ? (owner as Record<string, Method>) : undefined
}
