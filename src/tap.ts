/** What a plugin gets to install with; `src/plugin.ts` hands it on, as a part of the contract. */
import type { Socket } from 'node:net'
import type { Call, Layer } from './core/call.ts'
import type { Frame } from './core/frames.ts'
import type { Memory } from './core/memory.ts'
import type { EngineLimit, Hub, Reply, Spy } from './mocking.ts'

export type Outcome =
  /** `steady`: the same call passes again as long as the memory of `Tap.memory` stands. */
  | { readonly kind: 'pass'; readonly steady?: true }
  | { readonly kind: 'block'; readonly error: Error }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** Part of a call to come, which a mock will answer: nothing may leave. For what `PluginDefinition.prepares` names only. */
  | { readonly kind: 'prepare' }

/** Ports and paths on which this worker (or the main process) listens or listened, until the file ends. */
export interface OwnEndpoints {
  /** `key`: `tcp:4000`, `udp:4000`, `unix:/run/x.sock`. */
  add(key: string): void
  has(key: string): boolean
}

/** What a plugin gets to install with. */
export interface Tap {
  /**
   * Replaces `owner[key]` by what `wrap` makes of it. The undo is recorded before this returns; name, length, own symbols and
   * the descriptor stay those of the original; ES module namespaces see it. Throws `InstallError` naming the holder when the slot is locked.
   */
  patch<T extends object, K extends keyof T & (string | symbol)>(owner: T, key: K, wrap: (original: T[K]) => T[K]): void
  /** Whether `owner[key]` still holds what `patch` put there: false once msw, nock or a spy stands above us. */
  holds(owner: object, key: string | symbol): boolean
  /** Subscribes to a diagnostics channel until the guard is removed. */
  subscribe(channel: string, listener: (message: unknown) => void): void
  /** Whether anybody but the guard listens to a diagnostics channel, or nobody knows. */
  overheard(channel: string): boolean
  /** Runs when the guard is removed. */
  onUndo(undo: () => void): void
  /**
   * Reports an attempt where bytes would leave, and says what to do. Synchronous.
   *
   * @param connection the object that stands for what is opened, for `use`
   */
  judge(layer: Layer, connection?: object): Outcome
  /** What opened a connection, or is opening it, as it was reported to `judge` and passed. */
  opened(connection: object): Layer | undefined
  /** What this plugin may know already of its calls where the present code runs; for seams that are passed thousands of times. */
  memory(): Memory
  /** Reports that something is about to be sent over an open connection; judged in a sandbox that did not see it open. */
  use(connection: object): Outcome
  /**
   * Opens a call that a lower seam will carry (a request that is about to connect). It is judged when that seam reports, or by `settle`.
   * `layer` is asked once, when somebody needs the facts.
   */
  open(layer: () => Layer, options?: OpenOptions): OpenCall
  /** A call that was judged already and passed: what `passThrough` of a mock lets on. */
  passed(layer: Layer): OpenCall
  /** A new socket to the worker's peer that gives a reply. */
  connectTo(reply: Reply): Socket
  /** Runs `fn` in the context of an open call: the next lower call reported inside rides on it. */
  within<T>(call: OpenCall, fn: () => T): T
  /** The open call of this context, if it has not found its transport yet. */
  current(): OpenCall | undefined
  /** Runs `fn`, the passed call itself: a lookup of the layer's host, made inside or later in its context, is part of it. */
  carry<T>(layer: Layer, fn: () => T): T
  /**
   * Calls `patch` with a built-in module once Node has loaded it, before anybody else has it; a module is not loaded for the sake of a patch.
   *
   * @param name without `node:`
   * @param patch changes nothing but that module
   */
  onceBuiltIn<T extends object>(name: string, patch: (module: T) => void): void
  /**
   * Calls `found` with the exports of each CommonJS file whose path ends so, of every copy of a library, once it is loaded.
   *
   * @param ends with `/` between the folders, whatever the platform: every file that is loaded is compared with them
   * @example tap.onceLoaded(['/pg/lib/client.js'], (Client) => …)
   */
  onceLoaded(ends: readonly string[], found: (exported: object) => void): void
  /**
   * Remembers the present stack; what it gives runs a function as if it went on from here. For libraries that reach their seam on a later
   * stack: a call in that context that finds no line of the user's names the one that is remembered. Costs a stack.
   */
  here(): <T>(fn: () => T) => T
  /** Prepares a worker thread that is about to be started, to run under this guard, in the present frame; undefined while nothing is guarded. Costs a stack. */
  thread(): NewThread | undefined
  /** Where the present code runs. */
  frame(): Frame
  /** Runs `fn` in a frame (an own server's handler in the frame of the request that caused it). */
  runIn<T>(frame: Frame, fn: () => T): T
  /** Runs `fn` in no call's context: what is made there and outlives a test (a native handle, a library) does not keep what the test made. */
  outside<T>(fn: () => T): T
  /** A package that mocks need (`Mocking.needs`): the user's copy. @param what needs it, as it is written @throws MissingPeerError */
  peer(name: string, what?: string): object
  /** A part of this package that workers do not load at their start (`dist/worker/<name>.cjs`), loaded by the first call. */
  part(name: string): object
  /** What would answer a call of this protocol where the present code runs: the answer of a mock, which is not used up by asking. */
  answerTo(layer: Layer): unknown
  /** The error of what an embedded engine cannot do for the test itself. */
  limit(limit: EngineLimit): Error
  readonly own: OwnEndpoints
  /** Connects clients to peers inside the worker, which answer for mocks. */
  readonly hub: Hub
  /** Puts a function in the place of `owner[key]`, as a spy of the runner's, for as long as somebody holds it. */
  spyOn(owner: object, key: PropertyKey, implementation: (...args: never[]) => unknown): Spy
  /** Gives a reply that a connection got (`Mocking.serve`) to the plugin whose mock it is. `args`: those of `connect`. */
  serve(socket: Socket, connect: (...args: never[]) => unknown, args: readonly unknown[], reply: Reply): Socket
  /** Carries the frame of a request over to the own server that handles it. */
  readonly hop: Hop
}

