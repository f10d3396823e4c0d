/**
 * The contract between tripwire and a plugin: everything a built-in or a third party's plugin may import.
 * A plugin declares what its calls are made of, finds the seam, reports calls and carries out the outcome. It never reads a
 * level, writes the ledger, throws a tripwire error of its own or keeps state between tests.
 */
import type { Socket } from 'node:net'
import type { Call, Layer } from './core/call.ts'
import type { Frame } from './core/frames.ts'
import type { Memory } from './core/memory.ts'
import type { Hub, Mocking, Reply, Spy } from './mocking.ts'

export type { Call, Facts, Layer } from './core/call.ts'
export type { Frame } from './core/frames.ts'
export type { Memory } from './core/memory.ts'

/**
 * How a fact is compared, in rules and in `M(...)`: `host` (globs anchored at dots, CIDR, loopback family, IDN), `port` (number or `*`),
 * `path` (URL path: `*` in a segment, `**` across), `file` (file path glob), `word` (exact or glob, case-sensitive), `name` (exact or glob,
 * case-insensitive), `text` (exact), `list` (array of words), `data` (deep equality, with asymmetric matchers at any depth), `headers` (those that are named, whatever
 * their case).
 */
export type FactKind = 'host' | 'port' | 'path' | 'file' | 'word' | 'name' | 'text' | 'list' | 'data' | 'headers'

export type Safety = 'safe' | 'unsafe' | { readonly fact: string; readonly safe: readonly string[] }

export interface Operation {
  /** Safe operations pass with a warning under `warn`; unsafe ones throw there. A fact may decide (`method`: GET, HEAD, OPTIONS). */
  readonly safety: Safety
  /** One line for the docs table. */
  readonly summary: string
  /** Whether it only opens what calls are made on later (a session): a mock may serve it, and nobody has to assert it. */
  readonly opens?: boolean
}

/** What a rule string means, fact by fact: the plugin's parser gives patterns, core compiles them by the kind of each fact. */
export type RuleFields = Readonly<Record<string, string | number | readonly (string | number)[]>>

export { SafeMap, SafeSet, SafeWeakMap, SafeWeakSet } from './core/collections.ts'
export { fits, isAsymmetric } from './core/equal.ts'
export type { Family, MockHandle } from './core/families.ts'
export { isA, isError, isRegExp } from './core/kinds.ts'
export { isLoopbackHost, normaliseHost } from './core/normalise.ts'
export { packageOf } from './core/package-name.ts'
export { RuleSyntaxError } from './core/rule-syntax.ts'
export {
  fitsMessage,
  type Inbox,
  isText,
  MessageInbox,
  Performance,
  Script,
  type Stage,
  type Step,
  type Taken,
} from './core/script.ts'
export { suggest } from './core/suggest.ts'
export { endsWith, includes, matchesText, slice, startsWith } from './core/texts.ts'
export { parseUrlRule } from './core/url-rule.ts'
export type { Deviation, FactPatterns, Hub, Mocking, PrintCall, Redirected, Register, Reply, Spy } from './mocking.ts'

/** A schema for config keys that a plugin adds (`loopback`, `fs`); closed, and checked like the rest of the config. */
export type SettingSchema =
  | { readonly type: 'enum'; readonly values: readonly string[]; readonly default: string }
  | { readonly type: 'strings'; readonly default: readonly string[] }
  /** Folders or files, relative to the config file; made absolute, but for exactly `'.'`, which stays as it is. */
  | { readonly type: 'folders'; readonly default?: undefined }
  | { readonly type: 'boolean'; readonly default: boolean }
  | { readonly type: 'number'; readonly default: number }
  | { readonly type: 'object'; readonly keys: Readonly<Record<string, SettingSchema>>; readonly default?: undefined }

/** The narrowest rule that would let a call pass, as text that `allow` takes; plus a hint that this protocol knows (`localhost:3000 is …`). */
export interface Remedy {
  readonly rule: string
  /** A wider rule worth offering second (`https://api.example.com/**`). */
  readonly wider?: string
  /** One or two sentences on a cause that only this protocol can know. */
  readonly hint?: string
}

export interface StackFrame {
  readonly file: string
  readonly function: string | undefined
}

/** What a plugin that knows more adds above a lower layer: a WebSocket above a request, a driver above a connection. */
export interface Lift {
  /** The protocol it stands on. */
  readonly over: string
  /** A layer of the same protocol takes the lower one's place: the plugin knows more of its own call. Cheap test first; `stack()` costs microseconds and is there to name a driver once per new connection. */
  lift(lower: Layer, stack: () => readonly StackFrame[]): Layer | undefined
}

