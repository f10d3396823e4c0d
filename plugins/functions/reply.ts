import { RuleSyntaxError, suggest } from '../../src/plugin.ts'

/** What a call gives: one of these. */
export interface FunctionReply {
  readonly returns?: unknown
  readonly resolves?: unknown
  readonly throws?: unknown
  readonly rejects?: unknown
  /** Called instead, with the same `this`. */
  readonly calls?: (...args: never[]) => unknown
}

/** What the seam is given. */
export interface FunctionAnswer {
  readonly kind: keyof FunctionReply | 'original'
  readonly value: unknown
}

export const KINDS = ['returns', 'resolves', 'throws', 'rejects', 'calls'] as const
const EXPECTED = "{ returns: 1 }, { resolves: 1 }, { throws: new Error('…') }, { rejects: … } or { calls: (…) => … }"

/** @throws RuleSyntaxError */
export function readReply(reply: unknown): FunctionAnswer {
  if (reply === undefined) return { kind: 'returns', value: undefined }
  if (typeof reply !== 'object' || reply === null) throw new RuleSyntaxError(`the reply is ${String(reply)}`, EXPECTED)
  const [kind, ...more] = Object.keys(reply)
  const known = KINDS.find((name) => name === kind)
  if (known === undefined || more.length > 0) {
    const unknown = [kind ?? '', ...more].find((name) => !(KINDS as readonly string[]).includes(name)) ?? ''
    const why = more.length > 0 ? 'a call has one outcome' : `a reply has no '${unknown}'`
    throw new RuleSyntaxError(why, EXPECTED, suggest(unknown, KINDS))
  }
  return checked(known, (reply as Record<string, unknown>)[known])
}

/** @throws RuleSyntaxError */
export function checked(kind: FunctionAnswer['kind'], value: unknown): FunctionAnswer {
  if (kind === 'calls' && typeof value !== 'function')
    throw new RuleSyntaxError(`what it calls is ${String(value)}`, 'a function')
  return { kind, value }
}
