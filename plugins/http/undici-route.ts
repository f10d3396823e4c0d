/**
 * Leads requests of fetch and undici that a mock answers to the worker. A client may have a warm connection to the real host, and must not
 * keep one to a mock, so such a request gets an agent of its own: of the same copy of undici, with a connection of ours (undici 6, 7, 8).
 */

import type { Socket } from 'node:net'
import { type OpenCall, type Reply, SafeMap, SafeWeakSet, type Tap } from '../../src/plugin.ts'
import { answerFetch } from './answer-fetch.ts'
import { keepTls } from './client-tls.ts'
import { ofEachTest } from './of-each-test.ts'
import type { DispatchOptions } from './undici-dispatch.ts'

type Dispatch = (this: object, options: DispatchOptions, handler: object) => boolean
type Connected = (error: Error | null, socket?: Socket) => void

interface UndiciAgent {
  /** Once its requests have been answered. */
  close(): Promise<void>
}

interface AgentClass {
  new (options: object): UndiciAgent
  readonly prototype: object
}

/** The call of a request that is about to be dispatched, and where it goes. */
export type Announce = (
  dispatcher: object,
  options: DispatchOptions,
) => { readonly call: OpenCall; readonly origin: string | URL } | undefined

const AGENT_FILE = ['/lib/dispatcher/agent.js']
/** Where undici keeps the dispatcher of `fetch`: for copies up to 7, and from 8 on. */
const GLOBALS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name))

export interface UndiciRoute {
  /** Reaches the copy inside of Node; loads it, so it is asked at the first mock. */
  reachBuiltin(): void
  /** The request that is being made at this moment on our own connection. */
  routed(): Routed | undefined
}

/** A request that a mock answers. */
export interface Routed {
  readonly call: OpenCall
  readonly reply: Reply
}

export function routeUndici(tap: Tap, announce: Announce): UndiciRoute {
  const reached = new SafeWeakSet<object>()
  const seen = new SafeWeakSet<object>()
  const agentsOf = ofEachTest(
    () => new SafeMap<AgentClass, UndiciAgent>(),
    (agents) => {
      for (const agent of agents.values()) close(agent)
    },
  )
  let routed: Routed | undefined
  let depth = 0

  function reach(agent: AgentClass): void {
    const owner = ownerOfDispatch(agent.prototype)
    if (owner === undefined || reached.has(owner)) return
    reached.add(owner)
    tap.patch(owner as { dispatch: Dispatch }, 'dispatch', (original) => {
      return function dispatch(options, handler) {
        const isNew =
          depth === 0 && routed === undefined && isObject(options) && isObject(handler) && !seen.has(handler)
        if (isNew) seen.add(handler)
        const found = isNew ? announce(this, options) : undefined
        if (found?.call.answerable) {
          const outcome = found.call.settle()
          if (outcome.kind === 'reply') {
            const { reply } = outcome
            const goOn = () => {
              keepTls(reply, connectOptionsOf(this))
              return through(agent, original, found, reply, options, handler)
            }
            if (!answerFetch(tap, reply, options, handler, { dispatch: original, goOn })) return goOn()
            found.call.close()
            return true
          }
        }
        depth++
        try {
          return Reflect.apply(original, this, [options, handler])
        } finally {
          depth--
        }
      }
    })
  }

  /** One for each copy of undici and test, with warm connections to the worker; WebSockets take theirs over, and get one each. */
  function agentOf(Agent: AgentClass, reply: Reply): UndiciAgent {
    const agents = reply.protocol === 'http' ? agentsOf(reply.frame) : undefined
    const known = agents?.get(Agent)
    if (known !== undefined) return known
    const connect = (_: unknown, done: Connected) => {
      const socket = tap.connectTo(reply)
      socket.once('connect', () => done(null, socket)).once('error', (error) => done(error))
    }
    const made = new Agent({ connect, pipelining: 1 })
    agents?.set(Agent, made)
    return made
  }

  function through(
    Agent: AgentClass,
    dispatch: Dispatch,
    { call, origin }: { call: OpenCall; origin: string | URL },
    reply: Reply,
    options: DispatchOptions,
    handler: object,
  ): boolean {
    const agent = agentOf(Agent, reply)
    const before = routed
    routed = { call, reply }
    try {
      return Reflect.apply(dispatch, agent, [{ ...options, origin }, handler])
    } finally {
      routed = before
      if (reply.protocol !== 'http') close(agent)
    }
  }

  tap.onceLoaded(AGENT_FILE, (exported) => {
    const Agent = (exported as { Agent?: AgentClass }).Agent ?? exported
    if (typeof Agent === 'function') reach(Agent as unknown as AgentClass)
  })
  return {
    routed: () => routed,
    reachBuiltin() {
      // Asking for it loads undici, which then sets the dispatcher, and keeps the context in which it was loaded.
      tap.outside(() => void globalThis.Request)
      for (const key of GLOBALS) {
        const dispatcher = (globalThis as unknown as Record<symbol, object | undefined>)[key]
        const Agent = dispatcher?.constructor
        if (Agent?.name === 'Agent') reach(Agent as unknown as AgentClass)
      }
    },
  }
}

function close(agent: UndiciAgent): void {
  agent.close().catch(() => {})
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** What a dispatcher was told of TLS: undici keeps it under a symbol of its own (6 to 8); or the connector in its place. */
function connectOptionsOf(dispatcher: object): object | undefined {
  const key = Object.getOwnPropertySymbols(dispatcher).find(({ description }) => description === 'options')
  const { connect } = (key && (dispatcher as Record<symbol, { connect?: unknown }>)[key]) || {}
  return isObject(connect) || typeof connect === 'function' ? connect : undefined
}

/** The base class of all dispatchers of a copy. */
function ownerOfDispatch(prototype: object): object | undefined {
  let found: object | undefined
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at)) {
    // The outermost base only declares it.
    if (Object.hasOwn(at, 'dispatch') && found === undefined) found = at
  }
  return found
}
