import type { Layer } from './call.ts'
import type { Rule } from './rules.ts'

/** A scripted answer: what a call that fits gets in an open sandbox instead of the real thing. */
export interface Mock {
  readonly rule: Rule
  /** Handed to the plugin that reported the call, which turns it into what the API would have given. */
  readonly answer: unknown
  /** How many calls it answered. */
  uses: number
}

/** The first mock that fits the layer. */
export function findMock(mocks: readonly Mock[], layer: Layer): Mock | undefined {
  for (const mock of mocks) if (mock.rule.matches(layer, false)) return mock
  return undefined
}
