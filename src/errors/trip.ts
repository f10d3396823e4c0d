/** One trip and its error. */
import type { StartedBy, Trip, TripCode, Verdict, Why } from '../core/call.ts'
import type { FrameKind } from '../core/frames.ts'
import { lateFrame } from '../core/late.ts'
import type { Policy } from '../core/policy.ts'
import type { Rule } from '../core/rules.ts'
import type { TripInput } from '../core/trips.ts'
import { printPosition, type Site } from './call-site.ts'
import { CODES } from './classes.ts'
import { nearestMiss, nearestMock } from './nearest-miss.ts'
import { type RedactPatterns, redactFacts, redactRule, redactText } from './redact.ts'
import { quote } from './remedies.ts'
import { type MissText, renderTrip, type TripText, whyText } from './render.ts'
import { type TripParts, tripAndError } from './trip-and-error.ts'

/** The part of the config that messages speak of. */
export interface MessageConfig {
  readonly file: string | undefined
  readonly dir: string
  readonly redact: RedactPatterns
}

/** Where a test has replaced what messages are made with: the call is stopped and told all the same, in fewer words. */
export function plainTrip(
  { id, call, verdict, description, remedy }: TripInput,
  cause: unknown,
): { trip: Trip; error: Error } {
  const { protocol, operation } = call.layers[0] ?? { protocol: '', operation: '' }
  const code: TripCode = verdict.kind === 'block' ? verdict.code : 'TRIPWIRE_GUARDED_CALL'
  const kind = KINDS[verdict.kind as TripVerdict['kind']]
  const startedBy = call.frame.startedBy()
  const message = `${description} was ${kind}.\n\n  note   its message could not be made, as a built-in is replaced: ${cause}`
  const site: Site = { callSite: undefined, reason: undefined, via: undefined, stack: '', runner: false }
  const parts: TripParts = {
    id,
    kind,
    code: verdict.kind === 'block' ? code : undefined,
    protocol,
    operation,
    facts: {},
    description,
    startedBy,
    why: { by: verdict.why.by, text: verdict.why.by },
    rule: remedy.rule,
    fingerprint: `${code} ${remedy.rule} ${id}`,
  }
  return tripAndError(CODES[code], message, parts, site)
}

/** The error of a trip of a worker thread. */
export function revive({ id, code = 'TRIPWIRE_GUARDED_CALL', message, stack, ...trip }: Trip): Error {
  const { protocol, operation, facts, callSite, startedBy, via } = trip
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const site: Site = { callSite, reason: undefined, via, stack: lines.join('\n'), runner: false }
  const data = { tripId: id, protocol, operation, facts, callSite, startedBy }
  return new CODES[code](message.replace(`[${code}] `, ''), data, { site })
}

const KINDS = { block: 'blocked', observe: 'observed', warn: 'warned', refuse: 'refused' } as const
type TripVerdict = Extract<Verdict, { kind: keyof typeof KINDS }>

/** The plain data first, the message from it. */
export function createTrip(
  input: TripInput,
  site: Site,
  config: MessageConfig | undefined,
  running: () => string | undefined,
): { trip: Trip; error: Error } {
  const { call, policy } = input
  const top = call.layers[0]
  if (top === undefined || !(input.verdict.kind in KINDS)) throw new TypeError('no trip to make')
  const verdict = input.verdict as TripVerdict
  const redact = config?.redact ?? []
  const code: TripCode = verdict.kind === 'block' ? verdict.code : 'TRIPWIRE_GUARDED_CALL'
  const kind = KINDS[verdict.kind]
  const late = kind === 'blocked' ? lateFrame(call.frame) : undefined
  const description = redactText(input.description, redact)
  const remedy = redactRemedy(input.remedy, redact)
  const startedBy: StartedBy = call.frame.startedBy()
  const endpoint = input.lower && redactText(input.describeLower(input.lower), redact)
  const deciding = decidedBy(verdict.why, policy)
  const textOf = ({ text }: Rule) => redactRule(text, redact)
  const decided = deciding.map(textOf)
  const position = site.callSite ? printPosition(site.callSite) : startedBy.name
  const fingerprint = `${code} ${remedy.rule} ${position}`
  // What `expectTrip` waits for is never told, so that it cannot stand for a later one.
  const told = kind === 'blocked' && policy.expecting.length === 0 && input.seen(fingerprint)
  const message = renderTrip({
    code,
    kind,
    description,
    site,
    startedBy,
    why: verdict.why,
    decided,
    harmless: deciding.filter((rule) => !call.layers.some((layer) => rule.matches(layer, false))).map(textOf),
    remedy,
    mock: input.mock && redactText(input.mock, redact),
    endpoint,
    onOpen: call.onOpen,
    sandbox: policy.sandbox,
    running: startedBy.ended ? running() : undefined,
    miss: kind === 'blocked' && !told ? missOf(input, verdict.why, redact) : undefined,
    config: { file: config?.file, dir: config?.dir ?? '' },
    late: late?.kind as TripText['late'],
    ended: late?.name,
    judgedIn: judgedIn(policy),
    repeated: told,
  })
  const parts: TripParts = {
    id: input.id,
    kind,
    code: verdict.kind === 'block' ? code : undefined,
    protocol: top.protocol,
    operation: top.operation,
    facts: redactFacts(top.facts, redact),
    description,
    startedBy,
    why: { by: verdict.why.by, text: whyText(verdict.why, decided[0], endpoint) },
    rule: remedy.rule,
    fingerprint,
  }
  return tripAndError(CODES[code], message, parts, site)
}

/** Where a rule that is written now would be in force: a sandbox, test, describe, file or the run. */
function judgedIn({ frame, sandbox }: Policy): FrameKind {
  if (sandbox !== undefined) return 'sandbox'
  return frame.nearest('test', 'describe', 'file')?.kind ?? 'run'
}

/** The rules that stand together with the one that decided, that one first. */
function decidedBy({ rule, effect, source }: Why, { scopes }: Policy): Rule[] {
  if (rule === undefined) return []
  const list = scopes.flatMap((scope) => (effect && scope.source === source ? (scope[effect] ?? []) : []))
  return [rule, ...list.filter((other) => list.includes(rule) && other !== rule)]
}

function redactRemedy({ rule, wider, hint }: TripInput['remedy'], redact: RedactPatterns): TripInput['remedy'] {
  return {
    rule: redactRule(rule, redact),
    ...(wider !== undefined && { wider: redactRule(wider, redact) }),
    ...(hint !== undefined && { hint: redactText(hint, redact) }),
  }
}

/** Rules and ceilings that stop a call say so themselves; a mock or a rule that almost let it through helps where none decided. */
function missOf({ call, known, policy }: TripInput, why: Why, redact: RedactPatterns): MissText | undefined {
  const [top] = call.layers
  if (top === undefined || (why.by !== 'level' && why.by !== 'sandbox')) return undefined
  const mock = nearestMock(known, policy.mocks, policy.sandbox !== undefined)
  if (mock !== undefined) {
    const facts = mock.why === 'facts' ? redactFacts(mock.facts, redact) : {}
    return { ...mock, text: redactText(mock.text, redact), facts }
  }
  const miss = nearestMiss(top, policy.ruled)
  if (miss === undefined) return undefined
  const { rule, source, facts } = miss
  return {
    why: 'facts',
    text: `allow ${quote(redactRule(rule.text, redact))}`,
    source,
    facts: redactFacts(facts, redact),
  }
}
