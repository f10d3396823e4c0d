/** Makes the test, describe or file that made a stopped call red, also when the application caught the error. */
import type { RunnerTestCase } from 'vitest'
import type { Trip } from '../core/call.ts'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import { printPosition } from '../errors/call-site.ts'
import { tripsCarriedBy } from '../errors/carries.ts'

type Payer = 'test' | 'describe' | 'file'

/** The part of a task's result that is changed here. */
interface Result {
  readonly state?: string | undefined
  readonly errors?: { message: string }[] | undefined
}

/** Numbers of trips that somebody has seen: they were thrown out of a hook, an import or a test. */
const surfaced = new Set<number>()
/** Numbers of trips in promises that nobody waited for, or in callbacks. */
const dropped = new Set<number>()

/** Remembers that an error reached Vitest, so that its trips are not told a second time. */
export function noteSurfaced(error: unknown): void {
  for (const id of tripsCarriedBy(error)) surfaced.add(id)
}

/** Whether an error that nobody caught carries a trip: whoever pays for it tells it, with the test that made the call. */
export function noteDropped(error: unknown): boolean {
  const ids = tripsCarriedBy(error)
  for (const id of ids) dropped.add(id)
  return ids.size > 0
}

/**
 * Judges a test at its end, inside Vitest's outermost around hook. A trip is final: it does not satisfy `test.fails`, a skip does not
 * hide it, a retry does not forgive it. @throws the errors that did not reach Vitest, if the test has not failed for another reason
 */
export function chargeTest({ guard, verify }: Charging, frame: Frame, test: RunnerTestCase): void {
  const { result } = test
  const left = isSkipped(result) ? undefined : verify(frame, test)
  const failures = isSkipped(result) ? [] : frame.failures.splice(0)
  try {
    chargeTrips(guard, frame, test)
  } catch (error) {
    for (const { message } of [...failures, ...(left === undefined ? [] : [left])])
      (error as Error).message += `\n\n${message}`
    throw error
  }
  if (failures.length > 0) {
    // What else is left may well follow from that.
    if (!hasFailed(result)) throw ofMocks(failures, 'test')
    addFailures(result, failures)
  }
  if (left === undefined) return
  // What is left unaccounted on a test that failed may well be because it failed.
  if (!hasFailed(result)) {
    test.fails = false
    throw left
  }
  if (!isOfAssertion(result?.errors?.[0]) && !isMisuse(left)) addText(result, left.message)
}

/** Whether a test failed by an assertion of ours: what is left to be asserted follows from that, and its message tells of it. */
function isOfAssertion(error: { readonly message: string } | undefined): boolean {
  return /^\[TRIPWIRE_(?:INTERACTION_MISMATCH|MISSING_FACTS)\]/.test(error?.message ?? '')
}

/** A sandbox that is open still, as the test did not come to its end. */
function isMisuse({ code }: Error & { readonly code?: unknown }): boolean {
  return code === 'TRIPWIRE_SANDBOX_MISUSE'
}

/** What is needed to judge the end of a frame. */
export interface Charging {
  readonly guard: Guard
  /** What the sandboxes of a frame left unaccounted. @param task the same for each attempt of a test */
  readonly verify: (frame: Frame, task?: object) => Error | undefined
}

function isSkipped(result: Result | undefined): boolean {
  return (result as { pending?: unknown } | undefined)?.pending === true
}

function chargeTrips(guard: Guard, frame: Frame, test: RunnerTestCase): void {
  const trips = guard.trips.take(frame)
  if (trips.length === 0) return
  const { result } = test
  for (const error of result?.errors ?? []) noteSurfaced(error)
  makeFinal(test)
  const untold = untoldOf(trips)
  if (untold.length === 0) return
  if (hasFailed(result)) addNote(result, untold, 'in this test')
  else throw swallowed(guard, untold, 'test')
}

/** Whatever Vitest would do to make up for an error of this attempt, it does not (4.1 and 5). */
export function makeFinal(test: RunnerTestCase): void {
  test.fails = false
  ;(test as { retry?: unknown }).retry = { count: 0, condition: () => false }
  if (test.result === undefined) return
  // What `ctx.skip()` left.
  Reflect.deleteProperty(test.result, 'pending')
  Reflect.deleteProperty(test.result, 'note')
}

