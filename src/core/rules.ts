import type { Layer } from './call.ts'

/** A compiled pattern of facts, from a rule string or from `M(...)`. */
export interface Rule {
  /** As the user wrote it. */
  readonly text: string
  /** The protocol it speaks of; undefined = any. */
  readonly protocol: string | undefined
  /**
   * Whether the layer fits. Facts that a layer does not know yet (`undefined`; the method of a request on a session that
   * is only being opened) count as `unknown`: pass true to ask "could fit", false to ask "fits for certain".
   */
  matches(layer: Layer, unknown: boolean): boolean
}
