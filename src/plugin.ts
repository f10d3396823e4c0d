/**
 * The contract between tripwire and a plugin: everything a built-in or a third party's plugin may import.
 * A plugin declares what its calls are made of, finds the seam, reports calls and carries out the outcome. It never reads a
 * level, writes the ledger, throws a tripwire error of its own or keeps state between tests.
 */
import type { Layer } from './core/call.ts'
import type { Mocking } from './mocking.ts'
import type { OwnEndpoints, Tap } from './tap.ts'

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

export { builtIn } from './built-in.ts'
export { Note, SafeMap, SafeSet, SafeWeakMap, SafeWeakSet } from './core/collections.ts'
export { fits, isAsymmetric } from './core/equal.ts'
export type { Family, MockHandle } from './core/families.ts'
export { isA, isError, isRegExp } from './core/kinds.ts'
export { isLoopbackHost, normaliseHost } from './core/normalise.ts'
export { packageOf } from './core/package-name.ts'
export { pathBelow } from './core/path-below.ts'
export { parseQuery, queryOf } from './core/query.ts'
export { RuleSyntaxError } from './core/rule-syntax.ts'
export {
  DATA,
  fitsMessage,
  type Inbox,
  isText,
  MessageInbox,
  OffScript,
  Performance,
  type Sayable,
  Script,
  type Stage,
  type Step,
  say,
  type Taken,
} from './core/script.ts'
export { suggest } from './core/suggest.ts'
export { endsWith, includes, matchesText, slice, startsWith } from './core/texts.ts'
export { parseUrlRule } from './core/url-rule.ts'
export type {
  Asserting,
  Deviation,
  Difference,
  EngineLimit,
  FactPatterns,
  Hub,
  Left,
  Mocking,
  PrintCall,
  Redirected,
  Register,
  Reply,
  Spy,
} from './mocking.ts'
export { originals } from './originals.ts'
export { emitBy, emitFor } from './redirect/events.ts'
export type { Hop, NewThread, OpenCall, OpenOptions, Outcome, OwnEndpoints, Tap } from './tap.ts'

/** What a sandbox's box has under the names of protocols (`Mocking.box`); plugins add theirs. */
// biome-ignore lint/suspicious/noEmptyInterface: it is merged with those of plugins
export interface BoxViews {}

/** What `tripwire` has under the names of third parties' protocols; their plugins add theirs. */
// biome-ignore lint/suspicious/noEmptyInterface: it is merged with those of plugins
export interface PluginFamilies {}

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
  /** Where the relative paths of rules start: the config's folder, the project's root without one. Empty before a config is in force. */
  readonly rules: string
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

/** Checks a definition and gives it back, typed. */
export function definePlugin(definition: PluginDefinition): PluginDefinition {
  return definition
}
