/**
 * `node:http` and `node:https` requests. They only announce themselves: the verdict falls where the socket connects, so that what answers
 * above (msw, nock, light-my-request) is no business of ours. A request on a warm socket makes no connect and is judged when it gets it.
 */

import type { Agent, ClientRequest } from 'node:http'
import type { Layer, OpenCall, Outcome, Reply, Tap } from '../../src/plugin.ts'
import { builtIn, Note, RuleSyntaxError, SafeMap, SafeWeakMap } from '../../src/plugin.ts'
import type { Announcements } from './announce.ts'
import { changedSince, layerOf, layerOn, type RequestOptions } from './asked.ts'
import { keepTls } from './client-tls.ts'
import { unreachable } from './failure.ts'
import { connectionLayer, isSameEndpoint } from './layer.ts'
import { ofEachTest } from './of-each-test.ts'

type Http = typeof import('node:http')

/** Undocumented, and called by Node itself on the prototype (Node 0.12 to 26). */
interface AgentInternals {
  addRequest(request: ClientRequest, options: RequestOptions, ...rest: unknown[]): void
  createSocket(request: ClientRequest, options: RequestOptions, callback: unknown): void
}
/** `_parent` is null on a socket that wraps no other. */
type Connection = object & { readonly _parent?: object | null }
/** `server` is set on what a server accepted, and `_handle` on what is no imitation. */
interface OpenSocket {
  readonly _handle: object | null
  readonly server: object | null
  readonly encrypted: boolean
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
}
interface RequestInternals {
  onSocket(socket: Connection | null | undefined, error?: Error): void
  /** Puts the first line and the headers together: the last moment at which they can be changed. */
  _implicitHeader(): void
}

/** Of its constructor (Node 0.12 to 26). */
type AgentOptions = Agent & { readonly options?: object }

const HTTP = { protocol: 'http' }

/** The call that a request is. */
class CallOf extends Note {
  #call: OpenCall | undefined
  static get(request: object): OpenCall | undefined {
    return #call in request ? request.#call : undefined
  }
  static has(request: object): boolean {
    return #call in request
  }
  static set(request: object, call: OpenCall): void {
    const noted = #call in request ? request : (new CallOf(request) as CallOf)
    noted.#call = call
  }
}

/** What a real connection was judged as when it was opened. */
class OpenedBy extends Note {
  #layer: Layer | undefined
  static get(connection: object): Layer | undefined {
    return #layer in connection ? connection.#layer : undefined
  }
  static set(connection: object, layer: Layer): void {
    const noted = #layer in connection ? connection : (new OpenedBy(connection) as OpenedBy)
    noted.#layer = layer
  }
}

