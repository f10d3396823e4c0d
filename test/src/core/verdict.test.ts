import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Layer } from '../../../src/core/call.ts'
import { Frame } from '../../../src/core/frames.ts'
import type { Level } from '../../../src/core/levels.ts'
import { policyOf } from '../../../src/core/policy.ts'
import type { Rule } from '../../../src/core/rules.ts'
import type { Scope } from '../../../src/core/scopes.ts'
import { decide, type Knowledge } from '../../../src/core/verdict.ts'

/** Targets a and b, each safe or not, one of them passing by default; a call may ride on an endpoint. */
interface Target {
  readonly name: 'a' | 'b'
  readonly safe: boolean
  readonly passes: boolean
  readonly endpoint: 'x' | 'y' | undefined
}

const rule = (name: string): Rule => ({
  text: name,
  protocol: undefined,
  source: { kind: 'protocol' },
  matches: (layer) => layer.facts.name === name,
})

const layersOf = (target: Target): Layer[] => {
  const top = {
    protocol: 'toy',
    operation: 'toy:call',
    facts: { name: target.name, safe: target.safe, passes: target.passes },
  }
  if (target.endpoint === undefined) return [top]
  return [top, { protocol: 'wire', operation: 'wire:open', facts: { name: target.endpoint } }]
}

const knowledge: Knowledge = {
  passes: (layer) => layer.facts.passes === true,
  forMocks: (layer) => layer,
  isSafe: (layer) => layer.facts.safe === true,
  isLenient: () => false,
}

interface Place {
  readonly allow: string[]
  readonly deny: string[]
  readonly refuse: string[]
  readonly restrict: string[]
  readonly level: Level | undefined
}

interface World {
  /** Outermost first: project, file, describe, test, block. */
  readonly places: Place[]
  readonly sandbox: boolean
  readonly target: Target
}

const scopeOf = (place: Place, at: number): Scope => ({
  kind: 'block',
  source: `place ${at}`,
  allow: place.allow.map(rule),
  deny: place.deny.map(rule),
  refuse: place.refuse.map(rule),
  restrict: place.restrict.map(rule),
  ...(place.level && { levels: { default: place.level } }),
})

/** The real thing: frames, scopes, compiled policy. */
function verdictOf(world: World): string {
  let frame = new Frame('run', 'run', undefined)
  world.places.forEach((place, at) => {
    if (at > 0) frame = new Frame(at === 1 ? 'file' : at === 2 ? 'describe' : 'test', `frame ${at}`, frame)
    frame.addScope(scopeOf(place, at))
  })
  if (world.sandbox) frame = new Frame('sandbox', 'sandbox', frame, { sandbox: 1 })
  const verdict = decide(layersOf(world.target), policyOf(frame), knowledge)
  return verdict.kind === 'block' ? verdict.code : verdict.kind
}

/** The design's order, written as naively as possible. */
function modelOf({ places, sandbox, target }: World): string {
  const names = target.endpoint === undefined ? [target.name] : [target.name, target.endpoint]
  const under = places.every(
    (place) => place.restrict.length === 0 || place.restrict.some((name) => names.includes(name as never)),
  )
  for (const place of [...places].reverse()) {
    if (place.deny.some((name) => names.includes(name as never))) return 'TRIPWIRE_GUARDED_CALL'
    if (place.refuse.includes(target.name)) return 'refuse'
    if (place.allow.includes(target.name) && under) return 'pass'
  }
  if (target.passes) return 'pass'
  if (!under) return 'TRIPWIRE_GUARDED_CALL'
  const level = [...places].reverse().find((place) => place.level !== undefined)?.level ?? 'error'
  if (level === 'off') return 'pass'
  if (sandbox) return 'TRIPWIRE_UNMOCKED_INTERACTION'
  if (level === 'observe') return 'observe'
  if (level === 'error') return 'TRIPWIRE_GUARDED_CALL'
  return target.safe ? 'warn' : 'TRIPWIRE_UNSAFE_PASSTHROUGH'
}

const names = fc.subarray(['a', 'b', 'x', 'y'], { maxLength: 2 })
const seldom: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<string[]>([]) },
  { weight: 1, arbitrary: names },
)
const place: fc.Arbitrary<Place> = fc.record({
  allow: names,
  deny: seldom,
  refuse: seldom,
  restrict: seldom,
  level: fc.constantFrom<Level | undefined>(undefined, 'off', 'observe', 'warn', 'error'),
})
const world: fc.Arbitrary<World> = fc.record({
  places: fc.array(place, { minLength: 1, maxLength: 5 }),
  sandbox: fc.boolean(),
  target: fc.record({
    name: fc.constantFrom('a' as const, 'b' as const),
    safe: fc.boolean(),
    passes: fc.boolean(),
    endpoint: fc.constantFrom('x' as const, 'y' as const, undefined),
  }),
})

