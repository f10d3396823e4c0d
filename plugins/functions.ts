/**
 * Functions that a test mocks or spies on (`tripwire.mock`, `tripwire.spy`): they pass outside of sandboxes, and have to be answered in them.
 *
 * Bypassed by: references to the function that were taken before.
 */
import {
  definePlugin,
  type FactPatterns,
  isRegExp,
  type Mocking,
  type PrintCall,
  type Register,
  RuleSyntaxError,
  type Tap,
} from '../src/plugin.ts'
import type { FunctionMock } from './functions/family.ts'
import { checked, type FunctionAnswer, KINDS, readReply } from './functions/reply.ts'
import { targetOf } from './functions/target.ts'

let tap: Tap | undefined

const mocking: Mocking = {
  example: ({ facts }) => (facts.async === true ? '{ resolves: undefined }' : '{ returns: undefined }'),
  direct: { mock: 'on', spy: 'spy' },
  forwards: true,
  readPattern(pattern) {
    if (typeof pattern === 'string' && pattern !== '') return { name: pattern }
    if (isRegExp(pattern)) return { name: pattern }
    throw new RuleSyntaxError('it is no name of a function', "'send', 'Mailer.send' or a RegExp for the name")
  },
  readReply,
  controlled: () => ['name', 'args'],
  print: ({ facts }) => ({ pattern: `'${facts.name}'`, names: ['name'] }),
  extend(register, print) {
    return {
      on(object: unknown, key: PropertyKey) {
        const target = targetOf(needTap(), object, key)
        return mockOf({ register, print, text: `tripwire.mock(…, ${quote(key)})`, patterns: { target: target.id } })
      },
      spy(object: unknown, key: PropertyKey) {
        const target = targetOf(needTap(), object, key)
        const answer: FunctionAnswer = { kind: 'original', value: undefined }
        const handle = register({ target: target.id }, answer, `tripwire.spy(…, ${quote(key)})`)
        handle.always()
        handle.optional()
      },
    }
  },
}

function needTap(): Tap {
  if (tap === undefined) throw new RuleSyntaxError('no test runs here', 'a test, a hook or a test file')
  return tap
}

function quote(key: PropertyKey): string {
  return typeof key === 'symbol' ? String(key) : `'${String(key)}'`
}

interface MockParts {
  readonly register: Register
  readonly print: PrintCall
  readonly text: string
  readonly patterns: FactPatterns
}

/** Answers of a function, one after the other. */
function mockOf(parts: MockParts, handle?: ReturnType<Register>): FunctionMock<never> {
  const { register, print, text, patterns } = parts
  const answer = (kind: FunctionAnswer['kind'], name: string, ...args: unknown[]) =>
    mockOf(parts, register(patterns, checked(kind, args[0]), print(`${text}.${name}`, args)))
  const counted = (count: (handle: ReturnType<Register>) => unknown) => {
    if (handle) count(handle)
    return mockOf(parts, handle)
  }
  const mock: Record<string, unknown> = {
    with: (...args: unknown[]) =>
      mockOf({
        ...parts,
        text: print(`${text.replace(/\.with\(.*/s, '')}.with`, args),
        patterns: { ...patterns, args },
      }),
    passesThrough: () => answer('original', 'passesThrough'),
  }
  for (const kind of KINDS) mock[kind] = (value: unknown) => answer(kind, kind, value)
  if (handle !== undefined) {
    mock.times = (count: number) => counted((each) => each.times(count))
    mock.always = () => counted((each) => each.always())
    mock.optional = () => counted((each) => each.optional())
  }
  return mock as unknown as FunctionMock<never>
}

export const functions = definePlugin({
  name: 'functions',
  operations: {
    call: { safety: 'unsafe', summary: 'a call of a mocked function' },
    construct: { safety: 'unsafe', summary: 'an object made by a mocked class' },
  },
  facts: {
    name: 'word',
    args: 'data',
    returned: 'data',
    threw: 'data',
    resolved: 'data',
    rejected: 'data',
    target: 'data',
    async: 'data',
  },
  parseRule: (text) => ({ name: text }),
  describe: ({ operation, facts }) =>
    `${operation === 'functions:construct' ? 'new ' : ''}${facts.name}(${printArgs(facts.args)})`,
  remedy: () => ({ rule: '' }),
  passes: (_, { sandboxed }) => !sandboxed,
  mocking,
  install(given) {
    tap = given
  },
})

const LONGEST = 60

/** What a person would write where it is short: texts, numbers and the like. */
function printArgs(args: unknown): string {
  const printed = (args as readonly unknown[]).map((arg) => {
    if (typeof arg === 'string') return JSON.stringify(arg)
    return (typeof arg === 'object' && arg !== null) || typeof arg === 'function' ? '…' : String(arg)
  })
  const text = printed.join(', ')
  return text.length > LONGEST ? '…' : text
}
