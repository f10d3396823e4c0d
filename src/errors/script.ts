/** The message of a conversation that did not go as its script says. */
import type { TripMaker } from '../core/trips.ts'
import type { Step } from '../plugin.ts'
import type { Site } from './call-site.ts'
import { ScriptError } from './classes.ts'
import { printValue } from './code.ts'
import { type RedactPatterns, redactText } from './redact.ts'
import { tripAndError, unanswered } from './trip-and-error.ts'

/** Steps that are shown before and after the one it stands at. */
const BEFORE = 3
const AFTER = 2
const INDENT = 18

/** Makes the trip and the error of a call whose peer got something else than its script expects. */
export function createDeviation(
  input: Parameters<TripMaker['deviation']>[0],
  redact: RedactPatterns,
): ReturnType<TripMaker['deviation']> {
  const { step, steps, came, mock } = input
  const site = input.site as Site
  const call = { ...input, why: `step ${step} of ${mock.text}`, fingerprint: `${mock.source} ${step}` }
  const { parts, place } = unanswered('TRIPWIRE_SCRIPT', call, site, redact)
  const expected = steps[step - 1]
  const lines = [
    `${parts.description} left its script ${expected === undefined ? 'after the last step' : `at step ${step} of ${steps.length}`}.`,
    '',
    ...place,
    `  why    expected ${expectedText(expected, redact)}`,
    `         came     ${printValue(came, redact, INDENT)}`,
    ...printSteps(steps, step, redact),
    `  mock   ${redactText(mock.text, redact)}, at ${mock.source}`,
    `  fix    ${placeOf(expected)}, if the code under test is right:`,
    `           .${expected !== undefined && waits(expected) ? expected.kind : 'expect'}(${printValue(came, redact, INDENT)})`,
    '  more   node_modules/vitest-tripwire/docs/errors/TRIPWIRE_SCRIPT.md',
  ]
  return tripAndError(ScriptError, lines.join('\n'), parts, site, { step })
}

function waits({ kind }: Step): boolean {
  return kind.startsWith('expect')
}

/** A step that does not wait may still need the other side to go along with it. */
function expectedText(expected: Step | undefined, redact: RedactPatterns): string {
  if (expected === undefined) return 'nothing more'
  return waits(expected) ? printValue(expected.args[0], redact, INDENT) : `what ${printStep(expected, redact)} begins`
}

function placeOf(expected: Step | undefined): string {
  if (expected === undefined) return 'end the script with it'
  return waits(expected) ? 'make this the step' : 'put this step before it'
}

function printSteps(steps: readonly Step[], at: number, redact: RedactPatterns): string[] {
  const from = Math.max(0, at - 1 - BEFORE)
  const shown = steps.slice(from, at + AFTER)
  return shown.map((step, index) => {
    const number = from + index + 1
    return `  ${index === 0 ? 'script' : '      '} ${number === at ? '>' : ' '} ${number} ${printStep(step, redact)}`
  })
}

/** A step as it is written: `.expect('QUIT\r\n')`. */
export function printStep({ kind, args }: Step, redact: RedactPatterns): string {
  return `.${kind}(${args.map((arg) => printValue(arg, redact)).join(', ')})`
}
