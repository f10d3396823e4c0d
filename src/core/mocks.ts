import type { Layer } from './call.ts'
import type { FactRule } from './fact-rule.ts'
import type { Rule } from './rules.ts'
import type { Step } from './script.ts'
import type { TripSite } from './trips.ts'

type MockRule = Rule & Partial<Pick<FactRule, 'names'>>

/** Where something is written in a test. */
export interface WrittenSite extends TripSite {
  /** `a.test.ts:3:5`, for "where is it written". */
  readonly position: string
}

/** A scripted answer: what a call that fits gets in an open sandbox instead of the real thing. It answers once unless told otherwise. */
export class Mock {
  readonly protocol: string
  readonly rule: MockRule
  /** As it is written, for messages: `tripwire.<protocol>.mock('…')`. */
  readonly text: string
  /** Where it is written; worked out when somebody asks. */
  readonly site: () => WrittenSite
  /** Handed to the plugin that reported the call, which turns it into what the API would have given. */
  readonly answer: unknown
  /** Whether it lets the call through to the real thing. */
  readonly passThrough: boolean
  /** Whether it answers only what no other mock does. */
  readonly last: boolean
  /** Whether it answers only what no other mock of its frame does. */
  readonly fallback: boolean
  /** How many calls it has to answer, and may. */
  least = 1
  most = 1
  /** How many calls it answered. */
  uses = 0
  /** Asked at the end: what of the answers it began is still to come (steps of a script). */
  #begun: (() => readonly Step[])[] = []
  /** How many may be there before those that are over are let go: a mock of a file would keep all conversations of its tests. */
  #most = 16

  constructor({ protocol, rule, text, site, answer, passThrough, last = false, fallback = false }: MockParts) {
    this.protocol = protocol
    this.rule = rule
    this.text = text
    this.site = site
    this.answer = answer
    this.passThrough = passThrough
    this.last = last
    this.fallback = fallback
  }

  /** `a.test.ts:3:5` */
  get source(): string {
    return this.site().position
  }

  get exhausted(): boolean {
    return this.uses >= this.most
  }

  get unused(): boolean {
    return this.uses < this.least || this.left.length > 0
  }

  /** What of its answers is left over. */
  get left(): readonly Step[] {
    return this.least === 0 ? [] : this.#begun.flatMap((left) => left())
  }

  /** An answer has begun. @param left gives what of it is still to come: less and less */
  begin(left: () => readonly Step[]): void {
    this.#begun.push(left)
    if (this.#begun.length < this.#most) return
    this.#begun = this.#begun.filter((each) => each().length > 0)
    this.#most = 2 * this.#begun.length + 16
  }

  /** Nobody asks any more what is left. */
  end(): void {
    this.#begun = []
  }
}

/** What a mock is made of; how often it may and must answer is said later. */
export type MockParts = Pick<Mock, 'protocol' | 'rule' | 'text' | 'site' | 'answer' | 'passThrough'> &
  Partial<Pick<Mock, 'last' | 'fallback'>>

/** A mock for a call, the layer of the call that it speaks of, and whether it fits whatever becomes known of the call later. */
export interface Found {
  readonly mock: Mock
  readonly layer: Layer
  readonly certain: boolean
}

/**
 * The first mock that fits the layer and has not answered as often as it may.
 *
 * @param unknown whether facts that are not known yet may still fit
 * @param except mocks that had nothing to say
 * @param capped whether a ceiling lets nothing through: an answer leaves nothing to cap, a pass-through does
 */
export function findMock(
  mocks: readonly Mock[],
  layer: Layer,
  {
    unknown,
    capped,
    except = [],
  }: { readonly unknown: boolean; readonly capped: boolean; readonly except?: readonly Mock[] },
): Found | undefined {
  let last: Found | undefined
  for (const mock of mocks) {
    if (mock.protocol !== layer.protocol || mock.exhausted || except.includes(mock)) continue
    if (capped && mock.passThrough) continue
    if (!mock.rule.matches(layer, unknown)) continue
    const found = { mock, layer, certain: !unknown || mock.rule.matches(layer, false) }
    if (!mock.last) return found
    last ??= found
  }
  return last
}
