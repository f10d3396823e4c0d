import type { Trip } from './call.ts'
import type { Frame } from './frames.ts'
import type { Guard } from './guard.ts'
import { type Interaction, type Ledger, ledgerOf } from './ledger.ts'
import type { Matcher } from './matcher.ts'
import type { Rule } from './rules.ts'
import { type Box, sandboxName } from './sandbox.ts'
import type { Scope } from './scopes.ts'

/** A rule string, or what `M(...)` gives. */
export type RuleInput = string | Matcher
type RuleList = RuleInput | readonly RuleInput[]

type Effect = 'allow' | 'deny' | 'refuse' | 'restrict'

/** Opens rules until its block ends (`using`), or for a callback. Without either they hold as long as the frame they stand in. */
export interface OpenRules {
  (rule: RuleList): Disposable
  <T>(rule: RuleList, fn: () => T): T
}

/** A sandbox as a block: `using` or `await using` end it. */
export type BlockBox = Box & Disposable & AsyncDisposable

export interface SandboxOptions {
  readonly guard?: unknown
  readonly allow?: RuleList
  readonly deny?: RuleList
  readonly refuse?: RuleList
  readonly restrict?: RuleList
}

export interface OpenSandbox {
  (options?: SandboxOptions): BlockBox
  <T>(fn: (box: Box) => T): T
  <T>(options: SandboxOptions, fn: (box: Box) => T): T
}

/** Relaxes the order in which calls are asserted: of all, or of one protocol. */
export interface InAnyOrder {
  <T>(fn: () => T): T
  <T>(protocol: string, fn: () => T): T
}

export interface ExpectTrip {
  (fn: () => unknown): Promise<readonly Trip[]>
  (rule: RuleInput, fn: () => unknown): Promise<readonly Trip[]>
}

/** What tests use, as `tripwire`. */
export interface TripwireApi {
  readonly allow: OpenRules
  readonly deny: OpenRules
  readonly refuse: OpenRules
  readonly restrict: OpenRules
  readonly sandbox: OpenSandbox
  readonly expectTrip: ExpectTrip
  readonly inAnyOrder: InAnyOrder
  /** Every call that was made in the sandboxes of this test, or those that a rule fits; oldest first. */
  calls(rule?: RuleInput): readonly Interaction[]
}

/** What the api needs of its surroundings: the config's grammar, and the words of its errors. */
export interface ApiParts {
  readonly guard: Guard
  /** Compiles a rule or a list. @throws with the code TRIPWIRE_CONFIG for an empty or wrong one */
  parseRules(value: unknown, what: string): readonly Rule[]
  /** Compiles options. @throws likewise */
  parseOptions(value: unknown, source: string): Scope
  misuse(kind: 'no-frame' | 'hook' | 'two-blocks' | 'arguments', what: string): Error
  expectedTrip(rule: string | undefined, others: readonly Trip[]): Error
  /** `file:line:column` of the caller, for "where is it written". */
  callerPosition(): string
  /** Whether an error is, or carries, one of our trips. */
  carriesTrip(error: unknown): boolean
}

export function createApi(parts: ApiParts): TripwireApi {
  const { guard } = parts
  const rulesOf = (effect: Effect): OpenRules =>
    named(effect, (rule: RuleList, fn?: () => unknown) => {
      const what = `tripwire.${effect}`
      if (fn !== undefined && typeof fn !== 'function') throw parts.misuse('arguments', what)
      const rules = parts.parseRules(rule, what)
      const frame = standing(parts, what)
      const scope: Scope = { kind: 'block', source: `${what} at ${parts.callerPosition()}`, [effect]: rules }
      if (fn === undefined) return openBlock(frame.owner, scope)
      const block = guard.openFrame('block', what, frame)
      block.addScope(scope)
      return runAndClose(guard, block, fn)
    }) as OpenRules

  const sandbox = ((first?: SandboxOptions | ((box: Box) => unknown), second?: (box: Box) => unknown) => {
    const fn = typeof first === 'function' ? first : second
    const options = typeof first === 'function' ? undefined : first
    if (fn !== undefined && typeof fn !== 'function') throw parts.misuse('arguments', 'tripwire.sandbox')
    const scope = options && parts.parseOptions(options, 'tripwire.sandbox')
    const frame = standing(parts, 'tripwire.sandbox')
    return fn ? sandboxCallback(guard, frame, scope, fn) : sandboxBlock(parts, frame, scope)
  }) as OpenSandbox

  return {
    allow: rulesOf('allow'),
    deny: rulesOf('deny'),
    refuse: rulesOf('refuse'),
    restrict: rulesOf('restrict'),
    sandbox: named('sandbox', sandbox),
    expectTrip: named('expectTrip', expectTripWith(parts)),
    inAnyOrder: named('inAnyOrder', inAnyOrderWith(parts)),
    calls: named('calls', (rule?: RuleInput) => {
      const { all } = ledgerOf(standing(parts, 'tripwire.calls'))
      if (rule === undefined) return [...all]
      const [wanted] = parts.parseRules(rule, 'tripwire.calls')
      return all.filter((call) => wanted?.matches(call, true))
    }),
  }
}

function inAnyOrderWith(parts: ApiParts): InAnyOrder {
  return (first: string | (() => unknown), second?: () => unknown) => {
    const fn = typeof first === 'function' ? first : second
    const protocol = typeof first === 'function' ? '*' : first
    if (typeof fn !== 'function') throw parts.misuse('arguments', 'tripwire.inAnyOrder')
    if (protocol !== '*' && parts.guard.plugins.get(protocol) === undefined)
      throw parts.misuse('arguments', 'tripwire.inAnyOrder')
    const restore = ledgerOf(standing(parts, 'tripwire.inAnyOrder')).relax(protocol)
    return settle(fn, restore) as never
  }
}

