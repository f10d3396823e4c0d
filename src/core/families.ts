import type { Difference, Mocking, PluginDefinition } from '../plugin.ts'
import { type Assertion, assertNext, type Failure } from './assertions.ts'
import type { FactRule } from './fact-rule.ts'
import type { Frame } from './frames.ts'
import { isA } from './kinds.ts'
import { type Interaction, ledgerOf } from './ledger.ts'
import { isMatcher, specOf } from './matcher.ts'
import { Mock, type MockParts, type WrittenSite } from './mocks.ts'
import { policyOf } from './policy.ts'
import { suggest } from './suggest.ts'

// Captured at load: tests replace them.
const { isInteger } = Number

/** A mock that was registered, to say how often it answers: once, unless it is told. */
export interface MockHandle {
  /** Answers exactly so many calls. */
  times(count: number): MockHandle
  /** Answers every call, at least one. */
  always(): MockHandle
  /** Need not be used. */
  optional(): MockHandle
}

/** `tripwire.<protocol>`: mocks, assertions and a look at the calls of one protocol. */
export interface Family {
  /** Answers a call that fits, in sandboxes. @throws SandboxMisuseError for a pattern or reply that cannot be meant */
  mock(pattern: unknown, reply?: unknown): MockHandle
  /** Lets a call that fits through to the real thing; it has to be asserted like one that was answered. */
  passThrough(pattern: unknown): MockHandle
  /** The calls of this protocol in the sandboxes of this test that fit, oldest first. */
  calls(pattern?: unknown): readonly Interaction[]
  /** Says that the next call was this one. @throws InteractionMismatchError, MissingFactsError, SandboxMisuseError */
  assert(pattern: unknown, facts?: Readonly<Record<string, unknown>>): void
}

/** What the families need of their surroundings. */
export interface FamilyParts {
  /** The frame of the present code. @throws where there is none */
  standing(what: string): Frame
  /** Remembers the caller's line. */
  callerLater(): () => WrittenSite
  /** @throws RuleError */
  compile(protocol: string, patterns: Readonly<Record<string, unknown>>, text: string): FactRule
  prepare(protocol: string): void
  /** @throws MissingPeerError when a package that mocks need is not installed */
  need(name: string, what: string): void
  /** The call as code, for messages: `tripwire.http.mock('GET …')`. */
  printCall(what: string, args: readonly unknown[]): string
  /** Errors of the contract; see `src/errors/contract.ts`. */
  readonly errors: {
    /** `error`: what a plugin or a rule threw at the arguments. */
    badArgument(what: string, error: unknown): unknown
    badCount(what: string, count: unknown): Error
    unknownFact(what: string, fact: string, known: readonly string[], near: readonly string[]): Error
    insideSandbox(what: string): Error
    failed(text: string, failure: Failure): Error
    differs(text: string, differences: readonly Difference[]): Error
  }
}

type Registered = Pick<MockParts, 'text' | 'rule' | 'answer' | 'passThrough' | 'last' | 'fallback'>

