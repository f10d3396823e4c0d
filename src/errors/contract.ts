/** Messages of the certainty contract: assertions that do not hold, and what a test leaves unaccounted. */
import { type Failure, unnamed } from '../core/assertions.ts'
import type { Facts } from '../core/call.ts'
import type { InteractionRecord } from '../core/ledger.ts'
import { isMatcher, printMatcher, specOf } from '../core/matcher.ts'
import type { Mock } from '../core/mocks.ts'
import type { PluginSet } from '../core/plugins.ts'
import type { Unaccounted } from '../core/verify.ts'
import type { Difference } from '../plugin.ts'
import { printPosition, type Site } from './call-site.ts'
import {
  InteractionMismatchError,
  MissingFactsError,
  type TripwireError,
  UnassertedInteractionsError,
  UnusedMocksError,
  VerificationError,
} from './classes.ts'
import { printValue } from './code.ts'
import { differenceOf } from './difference.ts'
import { type RedactPatterns, redactFacts, redactText } from './redact.ts'
import { printStep } from './script.ts'
import { varied, variedAddress } from './varied.ts'

/** What the messages are made with. */
export interface Voice {
  readonly plugins: PluginSet
  redact(): RedactPatterns
}

const MOST_LISTED = 20

/** An assertion does not hold. @param text the assertion as it is written */
export function assertionError(voice: Voice, text: string, failure: Failure): TripwireError {
  const asserted = redactText(text, voice.redact())
  if (failure.kind === 'nothing-left') return nothingLeft(voice, asserted, failure)
  const data = dataOf(voice, failure.interaction)
  const place = placeOf(failure.interaction)
  const paste = [
    '  fix    assert it with the facts that it has:',
    `           ${printAssertion(voice, failure.interaction)}`,
  ]
  if (failure.kind === 'wildcards') {
    const what = `${asserted} says nothing of the call: it would hold for any.`
    return new InteractionMismatchError([what, '', ...place, ...paste].join('\n'), data)
  }
  if (failure.kind === 'missing-facts') {
    const what = `${asserted} leaves out what the code under test controls: ${failure.missing.join(', ')}.`
    return new MissingFactsError([what, '', ...place, ...paste].join('\n'), { ...data, missing: failure.missing })
  }
  return mismatch(voice, asserted, failure)
}

function mismatch(voice: Voice, asserted: string, failure: Extract<Failure, { kind: 'mismatch' }>): TripwireError {
  const { interaction, differing, expected, later, ordered, pending } = failure
  const lines = [
    ordered
      ? `${asserted} is not the next call: that is ${described(voice, interaction)}.`
      : `${asserted} fits none of the calls; the nearest is ${described(voice, interaction)}.`,
    '',
    ...placeOf(interaction),
  ]
  if (differing === undefined) lines.push(`  why    it is a call of ${interaction.protocol}`)
  else {
    const named =
      voice.plugins.get(interaction.protocol)?.mocking?.controlled(interaction.facts, interaction.mock?.answer) ?? []
    lines.push(`  why    ${differing.length === 1 ? 'this fact differs' : 'these facts differ'}:`)
    for (const fact of differing) lines.push(...difference(voice, fact, expected[fact], interaction.facts[fact]))
    const same = unnamed(named, differing).length
    if (same > 0) lines.push(`         ${same} other ${same === 1 ? 'fact fits' : 'facts fit'}`)
  }
  if (later !== undefined) {
    lines.push(
      `  fix    a later call fits it (${described(voice, later)}): assert in the order of the calls, or where that does not matter`,
      `           tripwire.inAnyOrder(() => ${printAssertion(voice, later)})`,
    )
  }
  lines.push(
    `  ${later === undefined ? 'fix' : '   '}    ${later === undefined ? '' : 'or '}what was called is asserted by:`,
  )
  lines.push(`           ${printAssertion(voice, interaction)}`)
  if (pending.length > 1)
    lines.push(`  next   ${pending.length} calls are to be asserted:`, ...listCalls(voice, pending))
  return new InteractionMismatchError(lines.join('\n'), dataOf(voice, interaction))
}

