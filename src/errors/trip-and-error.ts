/** A trip and its error: what both say is written once, so that they cannot differ. */
import type { Trip } from '../core/call.ts'
import type { Site } from './call-site.ts'
import type { TripwireError, TripwireErrorData } from './classes.ts'

/** What is known of a trip before it has an error: all but where it was made and what that says. */
export type TripParts = Omit<Trip, 'callSite' | 'via' | 'message' | 'stack' | 'surfaced' | 'expected'>

type TripErrorClass = new (text: string, data: TripwireErrorData, options: { readonly site: Site }) => TripwireError

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
