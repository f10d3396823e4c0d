import type { TripMaker } from '../core/trips.ts'
import { captureLater, captureSite, isOwnWork, type Site } from './call-site.ts'
import { createLimit } from './engine.ts'
import { createDeviation } from './script.ts'
import { createTrip, type MessageConfig, plainTrip, revive } from './trip.ts'

/**
 * Makes trips and their errors: the plain data first, the message from it.
 *
 * @param running names the test or hook that runs at the moment, for calls that come late
 */
export function createTripMaker(
  config: () => MessageConfig | undefined,
  running: () => string | undefined = () => undefined,
): TripMaker {
  return {
    captureSite,
    captureLater,
    isOwnWork,
    create(input) {
      try {
        return createTrip(input, input.site as Site, config(), running)
      } catch (cause) {
        return plainTrip(input, cause)
      }
    },
    deviation: (input) => createDeviation(input, config()?.redact ?? []),
    limit: (input) => createLimit(input, config()?.redact ?? []),
    revive,
  }
}
