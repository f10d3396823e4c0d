/** A trip and its error: what both say is written once, so that they cannot differ. */
import type { Layer, Trip, TripCode } from '../core/call.ts'
import type { Frame } from '../core/frames.ts'
import { printPosition, type Site } from './call-site.ts'
import type { TripwireError, TripwireErrorData } from './classes.ts'
import { type RedactPatterns, redactFacts, redactText } from './redact.ts'

/** What is known of a trip before it has an error: all but where it was made and what that says. */
export type TripParts = Omit<Trip, 'callSite' | 'via' | 'message' | 'stack' | 'surfaced' | 'expected'>

type TripErrorClass = new (text: string, data: TripwireErrorData, options: { readonly site: Site }) => TripwireError

/** A call that a mock was to answer, and could not. */
export interface Unanswered {
  readonly id: number
  readonly frame: Frame
  readonly layer: Layer
  readonly description: string
  /** What of the mock decided. */
  readonly why: string
  /** Tells it from others of its code at the same place; nothing secret. */
  readonly fingerprint: string
}

/** What the trip of such a call says, and the lines of its message that say where it was made. */
export function unanswered(
  code: TripCode,
  { id, frame, layer, description, why, fingerprint }: Unanswered,
  { callSite }: Site,
  redact: RedactPatterns,
): { readonly parts: TripParts; readonly place: readonly string[] } {
  const where = callSite ? printPosition(callSite) : '<unknown call site>'
  const startedBy = frame.startedBy()
  const { protocol, operation, facts } = layer
  const parts: TripParts = {
    id,
    kind: 'blocked',
    code,
    protocol,
    operation,
    facts: redactFacts(facts, redact),
    description: redactText(description, redact),
    startedBy,
    why: { by: 'mock', text: why },
    rule: protocol,
    fingerprint: `${code} ${fingerprint} ${where}`,
  }
  return { parts, place: [`  where  ${where}`, `         in ${startedBy.name}`] }
}

/**
 * @param text the message without its code in brackets
 * @param more what only this class of error has to tell, as plain data
 */
export function tripAndError(
  TripError: TripErrorClass,
  text: string,
  parts: TripParts,
  site: Site,
  more: object = {},
): { trip: Trip; error: Error } {
  const { id, protocol, operation, facts, startedBy } = parts
  const { callSite, via } = site
  const data = { tripId: id, protocol, operation, facts, callSite, startedBy, ...more }
  const error = new TripError(text, data, { site })
  const { message, stack = message } = error
  const trip: Trip = { ...parts, callSite, via, message, stack, surfaced: false, expected: false }
  return { trip, error }
}
