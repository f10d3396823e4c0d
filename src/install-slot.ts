import type { ResolvedConfig } from './config/resolved.ts'
import type { TripwireApi } from './core/api.ts'
import type { Frame } from './core/frames.ts'
import type { Guard } from './core/guard.ts'
import type { Scope } from './core/scopes.ts'
import { readSlot } from './patch/slot.ts'
import type { RunPlace } from './plugin.ts'
import type { ThreadStart } from './threads/messages.ts'
import { VERSION } from './version.ts'

/**
 * The running installation, as every copy of this major version sees it. Whatever knows classes of its own (rules, errors, stacks) is asked
 * here, as a setup file may come from another copy.
 */
export interface Installed {
  readonly guard: Guard
  readonly api: TripwireApi
  /** Checks a config and compiles its rules. @throws ConfigError */
  resolve(raw: unknown, place: { readonly file: string | undefined; readonly dir: string }): ResolvedConfig
  /** Checks the options of a describe or test under the config in force. @throws ConfigError */
  scopeOf(options: unknown, place: { readonly source: string; readonly kind: Scope['kind'] }): Scope
  /** Remembers who maps stacks to the user's sources; see `rememberFormatter`. */
  rememberFormatter(): void
  /**
   * The error for what the sandboxes of a test, describe or file left unaccounted at its end; undefined when nothing is.
   *
   * @param task of a test, the same for each of its attempts
   */
  verify(frame: Frame, task?: object): Error | undefined
  /** Puts a config in force: its rules on the run frame, its plugins installed. Replaces the one before. @param file of the tests */
  configure(config: ResolvedConfig, file: string, place: RunPlace): void
  /** In a worker thread: judges from now on in the frames of its starter, and tells him. */
  obey(start: ThreadStart): void
  /** What a test did to the patches; they are in place again. Undefined when nothing. @param during names what has ended */
  lost(during: string): Error | undefined
  /** Runs the work of another copy of the package, which belongs to no test. */
  unjudged<T>(fn: () => T): T
  /** Takes every patch back and frees the slot. */
  remove(): void
}

export const MAJOR = Number(VERSION.split('.')[0])

/** What is installed, or undefined. Light: the api imports it, and must not patch anything by that. */
export function installed(): Installed | undefined {
  const there = readSlot()
  return there?.major === MAJOR ? (there.parts as Installed) : undefined
}
