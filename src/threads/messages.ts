/** What the two ends of a worker thread tell each other. Plain data: it is cloned. */
import type { MessagePort } from 'node:worker_threads'
import type { CallSite, Layer, Trip } from '../core/call.ts'
import type { PortableFrame } from '../core/portable.ts'
import type { Interaction } from '../core/sandbox.ts'
import type { HookTrip } from '../core/trip-hook.ts'
import type { RunPlace } from '../plugin.ts'

/** Key of the environment data under which a thread finds what it starts with. */
export const START = 'vitest-tripwire.thread'

/** What a thread starts with. */
export interface ThreadStart {
  readonly version: string
  readonly port: MessagePort
  /** Two numbers: `STATE` counts what was sent to the thread, `ANSWERED` the questions of the thread that were answered. */
  readonly shared: Int32Array
  readonly frames: readonly PortableFrame[]
  readonly own: readonly string[]
  readonly config: {
    readonly file: string | undefined
    readonly dir: string
    readonly redact: readonly (string | RegExp)[]
    readonly hasHook: boolean
    readonly place: RunPlace
  }
  /** The line that started the thread, for calls that no line of the user's makes. */
  readonly origin: CallSite | undefined
}

export const STATE = 0
export const ANSWERED = 1

export type ToThread =
  | { readonly kind: 'frames'; readonly frames: readonly PortableFrame[] }
  | { readonly kind: 'own'; readonly key: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly threw: boolean }

export type FromThread =
  | { readonly kind: 'trip'; readonly trip: Trip; readonly frame: number }
  | { readonly kind: 'interaction'; readonly sandbox: number; readonly interaction: Interaction }
  | { readonly kind: 'own'; readonly key: string }
  | Question

/** What only the starter can answer: rules with functions in them, and `onTrip`. The thread waits. */
export type Question =
  | {
      readonly kind: 'ask-rule'
      readonly id: number
      readonly rule: number
      readonly layer: Layer
      readonly unknown: boolean
    }
  | { readonly kind: 'ask-hook'; readonly id: number; readonly trip: HookTrip }
