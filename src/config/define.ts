import type { Level } from '../core/levels.ts'
import type { Matcher } from '../core/matcher.ts'
import type { HookTrip } from '../core/trip-hook.ts'
import type { PluginDefinition } from '../plugin.ts'

/** A rule string, or what `M(...)` gives. */
export type RuleInput = string | Matcher

/** A level, in any case; `'strict'` means error and `false` means off. */
export type LevelInput = Level | 'strict' | false | (string & {})

/** One level for all protocols, or levels by protocol with a default for the others. */
export type GuardInput =
  | LevelInput
  | { readonly default?: LevelInput; readonly [protocol: string]: LevelInput | undefined }

/** What may be said of a file, a describe, a test or a sandbox. */
export interface TripwireOptions {
  readonly guard?: GuardInput
  /** Calls that may really be made. */
  readonly allow?: RuleInput | readonly RuleInput[]
  /** Calls that are blocked whatever a wider scope allows. */
  readonly deny?: RuleInput | readonly RuleInput[]
  /** Calls that fail like an unreachable host, and never make a test red: telemetry, update checks. */
  readonly refuse?: RuleInput | readonly RuleInput[]
  /** A ceiling: no rule or level inside opens what matches none of these. */
  readonly restrict?: RuleInput | readonly RuleInput[]
  /** What counts as the test's own loopback: its own servers, any port, or none. Default `'own'`. */
  readonly loopback?: 'own' | 'any' | 'none'
  /**
   * Folders that tests may use, relative to the config file; `'.'` is the current folder at the time of the call. `write` adds to the temporary
   * folder. `read`, once named, limits reading to these, the workspace, `node_modules` and the temporary folder.
   */
  readonly fs?: { readonly read?: readonly string[]; readonly write?: readonly string[] }
}

/** What `onTrip` is asked about: the trip, where in the run it was made, and the config's `data`. */
export interface OnTripCall extends HookTrip {
  readonly data: unknown
}

/** What a function without a `return` gives. */
type Nothing = ReturnType<() => void>

/** Answers `'allow'` or nothing. Not `=> void` beside `=> 'allow'`: that takes every function, one that answers `'alow'` or a promise too. */
export type OnTrip = (trip: OnTripCall) => 'allow' | undefined | Nothing

/** The config file. Every key is optional; unknown keys are errors. */
export interface TripwireConfig extends TripwireOptions {
  /** Options by test file; globs relative to the config file. */
  readonly files?: Readonly<Record<string, TripwireOptions>>
  /** Plugins of third parties. */
  readonly plugins?: readonly PluginDefinition[]
  /**
   * Asked once for each call that is about to be stopped, late ones and those in a sandbox too, but not where a ceiling stops it: `'allow'` lets
   * it through, nothing stops it, and what it throws is the error of the call. Synchronous: a promise is no answer. What it does is not judged.
   */
  readonly onTrip?: OnTrip
  /** Handed to `onTrip`, deeply frozen: a value, or a function that is called once for each test file, with its path. */
  readonly data?: unknown
  /** Texts and patterns that are hidden in messages and reports. */
  readonly redact?: readonly (string | RegExp)[]
}

/** Gives the config back, typed. */
export function defineConfig(config: TripwireConfig): TripwireConfig {
  return config
}