test('the verdict agrees with the reference model in 5,000 worlds', () => {
  fc.assert(
    fc.property(world, (given) => {
      expect(verdictOf(given)).toBe(modelOf(given))
    }),
    { numRuns: 5000 },
  )
})

const none: Place = { allow: [], deny: [], refuse: [], restrict: [], level: undefined }
const plain: Target = { name: 'a', safe: false, passes: false, endpoint: 'x' }
const safe: Target = { ...plain, safe: true }

describe('the verdict, row by row', () => {
  const rows: [string, World, string][] = [
    ['blocks by default', { places: [none], sandbox: false, target: plain }, 'TRIPWIRE_GUARDED_CALL'],
    ['an allow lets through', { places: [{ ...none, allow: ['a'] }], sandbox: false, target: plain }, 'pass'],
    [
      'deny beats allow in one scope',
      { places: [{ ...none, allow: ['a'], deny: ['a'] }], sandbox: false, target: plain },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'deny beats refuse in one scope',
      { places: [{ ...none, refuse: ['a'], deny: ['a'] }], sandbox: false, target: plain },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'refuse beats allow in one scope',
      { places: [{ ...none, refuse: ['a'], allow: ['a'] }], sandbox: false, target: plain },
      'refuse',
    ],
    [
      'an inner allow beats an outer deny',
      {
        places: [
          { ...none, deny: ['a'] },
          { ...none, allow: ['a'] },
        ],
        sandbox: false,
        target: plain,
      },
      'pass',
    ],
    [
      'an inner deny beats an outer allow',
      {
        places: [
          { ...none, allow: ['a'] },
          { ...none, deny: ['a'] },
        ],
        sandbox: false,
        target: plain,
      },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'a deny sees the endpoint',
      { places: [{ ...none, allow: ['a'], deny: ['x'] }], sandbox: false, target: plain },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'an allow does not see the endpoint',
      { places: [{ ...none, allow: ['x'] }], sandbox: false, target: plain },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'a ceiling caps an inner allow',
      {
        places: [
          { ...none, restrict: ['b'] },
          { ...none, allow: ['a'] },
        ],
        sandbox: false,
        target: plain,
      },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'a ceiling that matches the endpoint lets the allow count',
      {
        places: [
          { ...none, restrict: ['x'] },
          { ...none, allow: ['a'] },
        ],
        sandbox: false,
        target: plain,
      },
      'pass',
    ],
    [
      'a ceiling leaves the default policy alone',
      { places: [{ ...none, restrict: ['b'] }], sandbox: false, target: { ...plain, passes: true } },
      'pass',
    ],
    [
      'a ceiling decides at level off',
      { places: [{ ...none, restrict: ['b'], level: 'off' }], sandbox: false, target: plain },
      'TRIPWIRE_GUARDED_CALL',
    ],
    [
      'a deny decides at level off',
      { places: [{ ...none, deny: ['a'], level: 'off' }], sandbox: false, target: plain },
      'TRIPWIRE_GUARDED_CALL',
    ],
    ['off passes in a sandbox too', { places: [{ ...none, level: 'off' }], sandbox: true, target: plain }, 'pass'],
    [
      'observe does not soften a sandbox',
      { places: [{ ...none, level: 'observe' }], sandbox: true, target: plain },
      'TRIPWIRE_UNMOCKED_INTERACTION',
    ],
    [
      'warn does not soften a sandbox',
      { places: [{ ...none, level: 'warn' }], sandbox: true, target: safe },
      'TRIPWIRE_UNMOCKED_INTERACTION',
    ],
    [
      'an allow lets through in a sandbox',
      { places: [{ ...none, allow: ['a'] }], sandbox: true, target: plain },
      'pass',
    ],
    [
      'warn lets a safe operation through',
      { places: [{ ...none, level: 'warn' }], sandbox: false, target: safe },
      'warn',
    ],
    [
      'warn throws for an unsafe operation',
      { places: [{ ...none, level: 'warn' }], sandbox: false, target: plain },
      'TRIPWIRE_UNSAFE_PASSTHROUGH',
    ],
    [
      'observe lets everything through',
      { places: [{ ...none, level: 'observe' }], sandbox: false, target: plain },
      'observe',
    ],
    [
      'the inner level holds',
      {
        places: [
          { ...none, level: 'observe' },
          { ...none, level: 'error' },
        ],
        sandbox: false,
        target: plain,
      },
      'TRIPWIRE_GUARDED_CALL',
    ],
  ]
  test.each(rows)('%s', (_, given, expected) => {
    expect(verdictOf(given)).toBe(expected)
    expect(modelOf(given)).toBe(expected)
  })
})
