import type { StartedBy, Trip, TripCode } from '../core/call.ts'
import type { TripInput, TripMaker } from '../core/trips.ts'
import { captureSite, printPosition, type Site } from './call-site.ts'
import { CODES } from './classes.ts'
import { redactFacts, redactText } from './redact.ts'
import { renderTrip, whyText } from './render.ts'

/** The part of the config that messages speak of. */
export interface MessageConfig {
  readonly file: string | undefined
  readonly redact: readonly (string | RegExp)[]
}

/** Makes trips and their errors: the plain data first, the message from it. */
export function createTripMaker(config: () => MessageConfig | undefined): TripMaker {
  return {
    captureSite,
    create: (input) => createTrip(input, input.site as Site, config()),
  }
}

const KINDS = { block: 'blocked', observe: 'observed', warn: 'warned', refuse: 'refused' } as const

function createTrip(input: TripInput, site: Site, config: MessageConfig | undefined): { trip: Trip; error: Error } {
  const { verdict, call } = input
  const top = call.layers[0]
  if (top === undefined || verdict.kind === 'pass' || verdict.kind === 'reply') throw new TypeError('no trip to make')
  const redact = config?.redact ?? []
  const code: TripCode = verdict.kind === 'block' ? verdict.code : 'TRIPWIRE_GUARDED_CALL'
  const description = redactText(input.description, redact)
  const startedBy: StartedBy = call.frame.startedBy()
  const endpoint = input.lower && redactText(input.describeLower(input.lower), redact)
  const position = site.callSite ? printPosition(site.callSite) : startedBy.name
  const fingerprint = `${code} ${input.remedy.rule} ${position}`
  const told = verdict.kind === 'block' && input.seen(fingerprint)
  const message = renderTrip({
    code,
    description,
    site,
    startedBy,
    why: verdict.why,
    remedy: input.remedy,
    endpoint,
    sandbox: input.policy.sandbox,
    configFile: config?.file,
    repeated: told,
  })
  const facts = redactFacts(top.facts, redact)
  const data = {
    tripId: input.id,
    protocol: top.protocol,
    operation: top.operation,
    facts,
    callSite: site.callSite,
    startedBy,
  }
  const error = new CODES[code](message, data)
  const stack = `${error.name}: ${error.message}${site.stack === '' ? '' : `\n${site.stack}`}`
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  const trip: Trip = {
    id: input.id,
    kind: KINDS[verdict.kind],
    code: verdict.kind === 'block' ? code : undefined,
    protocol: top.protocol,
    operation: top.operation,
    facts,
    description,
    callSite: site.callSite,
    via: site.via,
    startedBy,
    why: { by: verdict.why.by, text: whyText(verdict.why, endpoint) },
    rule: input.remedy.rule,
    fingerprint,
    message: error.message,
    stack,
    surfaced: false,
    expected: false,
  }
  return { trip, error }
}
