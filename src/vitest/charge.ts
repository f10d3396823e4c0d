/** Makes the test, describe or file that made a stopped call red, also when the application caught the error. */
import type { RunnerTestCase } from 'vitest'
import type { Trip } from '../core/call.ts'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import { tripsCarriedBy } from '../errors/carries.ts'

const CAUGHT = '\n  note   your code caught this error; the test fails all the same, as the call was not asked for'

/** Numbers of trips that somebody has seen: they were thrown out of a hook, an import or a test. */
const surfaced = new Set<number>()

/** Remembers that an error reached Vitest, so that its trips are not told a second time. */
export function noteSurfaced(error: unknown): void {
  for (const id of tripsCarriedBy(error)) surfaced.add(id)
}

/**
 * Judges a test at its end, inside Vitest's outermost around hook. A trip is final: it does not satisfy `test.fails`, a skip does not
 * hide it, a retry does not forgive it. @throws the errors that the application swallowed, if the test has not failed for another reason
 */
export function chargeTest(guard: Guard, frame: Frame, test: RunnerTestCase): void {
  const trips = guard.trips.take(frame)
  if (trips.length === 0) return
  const { result } = test
  for (const error of result?.errors ?? []) noteSurfaced(error)
  const untold = trips.filter((trip) => !surfaced.has(trip.id))
  test.fails = false
  ;(test as { retry?: unknown }).retry = { count: 0, condition: () => false }
  if (result) {
    // What `ctx.skip()` left: with it Vitest would forget our error (Vitest 4.1 and 5).
    Reflect.deleteProperty(result, 'pending')
    Reflect.deleteProperty(result, 'note')
  }
  const failed = result?.state === 'fail' && (result.errors?.length ?? 0) > 0
  if (untold.length === 0) return
  if (failed) addNote(test, untold)
  else throw swallowed(guard, untold)
}

/** Judges a describe or file at its end. @throws the errors that nobody has seen */
export function chargeSuite(guard: Guard, frame: Frame): void {
  const untold = guard.trips.take(frame).filter((trip) => !surfaced.has(trip.id))
  if (untold.length > 0) throw swallowed(guard, untold)
}

/** The trips that nobody has seen, for reports that have no test to redden. */
export function untoldOf(guard: Guard, frame: Frame): Trip[] {
  return guard.trips.take(frame).filter((trip) => !surfaced.has(trip.id))
}

function swallowed(guard: Guard, trips: readonly Trip[]): Error {
  const errors = fold(trips).map((trip) => {
    const error = guard.trips.errorOf(trip) ?? new Error(trip.message)
    if (!error.message.endsWith(CAUGHT)) error.message += CAUGHT
    return error
  })
  return errors.length === 1 ? (errors[0] as Error) : new AggregateError(errors, `${errors.length} calls were stopped`)
}

/** One trip for each mistake: a retry loop makes the same one many times. */
function fold(trips: readonly Trip[]): Trip[] {
  const byMistake = new Map<string, Trip>()
  for (const trip of trips) if (!byMistake.has(trip.fingerprint)) byMistake.set(trip.fingerprint, trip)
  return [...byMistake.values()]
}

/** A test that failed already fails once; what it swallowed may well be why, so the first error says so. */
function addNote(test: RunnerTestCase, trips: readonly Trip[]): void {
  const error = test.result?.errors?.[0]
  if (error === undefined) return
  const lines = fold(trips).map((trip) => `  ${trip.message.split('\n')[0]}`)
  error.message += `\n\ntripwire stopped calls in this test, and your code caught the errors:\n${lines.join('\n')}`
}
