import type { CallSite, Facts, StartedBy } from '../core/call.ts'
import { captureSite, type Site } from './call-site.ts'
import { withoutStacks } from './stack-sites.ts'

/** Errors of two copies of this package, or of two realms, know each other by this. */
const BRAND = Symbol.for('vitest-tripwire.error')

/** What every error of tripwire carries; plain data, so that it survives the way to Vitest's main process. */
export interface TripwireErrorData {
  readonly callSite?: CallSite | undefined
  readonly startedBy?: StartedBy | undefined
  readonly protocol?: string
  readonly operation?: string
  readonly facts?: Facts
  /** Number of the trip in its worker: tells whether an error that reached Vitest carries it. */
  readonly tripId?: number
}

interface Options extends ErrorOptions {
  /** The stack it belongs to, when that was read already. */
  readonly site?: Site
}

/** Base of all errors of this package. `instanceof` works across copies and realms; no frame of ours is in its stack. */
export class TripwireError extends Error {
  static readonly code: string = 'TRIPWIRE'
  readonly code: string

  /**
   * @param text the message without its code in brackets
   * @param data plain data, kept as own properties; without a `callSite` the line of the user's that led here is put in, if there is one
   */
  constructor(text: string, data: object = {}, options: Options = {}) {
    const { site = captureSite(), ...rest } = options
    const { code, name } = new.target
    const giveBack = withoutStacks()
    try {
      super(`[${code}] ${text}`, rest)
      // Formatting is lazy: putting our own stack in place asks for the old one first.
      const stack = `${name}: ${this.message}${site.stack === '' ? '' : `\n${site.stack}`}`
      Object.defineProperty(this, 'stack', { value: stack, configurable: true, writable: true })
    } finally {
      giveBack()
    }
    this.code = code
    if (site.callSite) Object.assign(this, { callSite: site.callSite })
    Object.assign(this, data)
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true })
    Object.defineProperty(this, BRAND, { value: code })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    const code = (value as { [BRAND]?: string } | null | undefined)?.[BRAND]
    if (code === undefined) return false
    return this.code === TripwireError.code || code === this.code
  }
}

export class GuardedCallError extends TripwireError {
  static override readonly code = 'TRIPWIRE_GUARDED_CALL'
}
export class UnsafePassthroughError extends TripwireError {
  static override readonly code = 'TRIPWIRE_UNSAFE_PASSTHROUGH'
}
export class PostSandboxInteractionError extends TripwireError {
  static override readonly code = 'TRIPWIRE_POST_SANDBOX_INTERACTION'
}
export class PostTestInteractionError extends TripwireError {
  static override readonly code = 'TRIPWIRE_POST_TEST_INTERACTION'
}
export class UnmockedInteractionError extends TripwireError {
  static override readonly code = 'TRIPWIRE_UNMOCKED_INTERACTION'
}
export class UnassertedInteractionsError extends TripwireError {
  static override readonly code = 'TRIPWIRE_UNASSERTED_INTERACTIONS'
}
export class UnusedMocksError extends TripwireError {
  static override readonly code = 'TRIPWIRE_UNUSED_MOCKS'
}
export class VerificationError extends TripwireError {
  static override readonly code = 'TRIPWIRE_VERIFICATION'
}
export class InteractionMismatchError extends TripwireError {
  static override readonly code = 'TRIPWIRE_INTERACTION_MISMATCH'
}
export class MissingFactsError extends TripwireError {
  static override readonly code = 'TRIPWIRE_MISSING_FACTS'
}
export class ExpectedTripError extends TripwireError {
  static override readonly code = 'TRIPWIRE_EXPECTED_TRIP'
}
export class ScriptError extends TripwireError {
  static override readonly code = 'TRIPWIRE_SCRIPT'
}
export class EngineError extends TripwireError {
  static override readonly code = 'TRIPWIRE_ENGINE'
}
export class MissingPeerError extends TripwireError {
  static override readonly code = 'TRIPWIRE_MISSING_PEER'
}
export class SandboxMisuseError extends TripwireError {
  static override readonly code = 'TRIPWIRE_SANDBOX_MISUSE'
}
export class ConfigError extends TripwireError {
  static override readonly code = 'TRIPWIRE_CONFIG'
}
export class InstallError extends TripwireError {
  static override readonly code = 'TRIPWIRE_INSTALL'
}

/** Every class by its permanent code. */
export const CODES = {
  TRIPWIRE_GUARDED_CALL: GuardedCallError,
  TRIPWIRE_UNSAFE_PASSTHROUGH: UnsafePassthroughError,
  TRIPWIRE_POST_SANDBOX_INTERACTION: PostSandboxInteractionError,
  TRIPWIRE_POST_TEST_INTERACTION: PostTestInteractionError,
  TRIPWIRE_UNMOCKED_INTERACTION: UnmockedInteractionError,
  TRIPWIRE_UNASSERTED_INTERACTIONS: UnassertedInteractionsError,
  TRIPWIRE_UNUSED_MOCKS: UnusedMocksError,
  TRIPWIRE_VERIFICATION: VerificationError,
  TRIPWIRE_INTERACTION_MISMATCH: InteractionMismatchError,
  TRIPWIRE_MISSING_FACTS: MissingFactsError,
  TRIPWIRE_EXPECTED_TRIP: ExpectedTripError,
  TRIPWIRE_SCRIPT: ScriptError,
  TRIPWIRE_ENGINE: EngineError,
  TRIPWIRE_MISSING_PEER: MissingPeerError,
  TRIPWIRE_SANDBOX_MISUSE: SandboxMisuseError,
  TRIPWIRE_CONFIG: ConfigError,
  TRIPWIRE_INSTALL: InstallError,
} as const

export type TripwireCode = keyof typeof CODES