function named<T extends (...args: never[]) => unknown>(name: string, fn: T): T {
  return Object.defineProperty(fn, 'name', { value: name, configurable: true })
}

/** The frame of the present code, if a scope may open there. */
export function standing(parts: Pick<ApiParts, 'guard' | 'misuse'>, what: string): Frame {
  const frame = parts.guard.currentFrame().openAncestor()
  if (frame === undefined || frame.kind === 'run') throw parts.misuse('no-frame', what)
  return frame
}

function openBlock(owner: Frame, scope: Scope): Disposable {
  owner.addScope(scope)
  return disposable({ [Symbol.dispose]: () => owner.removeScope(scope) })
}

/** Closes the frame when `fn` is done: at once, or when the promise it gave settles. */
function runAndClose(guard: Guard, frame: Frame, fn: () => unknown, after: () => void = () => {}): unknown {
  return settle(
    () => guard.runIn(frame, fn),
    () => {
      guard.closeFrame(frame)
      after()
    },
    guard.settled,
  )
}

/**
 * Runs `fn`, and `end` once that is done: at once, or when the promise it gave settles.
 *
 * @param arrival what a promise waits for before its end
 */
function settle(
  fn: () => unknown,
  end: () => void,
  arrival: () => Promise<void> | undefined = () => undefined,
): unknown {
  let result: unknown
  try {
    result = fn()
  } catch (error) {
    end()
    throw error
  }
  if (!isThenable(result)) {
    end()
    return result
  }
  return result.then(
    async (value) => {
      const arriving = arrival()
      if (arriving) await arriving
      end()
      return value
    },
    async (error) => {
      const arriving = arrival()
      if (arriving) await arriving
      end()
      throw error
    },
  )
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function sandboxCallback(guard: Guard, parent: Frame, scope: Scope | undefined, fn: (box: Box) => unknown): unknown {
  const box = guard.sandboxes.create()
  const frame = guard.openFrame('sandbox', sandboxName(box.id), parent, { sandbox: box.id })
  if (scope) frame.addScope(scope)
  let unfinished: Ledger['open'] | undefined
  const result = runAndClose(
    guard,
    frame,
    () => fn(box),
    () => {
      guard.sandboxes.end(box)
      unfinished?.delete(frame)
    },
  )
  if (!frame.closed) {
    unfinished = ledgerOf(parent).open
    unfinished.add(frame)
  }
  return result
}

function sandboxBlock(parts: ApiParts, frame: Frame, options: Scope | undefined): BlockBox {
  if (frame.kind === 'hook') throw parts.misuse('hook', frame.name)
  const { owner } = frame
  if (owner.scopes.some((scope) => scope.sandbox !== undefined)) throw parts.misuse('two-blocks', 'tripwire.sandbox')
  const { sandboxes } = parts.guard
  const box = sandboxes.create()
  const source = `tripwire.sandbox at ${parts.callerPosition()}`
  const scope: Scope = { ...options, kind: 'block', source, sandbox: box.id }
  owner.addScope(scope)
  const end = () => {
    owner.removeScope(scope)
    sandboxes.end(box)
  }
  const endLater = async () => {
    await parts.guard.settled()
    end()
  }
  return disposable(Object.assign(box, { [Symbol.dispose]: end, [Symbol.asyncDispose]: endLater }))
}

/**
 * Also under the symbols that a transpiled `using` falls back to where `Symbol.dispose` is missing: on Node 20 the contexts of Vitest's vm
 * pools are without it, while we, outside of them, have one.
 */
function disposable<T extends Disposable & Partial<AsyncDisposable>>(scope: T): T {
  for (const name of ['dispose', 'asyncDispose'] as const) {
    const value = scope[Symbol[name]]
    const key = Symbol.for(`Symbol.${name}`)
    if (value && !(key in scope)) Object.defineProperty(scope, key, { value })
  }
  return scope
}

function expectTripWith(parts: ApiParts): ExpectTrip {
  const { guard } = parts
  return async (first: RuleInput | (() => unknown), second?: () => unknown) => {
    const fn = typeof first === 'function' ? (first as () => unknown) : second
    if (typeof fn !== 'function') throw parts.misuse('arguments', 'tripwire.expectTrip')
    const rule = second === undefined ? undefined : parts.parseRules(first, 'tripwire.expectTrip')[0]
    const frame = guard.openFrame('expect', 'tripwire.expectTrip', standing(parts, 'tripwire.expectTrip'))
    frame.expects = rule ?? 'any'
    try {
      await guard.runIn(frame, fn)
    } catch (error) {
      if (isOwnFailure(error) || (frame.trips.length === 0 && !parts.carriesTrip(error))) throw error
    } finally {
      guard.closeFrame(frame)
    }
    if (frame.trips.length === 0) throw parts.expectedTrip(rule?.text, frame.others)
    return frame.trips
  }
}

/** A failed expectation inside the callback, or a misuse of ours, is the test's own failure, whatever tripped before it. */
function isOwnFailure(error: unknown): boolean {
  const { name, code, tripId } = (error ?? {}) as Record<string, unknown>
  return name === 'AssertionError' || (tripId === undefined && String(code).startsWith('TRIPWIRE_'))
}
