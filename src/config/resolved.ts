import type { Grammar } from '../core/rules.ts'
import type { Scope } from '../core/scopes.ts'
import type { PluginDefinition } from '../plugin.ts'
import type { OnTrip } from './define.ts'

/** A config that was read whole and found right; frozen. */
export interface ResolvedConfig {
  /** Absolute path; undefined when there is no config file. */
  readonly file: string | undefined
  /** Folder that globs are relative to. */
  readonly dir: string
  readonly plugins: readonly PluginDefinition[]
  readonly grammar: Grammar
  readonly project: Scope
  readonly files: readonly FileScope[]
  readonly onTrip: OnTrip | undefined
  /** A value, or a function of the test file that gives one. */
  readonly data: unknown
  readonly redact: readonly (string | RegExp)[]
}

export interface FileScope {
  readonly glob: string
  /** Whether an absolute path of a test file fits. */
  matches(file: string): boolean
  readonly scope: Scope
}
