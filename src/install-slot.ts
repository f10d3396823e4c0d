import type { ResolvedConfig } from './config/resolved.ts'
import type { TripwireApi } from './core/api.ts'
import type { Guard } from './core/guard.ts'
import { readSlot } from './patch/slot.ts'
import { VERSION } from './version.ts'

/** The running installation, as every copy of this major version sees it. */
export interface Installed {
  readonly guard: Guard
  readonly api: TripwireApi
  /** Puts a config in force: its rules on the run frame, its plugins installed. Replaces the one before. */
  configure(config: ResolvedConfig): void
  /** Takes every patch back and frees the slot. */
  remove(): void
}

export const MAJOR = Number(VERSION.split('.')[0])

/** What is installed, or undefined. Light: the api imports it, and must not patch anything by that. */
export function installed(): Installed | undefined {
  const there = readSlot()
  return there?.major === MAJOR ? (there.parts as Installed) : undefined
}
