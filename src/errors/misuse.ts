import type { Trip } from '../core/call.ts'
import { isError } from '../core/kinds.ts'
import type { Mock } from '../core/mocks.ts'
import type { RuleSyntaxError } from '../core/rule-syntax.ts'
import { listed } from '../core/suggest.ts'
import { printPosition } from './call-site.ts'
import { ConfigError, ExpectedTripError, SandboxMisuseError } from './classes.ts'
import { printValue } from './code.ts'
import { quote } from './remedies.ts'

const MOST_OTHERS = 5

interface Coded {
  readonly code?: unknown
  readonly tripId?: unknown
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const MISUSES = {
  'no-frame': (what: string) =>
    [
      `${what}() was called where no test, hook or file is running.`,
      '',
      '  why  its rules would belong to nobody: the test that started this code has ended, or it lost its async context',
      '  fix  call it in the test, in a hook or at the top of the test file; for all tests write it in tripwire.config.ts',
    ].join('\n'),
  hook: (what: string) =>
    [
      `A sandbox was opened in ${what}, and would not end with it.`,
      '',
      '  fix  run each test inside a sandbox:',
      '         aroundEach(run => tripwire.sandbox(run))',
    ].join('\n'),
  'two-blocks': () =>
    [
      'A second sandbox was opened as a block while the first is still open in this test.',
      '',
      '  why  a block holds for the whole test, its parallel branches included, so the two would mix',
      '  fix  give the inner one a callback of its own:',
      '         await tripwire.sandbox(async () => { … })',
    ].join('\n'),
  'not-awaited': (what: string) =>
    [
      `${upperFirst(what)} was still open when that ended.`,
      '',
      '  why  nobody waited for the promise that it gave: what its callback does from here on belongs to no test',
      '  fix  await it, or return it:',
      '         await tripwire.sandbox(async () => { … })',
    ].join('\n'),
  arguments: (what: string) =>
    [
      `${what}() was called with arguments that it does not take.`,
      '',
      `  fix  ${what === 'tripwire.sandbox' ? 'sandbox(fn), sandbox(options, fn) or sandbox(options?)' : what === 'tripwire.inAnyOrder' ? "inAnyOrder(fn) or inAnyOrder('http', fn), with a protocol" : what === 'tripwire.expectTrip' ? 'expectTrip(fn) or expectTrip(rule, fn)' : `${what}(rule) or ${what}(rule, fn)`}`,
    ].join('\n'),
} as const

/** A scope or sandbox where none may open, or that did not end. */
export function misuseError(kind: keyof typeof MISUSES, what: string): SandboxMisuseError {
  return new SandboxMisuseError(MISUSES[kind](what))
}

/** An assertion inside a sandbox: what it speaks of may still go on. */
export function assertInsideError(what: string): SandboxMisuseError {
  return new SandboxMisuseError(
    [
      `${what}() was called inside a sandbox.`,
      '',
      '  why  what the sandbox runs may still make calls, so nothing can be said of all of them yet',
      '  fix  assert after it:',
      '         await tripwire.sandbox(() => work())',
      `         ${what}(…)`,
      '       or end a sandbox that is a block by its braces, and assert below them',
    ].join('\n'),
  )
}

function meant(near: readonly string[] = []): string {
  return near.length === 0 ? '.' : `; did you mean: ${listed(near)}?`
}

/** A fact that the protocol does not have. */
export function unknownFactError(
  what: string,
  fact: string,
  known: readonly string[],
  near: readonly string[],
): SandboxMisuseError {
  return new SandboxMisuseError(
    [
      `${what}() was given the fact '${fact}', which there is not${meant(near)}`,
      '',
      `  fix  one of ${known.join(', ')}`,
    ].join('\n'),
  )
}

/** How often a mock answers cannot be meant. */
export function badCountError(what: string, count: unknown): SandboxMisuseError {
  return new SandboxMisuseError(
    [
      `${what}() was given ${printValue(count)}.`,
      '',
      '  fix  a whole number from 1; .always() for any number, .optional() for none as well',
    ].join('\n'),
  )
}

/** What a protocol's grammar threw at a pattern or reply, as an error of the call; anything else as it is. */
export function badArgumentError(what: string, error: unknown): unknown {
  const { name, message, expected, near } = (error ?? {}) as Partial<RuleSyntaxError>
  if (name !== 'RuleSyntaxError' && name !== 'RuleError') return error
  return new SandboxMisuseError(
    [`${what}() was given something that cannot be meant: ${message}${meant(near)}`, '', `  fix  ${expected}`].join(
      '\n',
    ),
  )
}

/**
 * What a test fails with whatever the code under test makes of it: a failed expectation in a function of its mock, or an answer that cannot
 * be meant. Undefined for what a function may throw so that the call fails with it.
 */
export function mockFailure({ text, source }: Pick<Mock, 'text' | 'source'>, error: unknown): Error | undefined {
  const { name, message, code, tripId, expected, near } = (error ?? {}) as Partial<RuleSyntaxError> & Coded
  if (name === 'RuleSyntaxError') {
    const what = `${text} answered a call with something that cannot be meant: ${message}${meant(near)}`
    return new SandboxMisuseError([what, '', `  mock  ${text}, at ${source}`, `  fix   ${expected}`].join('\n'))
  }
  const isOwn = name === 'AssertionError' || (tripId === undefined && String(code).startsWith('TRIPWIRE_'))
  return isOwn && isError(error) ? error : undefined
}

/**
 * `expectTrip` saw none that it waits for.
 *
 * @param others trips that came instead
 */
export function expectedTripError(rule: string | undefined, others: readonly Trip[] = []): ExpectedTripError {
  const what = rule === undefined ? 'a trip' : `a trip of ${quote(rule)}`
  const lines = [`tripwire.expectTrip waited for ${what}, and none came.`, '']
  if (others.length > 0) {
    lines.push('  why  these calls were stopped instead:')
    for (const { description, callSite } of others.slice(0, MOST_OTHERS)) {
      lines.push(`         ${description}${callSite ? ` at ${printPosition(callSite)}` : ''}`)
    }
    if (others.length > MOST_OTHERS) lines.push(`         and ${others.length - MOST_OTHERS} more`)
    lines.push('  fix  expect the call that is made, or mend the code so that it makes the expected one')
  } else {
    lines.push(
      '  why  the callback made no such call before it ended, or a rule or the level let the call through',
      '  fix  await what makes the call inside the callback; look for an allow that covers it',
    )
  }
  // The numbers, so that the trips listed here are not told a second time at the end of the test.
  const data = { rule, others: others.map(({ description }) => description), tripIds: others.map(({ id }) => id) }
  return new ExpectedTripError(lines.join('\n'), data)
}

/** An `onTrip` that answers what it may not. */
export function badAnswer(answer: unknown): ConfigError {
  const isPromise = typeof (answer as { then?: unknown } | null)?.then === 'function'
  const what = isPromise ? 'a promise' : (JSON.stringify(answer) ?? String(answer))
  const lines = [
    `onTrip answered ${what}.`,
    '',
    "  why  the call waits for the decision, so onTrip is asked synchronously; it answers 'allow' or nothing",
    `  fix  ${isPromise ? 'make it a plain function: decide before, and keep what was decided in `data`' : "return 'allow', or nothing"}`,
  ]
  return new ConfigError(lines.join('\n'))
}