/** What was left behind is not what an assertion says. */
export function stateError(voice: Voice, text: string, differences: readonly Difference[]): TripwireError {
  const redact = voice.redact()
  const count = differences.length === 1 ? 'a path is' : `${differences.length} paths are`
  const lines = [`${redactText(text, redact)} does not hold: ${count} otherwise.`, '']
  for (const { path, expected, was } of differences.slice(0, MOST_LISTED)) {
    const differing = differenceOf(expected, was)
    lines.push(
      `  path   ${path}`,
      `         expected ${printValue(differing.expected, redact, INDENT)}`,
      `         was      ${printValue(differing.actual, redact, INDENT)}`,
    )
  }
  lines.push(...more(differences.length))
  return new InteractionMismatchError(lines.join('\n'))
}

const INDENT = 20

function difference(voice: Voice, fact: string, expected: unknown, actual: unknown): string[] {
  const redact = voice.redact()
  const print = (value: unknown) => printValue(value, redact, INDENT)
  const { same, ...differing } = differenceOf(expected, actual)
  return [
    `           ${fact}${same === 0 ? '' : `, where ${same} ${same === 1 ? 'part fits' : 'parts fit'}, and these differ`}`,
    `             expected ${print(differing.expected)}`,
    `             was      ${print(differing.actual)}`,
  ]
}

function nothingLeft(voice: Voice, asserted: string, { blocked }: Extract<Failure, { kind: 'nothing-left' }>) {
  const lines = [`${asserted} fits no call: there is none left to be asserted.`, '']
  lines.push(
    '  why    calls are there once a mock answered them or let them through, in a sandbox; each is asserted once',
  )
  if (blocked.length > 0)
    lines.push('  near   these were stopped, as no mock answered them:', ...listCalls(voice, blocked))
  return new InteractionMismatchError(lines.join('\n'))
}

/**
 * What a test left unaccounted; one error for all of it.
 *
 * @param before the calls that an earlier attempt of the test left: what differs is printed as a matcher
 */
export function verificationError(
  voice: Voice,
  left: Unaccounted,
  owner: string,
  before: readonly InteractionRecord[] = [],
): TripwireError {
  const both = left.unasserted.length > 0 && left.unused.length > 0
  const parts: string[] = []
  if (left.unasserted.length > 0) parts.push(unassertedText(voice, left.unasserted, owner, before))
  if (left.unused.length > 0) parts.push(unusedText(voice, left, owner))
  const data = { unasserted: left.unasserted.length, unused: left.unused.length }
  const options = siteOf(left)
  if (both) {
    const codes = [UnassertedInteractionsError.code, UnusedMocksError.code]
    return new VerificationError(parts.map((part, at) => `[${codes[at]}] ${part}`).join('\n\n'), data, options)
  }
  const Class = left.unasserted.length > 0 ? UnassertedInteractionsError : UnusedMocksError
  return new Class(parts.join('\n'), data, options)
}

/** The line that runners and editors show: of the first call that was not asserted, else of the first mock that was not used. */
function siteOf({ unasserted, unused }: Unaccounted): { site?: Site } {
  const site = (unasserted[0]?.site ?? unused[0]?.site()) as Site | undefined
  return site?.callSite && site.stack ? { site } : {}
}

function unassertedText(
  voice: Voice,
  calls: readonly InteractionRecord[],
  owner: string,
  before: readonly InteractionRecord[],
): string {
  const count = calls.length === 1 ? 'A call was' : `${calls.length} calls were`
  return [
    `${count} answered in the sandboxes of ${owner}, and never asserted.`,
    '',
    ...listCalls(voice, calls),
    `  fix    assert ${calls.length === 1 ? 'it' : 'them'} after the sandbox:`,
    ...calls.slice(0, MOST_LISTED).map((call, at) => `           ${printAssertion(voice, call, before[at])}`),
    ...more(calls.length),
  ].join('\n')
}