/** What a worker thread needs to run under the guard of its starter. */
export interface NewThread {
  /** Has to be among the thread's environment data under this key while it is made, and no longer. */
  readonly key: string
  readonly start: unknown
  /** Has to be in its transfer list. */
  readonly transfer: object
  /** The preload: as a module (`--import`), and as a script for threads that run none before a text of code (`--require`). */
  readonly preload: { readonly module: string; readonly script: string }
  /** Code of the present frame gives it work, which is judged there from now on. */
  work(): void
  /** It was not started after all. */
  end(): void
}

/** Client connections to own servers, and whose requests they carry at the moment. */
export interface Hop {
  /** A client socket that is about to connect to an own endpoint (`key` as in OwnEndpoints). */
  client(socket: object, frame: Frame, key: string): void
  /** A later request on the same connection: from now on it carries that frame. */
  use(socket: object, frame: Frame): void
  /** A stream of a multiplexed connection. */
  stream(socket: object, stream: { readonly id?: number | undefined }, frame: Frame): void
  /** Whose request an accepted connection carries; undefined when its client is not in this process. */
  frameOf(serverSocket: object, streamId?: number): Frame | undefined
}

export interface OpenOptions {
  /** The protocol of the layer, where that is known without working it out: most permitted calls never need more. */
  readonly protocol?: string
  /** Whether a lower call, reported in any context, is this call's transport. Asked while the call is open. */
  claims?(lower: Layer): boolean
}

export interface OpenCall {
  readonly call: Call
  /** Judges the call now if no lower seam has; `rides` is the connection's layer when it is known. Gives the same outcome ever after. */
  settle(rides?: Layer): Outcome
  /** Whether a mock would answer it, as far as it is known; nothing is used up by asking. */
  readonly answerable: boolean
  /** Whether a rule could have had a say; if none could, no change of the call makes a difference. */
  readonly ruled: boolean
  /** The verdict if there is one already. */
  readonly outcome: Outcome | undefined
  /** No lower call rides on it any more. */
  close(): void
}
