/** The numbers of all trips that an error carries: itself, those it lists, its causes, the errors of an AggregateError, at any depth. */
import { SafeSet } from '../core/collections.ts'

export function tripsCarriedBy(error: unknown): Set<number> {
  const found = new SafeSet<number>()
  collect(error, found, new SafeSet())
  return found
}

/** Whether an error is one of ours, or carries one. */
export function carriesTrip(error: unknown): boolean {
  return tripsCarriedBy(error).size > 0
}

function collect(value: unknown, found: Set<number>, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  const { tripId, tripIds, cause, errors } = value as Record<string, unknown>
  for (const id of Array.isArray(tripIds) ? tripIds : [tripId]) if (typeof id === 'number') found.add(id)
  collect(cause, found, seen)
  if (Array.isArray(errors)) for (const error of errors) collect(error, found, seen)
}