/** Makes `tripwire.<protocol>` of a plugin that has mocks. */
export function createFamily(
  parts: FamilyParts,
  plugin: PluginDefinition,
  mocking: Mocking,
): Family & Readonly<Record<string, unknown>> {
  const { errors } = parts
  const name = `tripwire.${plugin.name}`

  function register(what: string, made: Registered): MockHandle {
    const frame = parts.standing(what)
    if (mocking.needs !== undefined) parts.need(mocking.needs, what)
    parts.prepare(plugin.name)
    const { owner } = frame
    const mock = new Mock({
      protocol: plugin.name,
      site: parts.callerLater(),
      ...made,
    })
    owner.addMock(mock)
    ledgerOf(owner).mocks.push(mock)
    return handleOf(parts, mock, made.text)
  }

  /** Reads a pattern and further facts; whatever is wrong with them is told by the same error. */
  function read(what: string, text: string, pattern: unknown, facts: Readonly<Record<string, unknown>> = {}) {
    const known = Object.keys(plugin.facts)
    const unknown = Object.keys(facts).find((fact) => !known.includes(fact))
    if (unknown !== undefined) throw errors.unknownFact(what, unknown, known, suggest(unknown, known))
    try {
      const patterns = { ...(isMatcher(pattern) ? fieldsOf(pattern) : mocking.readPattern(pattern)), ...facts }
      return { patterns, rule: parts.compile(plugin.name, patterns, text) }
    } catch (error) {
      throw errors.badArgument(what, error)
    }
  }

  function readReply(what: string, reply: unknown): unknown {
    try {
      return mocking.readReply(reply)
    } catch (error) {
      throw errors.badArgument(what, error)
    }
  }

  const family: Family = {
    mock(pattern, reply) {
      const what = `${name}.mock`
      const text = parts.printCall(what, [pattern])
      const { rule } = read(what, text, pattern)
      return register(what, { text, rule, answer: readReply(what, reply), passThrough: false })
    },
    passThrough(pattern) {
      const what = `${name}.passThrough`
      const text = parts.printCall(what, [pattern])
      const { rule } = read(what, text, pattern)
      return register(what, { text, rule, answer: undefined, passThrough: true })
    },
    calls(pattern) {
      const what = `${name}.calls`
      const all = ledgerOf(parts.standing(what)).all.filter(({ protocol }) => protocol === plugin.name)
      if (pattern === undefined) return all
      const { rule } = read(what, parts.printCall(what, [pattern]), pattern)
      return all.filter((call) => rule.matches(call, false))
    },
    assert(pattern, facts) {
      const what = `${name}.assert`
      const frame = parts.standing(what)
      if (policyOf(frame).sandbox !== undefined) throw errors.insideSandbox(what)
      const text = parts.printCall(what, facts === undefined ? [pattern] : [pattern, facts])
      const { patterns, rule } = read(what, text, pattern, facts)
      const assertion: Assertion = {
        protocol: plugin.name,
        rule,
        expected: patterns,
        controlled: (all, answer) => mocking.controlled(all, answer),
      }
      const failure = assertNext(ledgerOf(frame), assertion)
      if (failure !== undefined) throw errors.failed(text, failure)
    },
  }
  const more = mocking.extend?.(
    (patterns, answer, text, when = {}) => {
      const rule = parts.compile(plugin.name, patterns, text)
      return register(text.split('(')[0] ?? text, { text, rule, answer, passThrough: false, ...when })
    },
    parts.printCall,
    {
      next: (pattern, facts) => family.assert(pattern, facts),
      outside(what) {
        if (policyOf(parts.standing(what)).sandbox !== undefined) throw errors.insideSandbox(what)
      },
      get interactions() {
        return ledgerOf(parts.standing(`${name}.assert`)).all
      },
      differs: errors.differs,
      telling,
    },
  )
  const direct = Object.entries(mocking.direct ?? {})
  const wayTo = (key: string) => {
    const [short] = direct.find(([, own]) => own === key) ?? []
    return short === undefined ? `${name}.${key}` : `tripwire.${short}`
  }
  const told = Object.entries(more ?? {}).map(([key, fn]) => [key, telling(wayTo(key), fn)])
  return { ...family, ...Object.fromEntries(told) }

  /** Whatever is wrong with the arguments is told as it is of `mock`. */
  function telling<T extends (...args: never[]) => unknown>(what: string, fn: T): T {
    return ((...args: never[]) => {
      try {
        const result = fn(...args)
        return isA(result, 'Promise') ? awaited(what, result) : result
      } catch (error) {
        throw errors.badArgument(what, error)
      }
    }) as T
  }

  /** Its awaiter, the user's line, is in the stack of what it throws. */
  async function awaited(what: string, promise: Promise<unknown>): Promise<unknown> {
    try {
      return await promise
    } catch (error) {
      throw errors.badArgument(what, error)
    }
  }

  function handleOf({ errors }: FamilyParts, mock: Mock, what: string): MockHandle {
    const handle: MockHandle = {
      times(count) {
        if (!isInteger(count) || count < 1) throw errors.badCount(`${what}.times`, count)
        mock.most = count
        if (mock.least > 0) mock.least = count
        return handle
      },
      always() {
        mock.most = Number.POSITIVE_INFINITY
        return handle
      },
      optional() {
        mock.least = 0
        return handle
      },
    }
    return handle
  }
}

function fieldsOf(matcher: unknown): Readonly<Record<string, unknown>> {
  const spec = specOf(matcher as never)
  if (spec.kind !== 'fields') throw new TypeError('a pattern made with and, or, not says no facts to compare')
  const { protocol: _, operation: __, ...fields } = spec.fields
  return fields
}
