import { describe, expect, test } from 'vitest'
import type { Layer } from '../../../src/core/call.ts'
import { Frame } from '../../../src/core/frames.ts'
import { Mock } from '../../../src/core/mocks.ts'
import { policyOf } from '../../../src/core/policy.ts'
import type { Rule } from '../../../src/core/rules.ts'
import { decide, type Knowledge } from '../../../src/core/verdict.ts'

const rule = (name: string): Rule => ({
  text: name,
  protocol: undefined,
  source: { kind: 'protocol' },
  matches: (layer) => layer.facts.name === name,
})
const layers: Layer[] = [{ protocol: 'toy', operation: 'toy:call', facts: { name: 'a' } }]
const knowledge: Knowledge = {
  passes: () => false,
  isSafe: () => false,
  isLenient: () => false,
  forMocks: (layer) => layer,
}

describe('closed frames', () => {
  test('a closed sandbox never decides: its call is judged in the test around it', () => {
    const test = new Frame('test', 'test', undefined)
    const sandbox = new Frame('sandbox', 'sandbox', test, { sandbox: 1 })
    const judge = () => decide(layers, policyOf(sandbox), knowledge)
    expect(judge()).toMatchObject({ code: 'TRIPWIRE_UNMOCKED_INTERACTION' })
    sandbox.close()
    expect(judge()).toMatchObject({ code: 'TRIPWIRE_GUARDED_CALL' })
    test.addScope({ kind: 'block', source: 'here', allow: [rule('a')] })
    expect(judge()).toMatchObject({ kind: 'pass' })
  })

  test('a closed frame between two open ones brings no rules', () => {
    const test = new Frame('test', 'test', undefined)
    const outer = new Frame('sandbox', 'outer', test, { sandbox: 1 })
    outer.addScope({ kind: 'block', source: 'outer', allow: [rule('a')] })
    const inner = new Frame('sandbox', 'inner', outer, { sandbox: 2 })
    outer.close()
    expect(decide(layers, policyOf(inner), knowledge)).toMatchObject({ code: 'TRIPWIRE_UNMOCKED_INTERACTION' })
  })

  test('a mock answers in an open sandbox only', () => {
    const test = new Frame('test', 'test', undefined)
    const site = () => ({ position: 'a.test.ts:1:1', runner: false })
    test.addMock(new Mock({ protocol: 'toy', rule: rule('a'), text: '', site, answer: 42, passThrough: false }))
    expect(decide(layers, policyOf(test), knowledge)).toMatchObject({ kind: 'block' })
    const sandbox = new Frame('sandbox', 'sandbox', test, { sandbox: 1 })
    expect(decide(layers, policyOf(sandbox), knowledge)).toMatchObject({
      kind: 'reply',
      found: { mock: { answer: 42 } },
    })
    sandbox.close()
    expect(decide(layers, policyOf(sandbox), knowledge)).toMatchObject({ kind: 'block' })
  })
})