function unusedText(voice: Voice, { unused, blocked, quiet }: Unaccounted, owner: string): string {
  const count = unused.length === 1 ? 'A mock was' : `${unused.length} mocks were`
  const how = unused.every(({ uses, least }) => uses >= least) ? 'not used to the end' : 'never used'
  const lines = [`${count} ${how} in ${owner}.`, '']
  for (const mock of unused.slice(0, MOST_LISTED)) {
    lines.push(`  mock   ${redactText(mock.text, voice.redact())}${usesOf(mock)}, at ${mock.source}`)
    for (const step of mock.left.slice(0, MOST_LISTED)) lines.push(`  left   ${printStep(step, voice.redact())}`)
    const missed = blocked.find(({ protocol, operation, facts }) =>
      mock.rule.matches({ protocol, operation, facts }, false),
    )
    if (missed !== undefined)
      lines.push(
        `  near   it fits ${described(voice, missed)}, which came before it was registered, or when it had answered`,
      )
  }
  lines.push(...more(unused.length))
  if (quiet)
    lines.push(
      '  why    no call was made in a sandbox, and mocks answer only there: await tripwire.sandbox(() => work())',
    )
  lines.push(
    '  fix    make the call that it is for, take it away, or say that it need not come:',
    '           .optional()',
  )
  return lines.join('\n')
}

function usesOf({ uses, least }: Mock): string {
  if (uses >= least) return ' answered, and its script was not played to its end'
  return uses === 0 && least === 1 ? '' : ` answered ${uses} of ${least} calls`
}

function listCalls(voice: Voice, calls: readonly InteractionRecord[]): string[] {
  const listed = calls.slice(0, MOST_LISTED).map((call) => `  call   ${described(voice, call)}${atOf(call)}`)
  return [...listed, ...more(calls.length)]
}

function more(count: number): string[] {
  return count > MOST_LISTED ? [`         and ${count - MOST_LISTED} more`] : []
}

function described({ redact }: Voice, { description }: InteractionRecord): string {
  return redactText(description, redact())
}

function placeOf({ callSite }: InteractionRecord): string[] {
  return [`  where  ${callSite ? printPosition(callSite) : '<unknown call site>'}`]
}

function atOf({ callSite }: InteractionRecord): string {
  return callSite ? `, at ${printPosition(callSite)}` : ''
}

function dataOf({ redact }: Voice, { protocol, operation, facts, callSite }: InteractionRecord) {
  return { protocol, operation, facts: redactFacts(facts, redact()), ...(callSite && { callSite }) }
}

/** The assertion that holds for a call, as code. @param before the same call in another attempt, as far as anybody knows */
function printAssertion(voice: Voice, call: InteractionRecord, before?: InteractionRecord): string {
  const { protocol, operation, facts, mock } = call
  const mocking = voice.plugins.get(protocol)?.mocking
  if (mocking === undefined) return ''
  if (call.byState !== undefined) {
    const state = varied(call.byState.state(), (before?.byState ?? call.byState).state())
    return `tripwire.${protocol}.assert(${printValue(state, voice.redact(), 11)})`
  }
  const same = before?.protocol === protocol && before.operation === operation ? before.facts : facts
  const { pattern, names } = mocking.print({ protocol, operation, facts }, mock?.answer)
  const rest = unnamed(mocking.controlled(facts, mock?.answer), names)
  const shown = Object.fromEntries(rest.map((fact) => [fact, varied(facts[fact], same[fact])]))
  const more = rest.length === 0 ? '' : `, ${printValue(shown, voice.redact(), 11)}`
  const other = mocking.print({ protocol, operation, facts: same }, (before?.mock ?? mock)?.answer).pattern
  const address = variedAddress(pattern, other)
  const isWhole =
    address !== undefined &&
    unnamed(mocking.controlled(facts, mock?.answer), [
      ...Object.keys(mocking.readPattern(address.slice(1, -1))),
      ...rest,
    ]).length === 0
  const named = other === pattern ? pattern : isWhole ? address : variedFacts(voice, facts, same, names)
  return `tripwire.${protocol}.assert(${redactText(named, voice.redact())}${more})`
}

/** A pattern by the facts that it names. */
function variedFacts({ redact }: Voice, facts: Facts, same: Facts, names: readonly string[]): string {
  const named = names.filter((name) => facts[name] !== undefined)
  return printValue(Object.fromEntries(named.map((name) => [name, varied(facts[name], same[name])])), redact(), 11)
}

/** A call of the api as code: `tripwire.http.mock('GET …')`. */
export function printApiCall(what: string, args: readonly unknown[], redact: RedactPatterns): string {
  return `${what}(${args.map((arg) => (isMatcher(arg) ? printMatcher(specOf(arg)) : printValue(arg, redact))).join(', ')})`
}
