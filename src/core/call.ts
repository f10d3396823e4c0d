import type { Frame } from './frames.ts'
import type { Found } from './mocks.ts'
import type { Rule } from './rules.ts'

/** Flat data about an attempt: what rules match, what errors print, what a sandbox asserts. Never a secret. */
export type Facts = Readonly<Record<string, unknown>>

/** One protocol's view of an attempt. `operation` is `protocol:what`, from the list that the plugin declares. */
export interface Layer {
  readonly protocol: string
  readonly operation: string
  readonly facts: Facts
}

/**
 * An attempt of the code under test. A request, the connection it rides on and the lookup inside are one call with
 * several layers, the highest protocol first: the first decides, the others are seen by deny and restrict.
 */
export interface Call {
  readonly id: number
  /** Highest protocol first; grows at its end when a lower seam reports what the call rides on. */
  readonly layers: Layer[]
  /** What it rides on, or itself; asking for it does not work out what the call is. */
  readonly lowest: Layer | undefined
  /** Whether it is the use of a connection that was opened before, elsewhere. */
  readonly onOpen: boolean
  /** Where it was made; may be closed by now. */
  readonly frame: Frame
  verdict: Verdict | undefined
  /** The error that the caller got or would have got; one per call, however many seams report it. */
  trip: Trip | undefined
}

export type Verdict =
  | { readonly kind: 'pass'; readonly why: Why }
  | { readonly kind: 'observe'; readonly why: Why }
  | { readonly kind: 'warn'; readonly why: Why }
  | { readonly kind: 'block'; readonly code: TripCode; readonly why: Why }
  | { readonly kind: 'refuse'; readonly why: Why }
  | { readonly kind: 'reply'; readonly found: Found; readonly why: Why }

export type TripCode =
  | 'TRIPWIRE_GUARDED_CALL'
  | 'TRIPWIRE_UNSAFE_PASSTHROUGH'
  | 'TRIPWIRE_POST_SANDBOX_INTERACTION'
  | 'TRIPWIRE_POST_TEST_INTERACTION'
  | 'TRIPWIRE_UNMOCKED_INTERACTION'
  | 'TRIPWIRE_SCRIPT'
  | 'TRIPWIRE_ENGINE'

/** What decided, and where it is written. */
export interface Why {
  readonly by: 'runner' | 'mock' | 'rule' | 'default' | 'ceiling' | 'sandbox' | 'level' | 'hook' | 'wall'
  /** The rule that decided (allow, deny, refuse), or the ceiling that did not match. */
  readonly rule?: Rule
  readonly effect?: 'allow' | 'deny' | 'refuse' | 'restrict'
  readonly level?: import('./levels.ts').Level
  /** Where the rule or level is written: `tripwire.config.ts, guard.http`, `meta.tripwire of test "a"`, `the default`. */
  readonly source?: string
}

/** A call that was blocked, or would have been but for `observe`, `warn` or an `onTrip` that allowed it. Plain data: it crosses process borders. */
export interface Trip {
  readonly id: number
  readonly kind: 'blocked' | 'observed' | 'warned' | 'refused' | 'allowed'
  readonly code: TripCode | undefined
  readonly protocol: string
  readonly operation: string
  readonly facts: Facts
  /** The call in one line, as a person would write it. */
  readonly description: string
  readonly callSite: CallSite | undefined
  /** The npm package nearest to the seam, when the call was made from inside one: `axios`, `pg`. */
  readonly via: string | undefined
  /** The test, hook, sandbox or import that made the call. */
  readonly startedBy: StartedBy
  readonly why: { readonly by: string; readonly text: string }
  /** Pasteable rule that would let it pass. */
  readonly rule: string
  /** Protocol, rule and call site: equal for what is one mistake made many times. */
  readonly fingerprint: string
  readonly message: string
  readonly stack: string
  /** Set by the run-time glue once an error of the test carries it. */
  surfaced: boolean
  /** Expected by `tripwire.expectTrip`. */
  expected: boolean
}

export interface StartedBy {
  readonly kind: 'test' | 'hook' | 'describe' | 'import' | 'file' | 'run' | 'sandbox'
  /** `test "charges the card"`, `beforeAll of "orders"`, `import of test/a.test.ts`. */
  readonly name: string
  readonly file: string | undefined
  readonly sandbox: number | undefined
  readonly ended: boolean
}

export interface CallSite {
  readonly file: string
  readonly line: number
  readonly column: number
}