/** Judges a describe or file at its end. @throws the errors that nobody has seen */
export function chargeSuite({ guard, verify }: Charging, frame: Frame, payer: Payer): void {
  const left = verify(frame)
  const untold = untoldOf(guard.trips.take(frame))
  if (untold.length > 0) throw swallowed(guard, untold, payer)
  const failures = frame.failures.splice(0)
  if (failures.length > 0) throw ofMocks(failures, payer)
  if (left !== undefined) throw left
}

/**
 * Judges a file none of whose hooks will run: it could not be imported, or all of its tests are skipped.
 *
 * @returns the trips that it cannot be red with
 */
export function chargeIdleFile(guard: Guard, frame: Frame, result: Result | undefined): readonly Trip[] {
  const untold = untoldOf(guard.trips.take(frame))
  if (untold.length === 0 || !hasFailed(result)) return untold
  addNote(result, untold, 'while this file was imported')
  return []
}

/** The trips that nobody has seen. A retry loop makes the same mistake many times: if one of them is seen, all are. */
function untoldOf(trips: readonly Trip[]): Trip[] {
  const told = new Set(trips.filter(({ id }) => surfaced.has(id)).map(({ fingerprint }) => fingerprint))
  const untold = new Map<string, Trip>()
  for (const trip of trips)
    if (!told.has(trip.fingerprint) && !untold.has(trip.fingerprint)) untold.set(trip.fingerprint, trip)
  return [...untold.values()]
}

/** What functions of its mocks failed with, as it is: Vitest shows what was expected, and where. */
function ofMocks(failures: readonly Error[], payer: Payer): Error {
  for (const error of failures)
    error.message += `\n\n  note   a function of a mock failed with this, and your code caught it; the ${payer} fails all the same`
  return failures.length === 1
    ? (failures[0] as Error)
    : new AggregateError(failures, `${failures.length} mocks failed`)
}

/** A test that failed may have failed with just that. */
function addFailures(result: Result | undefined, failures: readonly Error[]): void {
  const told = new Set<unknown>()
  for (let error: unknown = result?.errors?.[0]; error !== undefined && !told.has(error); ) {
    const { message, cause } = error as Error
    told.add(error).add(message)
    error = cause ?? undefined
  }
  const untold = failures.filter(({ message }) => !told.has(message))
  const lines = untold.map(({ name, message }) => `  ${name}: ${message.split('\n')[0]}`)
  if (lines.length > 0)
    addText(result, `functions of mocks failed, and your code caught the errors:\n${lines.join('\n')}`)
}

function hasFailed(result: Result | undefined): boolean {
  return result?.state === 'fail' && (result.errors?.length ?? 0) > 0
}

/** Vitest prints each error of an AggregateError on its own. */
function swallowed(guard: Guard, trips: readonly Trip[], payer: Payer): Error {
  const errors = trips.map((trip) => {
    const error = guard.trips.errorOf(trip) ?? new Error(trip.message)
    error.message += noteOf(trip, payer)
    return error
  })
  return errors.length === 1 ? (errors[0] as Error) : new AggregateError(errors, `${errors.length} calls were stopped`)
}

function noteOf({ id }: Trip, payer: Payer): string {
  const why = dropped.has(id) ? 'nobody waited for this call' : 'your code caught this error, or did not wait for it'
  return `\n  note   ${why}; the ${payer} fails all the same, as the call was not asked for`
}

/** What failed already fails once; what it swallowed may well be why, so the first error says so. */
function addNote(result: Result | undefined, trips: readonly Trip[], when: string): void {
  // An error that came over a wire, as that of a server, has the words of a trip and not its number.
  const told = result?.errors?.map(({ message }) => message).join('\n') ?? ''
  const lines = trips
    .filter(({ message }) => !told.includes(message))
    .map(
      ({ message, callSite }) => `  ${message.split('\n')[0]}${callSite ? `\n    at ${printPosition(callSite)}` : ''}`,
    )
  if (lines.length > 0)
    addText(result, `tripwire stopped calls ${when}, and your code caught the errors:\n${lines.join('\n')}`)
}

function addText(result: Result | undefined, text: string): void {
  const [error] = result?.errors ?? []
  if (error !== undefined) error.message += `\n\n${text}`
}