export function guardClient(tap: Tap, http: Http, connectIsOurs: () => boolean): Announcements {
  /** Sockets of interceptors, by the call that each may have let through: then they lead outside, and stay open. */
  const passedThrough = new SafeWeakMap<object, OpenCall>()

  /** The options of requests over TLS that a mock may answer, or let through. */
  const securedBy = new SafeWeakMap<ClientRequest, object>()

  /** The call of the agentless request that is being made: it may be given its connection before it is there. */
  let making: OpenCall | undefined

  const agent = http.Agent.prototype as unknown as AgentInternals
  // Runs in the caller's context, also for requests that wait for a free socket (Node 20 to 26).
  tap.patch(agent, 'addRequest', (original) => {
    return function addRequest(this: Agent, request, options, ...rest) {
      const call = tap.current() ?? tap.open(() => layerOf(request, options), HTTP)
      CallOf.set(request, call)
      // A request that a mock answers must neither get a warm connection to the real host nor leave one to the worker behind.
      const protocol = options.protocol ?? request.protocol
      const { answerable } = call
      if (answerable && protocol === 'https:') securedBy.set(request, { ...options, ...(this as AgentOptions).options })
      const agent = answerable ? agentFor(call, protocol) : this
      return tap.within(call, () => Reflect.apply(original, agent, [request, options, ...rest]))
    }
  })
  // A waiting request is connected in the context of the one that ended: bring it back to its own.
  tap.patch(agent, 'createSocket', (original) => {
    return function createSocket(this: Agent, request, options, callback) {
      const create = () => Reflect.apply(original, this, [request, options, callback])
      const call = CallOf.get(request)
      return call === undefined || tap.current() === call ? create() : tap.within(call, create)
    }
  })
  const request = http.ClientRequest.prototype as unknown as RequestInternals
  tap.patch(request, 'onSocket', (original) => {
    return function onSocket(this: ClientRequest, socket, error) {
      const call = CallOf.get(this) ?? making ?? tap.current()
      making = undefined
      const given = socket && !error ? take(this, call, socket) : socket
      call?.close()
      return Reflect.apply(original, this, [given, error])
    }
  })
  tap.patch(request, '_implicitHeader', (original) => {
    return function _implicitHeader(this: ClientRequest) {
      Reflect.apply(original, this, [])
      judgeChange(this)
    }
  })

  const agentsOf = ofEachTest(
    () => new SafeMap<string, Agent>(),
    (agents) => {
      for (const agent of agents.values()) closeIdle(agent)
    },
  )
  function agentFor({ call }: OpenCall, protocol: string): Agent {
    const agents = agentsOf(call.frame)
    const known = agents.get(protocol)
    if (known !== undefined) return known
    const module: typeof import('node:https') = protocol === 'https:' ? builtIn('node:https') : (http as never)
    const made = new module.Agent({ keepAlive: true, maxCachedSessions: 0 })
    agents.set(protocol, made)
    return made
  }

  /** A request gets a connection. @returns the one that it is to use: a mock answers on no connection to the real host */
  function take(request: ClientRequest, call: OpenCall | undefined, socket: Connection): Connection {
    const opened = call === undefined ? openedOtherwise(socket) : undefined
    // A ClientRequest that was made by hand, on a connection that was.
    const known = call ?? (opened && tap.open(() => layerOn(request, opened)))
    return known === undefined ? socket : meet(request, known, socket)
  }

  function meet(request: ClientRequest, call: OpenCall, socket: Connection): Connection {
    let used = socket
    CallOf.set(request, call)
    if (call.outcome !== undefined) {
      const { lowest: lower } = call.call
      if (call.outcome.kind === 'pass' && lower) OpenedBy.set(socket, lower)
    } else {
      const connection = OpenedBy.get(socket) ?? (socket._parent ? OpenedBy.get(socket._parent) : undefined)
      const passed = passedThrough.get(socket)
      // What interceptors answer comes on sockets of theirs; a connection that was let out leads outside, whoever stands above us by now.
      if (connection !== undefined && (connectIsOurs() || !Object.hasOwn(socket, 'connect')))
        used = stop(request, call, call.settle(connection), socket) ?? socket
      else if (passed?.outcome?.kind === 'pass')
        used = stop(request, call, call.settle(passed.call.lowest), socket) ?? socket
      else if (connection === undefined) {
        const opened = openedOtherwise(socket)
        if (opened === undefined) passedThrough.set(socket, standBy(request, call))
        else used = stop(request, call, call.settle(opened), socket) ?? socket
      }
    }
    if (call.outcome?.kind === 'reply') keepTls(call.outcome.reply, securedBy.get(request))
    judgeChange(request)
    tap.hop.use(used, call.call.frame)
    return used
  }

  /** Everything about a request can be changed until it is written: what is another one then is judged as that. */
  function judgeChange(request: ClientRequest): void {
    const call = CallOf.get(request)
    if (call?.outcome?.kind !== 'pass' || !call.ruled) return
    const judged = call.call.layers.find(({ protocol }) => protocol === 'http')
    const changed = judged && changedSince(judged, request)
    if (changed === undefined) return
    const again = tap.runIn(call.call.frame, () => tap.open(() => changed))
    CallOf.set(request, again)
    const { lowest: lower } = call.call
    stop(request, again, again.settle(lower === judged ? undefined : lower))
  }

  /** A warm connection to the worker gives this reply next; one that is open to the real host is left to whoever opened it. */
  function lead(request: ClientRequest, reply: Reply, socket: Connection | undefined): Connection | undefined {
    const connection = socket && tap.hub.of(socket)
    if (connection) connection.reply = reply
    else if (socket) return tap.connectTo(reply)
    else
      request.destroy(
        reply.fails(
          new RuleSyntaxError(
            'the request was changed into one of its calls when it had a connection to the real host already',
            'a mock of the request as it is made, or code that makes the request as it is sent',
          ),
        ),
      )
    return undefined
  }

  function stop(request: ClientRequest, call: OpenCall, outcome: Outcome, socket?: Connection): Connection | undefined {
    if (outcome.kind === 'reply') return lead(request, outcome.reply, socket)
    if (outcome.kind === 'block') request.destroy(outcome.error)
    else if (outcome.kind === 'refuse') request.destroy(unreachable(call.call.layers[0]?.facts ?? {}))
    return undefined
  }

  /** The connection of a socket that somebody opened, or is opening, for no request; undefined for what an interceptor imitates. */
  function openedOtherwise(socket: Connection): Layer | undefined {
    if (Object.hasOwn(socket, 'connect')) return undefined
    return tap.opened(socket) ?? (socket._parent ? tap.opened(socket._parent) : undefined) ?? openedBefore(socket)
  }

  /**
   * A socket of an interceptor (msw, nock): what it answers is no business of ours. What it lets through it connects itself, later and in
   * the same frame; user callbacks run there too, so only a connection to the same place is this request's.
   */
  function standBy(request: ClientRequest, { call }: OpenCall): OpenCall {
    const layer = call.layers.find(({ protocol }) => protocol === 'http') as Layer
    const open = () =>
      tap.open(() => layer, { claims: (lower) => tap.frame() === call.frame && isSameEndpoint(lower, layer) })
    const passThrough = tap.runIn(call.frame, open)
    request.once('close', () => passThrough.close())
    return passThrough
  }

  return {
    make(call, make) {
      making = call
      try {
        const request = make()
        // Its connection may come later.
        if (!CallOf.has(request)) CallOf.set(request, call)
        return request
      } finally {
        making = undefined
      }
    },
  }
}

/** Connections that are in use end with their request. */
function closeIdle(agent: Agent): void {
  agent.maxFreeSockets = 0
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

/** The connection of a socket that was open before we were; undefined for what an interceptor imitates. */
function openedBefore(socket: Connection): Layer | undefined {
  const { _handle, server, encrypted, remoteAddress, remotePort } = socket as Partial<OpenSocket>
  if (!_handle || server || remoteAddress === undefined || remotePort === undefined) return undefined
  return connectionLayer({ scheme: encrypted ? 'https' : 'http', host: remoteAddress, port: remotePort })
}