export interface PolicyContext {
  /** The value of a setting as the innermost scope has it; `fs.write` is a key in a setting that is an object. */
  setting(key: string): unknown
  readonly own: OwnEndpoints
  /** Where the run takes place. */
  readonly place: RunPlace
  /** Whether the call was made in a sandbox. */
  readonly sandboxed: boolean
}

/** Absolute folders. */
export interface RunPlace {
  /** The project's root. */
  readonly root: string
  /** The root of the workspace that it belongs to. */
  readonly workspace: string
}

/** Where a rule is written. */
export interface RulePlace {
  /** The absolute folder that relative paths in rules mean; undefined where nobody knows it. */
  readonly dir: string | undefined
}

export interface PluginDefinition {
  /** The protocol: file name, config key, rule prefix, word in errors. */
  readonly name: string
  /** By what follows `name:` in an operation id. */
  readonly operations: Readonly<Record<string, Operation>>
  /** The closed list of facts, in the order in which errors print them. */
  readonly facts: Readonly<Record<string, FactKind>>
  /** URL schemes that start a rule of this protocol, with their default ports: `{ http: 80, https: 443 }`. */
  readonly schemes?: Readonly<Record<string, number>>
  /** Whether a rule may start with an upper-case verb (`GET https://…`). */
  readonly verbs?: boolean
  /** Words that people use for this protocol and that are refused with the right one: `net`, `tcp`. */
  readonly synonyms?: readonly string[]
  /** Rules as code (`'http'`, `M({ … })`), shown to whoever writes what is no rule at all; those of the first plugin that has some. */
  readonly examples?: readonly string[]
  /** Reads what follows `name:`, or the whole text when it starts with one of the schemes or a verb. Throws RuleSyntaxError. */
  parseRule(text: string, place: RulePlace): RuleFields
  /** The call in one line, as a person would write it: `GET https://api.example.com/v1`. */
  describe(layer: Layer): string
  remedy(layer: Layer, context: PolicyContext): Remedy
  readonly lifts?: Lift | readonly Lift[]
  /** A call of this protocol, made inside a passed call to the same host, is part of that call (a lookup before the connection). */
  readonly aside?: boolean
  /** Whether a call only looks for what another one will connect to: in a sandbox it belongs to a mock of that (`Outcome.prepare`). */
  prepares?(layer: Layer): boolean
  /**
   * Whether the runner and Node's loader make calls of this protocol in a worker (they read files). What is their own work by its stack is
   * then not judged. Left out where they make none: the runner also calls what tests hand to it (`vi.waitFor`, `expect.poll`).
   */
  readonly runner?: boolean
  /**
   * Files of Node (`node:fs`) that call this protocol's functions as parts of a call that was judged already: the innermost caller of such a
   * part is one of these. Parts are neither stopped nor recorded. Asked only of plugins with `runner`.
   */
  readonly inner?: RegExp
  /** Whether no call of this protocol ever carries one of a higher protocol: a file that is read while a request starts is no connection. */
  readonly alone?: boolean
  /** Whether the plugin judges each use of a connection as a call of its own (requests): then sandboxes need not ask about writes. */
  readonly judgesEachUse?: boolean
  /** The default policy: true = passes although no rule names it. */
  passes?(layer: Layer, context: PolicyContext): boolean
  /** Calls that the default policy lets through and reports, sandboxes included, unless a `guard` names this protocol, or is softer still. */
  lenient?(layer: Layer): boolean
  readonly settings?: Readonly<Record<string, SettingSchema>>
  /** Left out: calls of this protocol can be allowed, but not answered. */
  readonly mocking?: Mocking
  install(tap: Tap): void
}

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
  /** Calls `patch` once Node has loaded a built-in module that is too heavy to be loaded for the sake of a patch. */
  whenLoaded(module: string, patch: () => void): void
  /** Calls `found` with the exports of each CommonJS file whose path fits, of every copy of a library, once it is loaded. */
  onceLoaded(path: RegExp, found: (exported: object) => void): void
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
  /** A package that mocks need (`Mocking.needs`): the user's copy. @throws MissingPeerError */
  peer(name: string): object
  readonly own: OwnEndpoints
  /** Connects clients to peers inside the worker, which answer for mocks. */
  readonly hub: Hub
  /** Puts a function in the place of `owner[key]`, by the runner's own spy, for as long as somebody holds it. */
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

/** Checks a definition and gives it back, typed. */
export function definePlugin(definition: PluginDefinition): PluginDefinition {
  return definition
}
