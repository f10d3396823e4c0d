/** Functions that a test put under the contract: each call is judged, and answered as a mock says. */
import { type Reply, RuleSyntaxError, type Spy, type Tap } from '../../src/plugin.ts'
import type { FunctionAnswer } from './reply.ts'

type Fn = (...args: unknown[]) => unknown

/** A function of an object. */
export interface Target {
  /** Tells it from others of its name. */
  readonly id: number
  /** As people write it: `send`, with the object's class where it has one. */
  readonly name: string
  readonly spy: Spy
}

const targets = new WeakMap<object, Map<PropertyKey, Target>>()
let lastId = 0

/** @throws RuleSyntaxError when there is no such function */
export function targetOf(tap: Tap, owner: unknown, key: PropertyKey): Target {
  if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null)
    throw new RuleSyntaxError(
      `${String(owner)} is no object`,
      "an object and the name of its function: (mailer, 'send')",
    )
  if (typeof (owner as Record<PropertyKey, unknown>)[key] !== 'function')
    throw new RuleSyntaxError(`it has no function '${String(key)}'`, 'the name of a function of the object')
  const known = targets.get(owner)?.get(key)
  const target = known?.spy.isThere ? known : newTarget(tap, owner, key)
  target.spy.hold()
  return target
}

function newTarget(tap: Tap, owner: object, key: PropertyKey): Target {
  const spy = tap.spyOn(owner, key, function (this: unknown, ...args: unknown[]) {
    return call(tap, target, this, args, new.target as Fn | undefined)
  } as never)
  const target: Target = { id: ++lastId, name: nameOf(owner, key), spy }
  const ofOwner = targets.get(owner) ?? new Map<PropertyKey, Target>()
  targets.set(owner, ofOwner.set(key, target))
  return target
}

function nameOf(owner: object, key: PropertyKey): string {
  const name = typeof key === 'symbol' ? `[${key.description}]` : String(key)
  const of = typeof owner === 'function' ? owner.name : owner.constructor?.name
  return of === undefined || of === '' || of === 'Object' || of === 'Module' ? name : `${of}.${name}`
}

function call(tap: Tap, target: Target, self: unknown, args: unknown[], made: Fn | undefined): unknown {
  const operation = made === undefined ? 'functions:call' : 'functions:construct'
  const facts = { name: target.name, args, target: target.id, ...(isAsync(target) && { async: true }) }
  const outcome = tap.judge({ protocol: 'functions', operation, facts })
  if (outcome.kind === 'block') return fail(target, outcome.error)
  if (outcome.kind !== 'reply') return original(target, self, args, made)
  const { reply } = outcome
  const { kind, value } = reply.passThrough ? ORIGINAL : (reply.answer as FunctionAnswer)
  const failed = (error: unknown) => kind === 'calls' && reply.fails(error)
  return watched(reply, failed, () => {
    if (kind === 'original') return original(target, self, args, made)
    if (kind === 'calls') return made ? Reflect.construct(value as Fn, args) : Reflect.apply(value as Fn, self, args)
    if (kind === 'throws') throw value
    if (kind === 'rejects') return Promise.reject(value)
    return kind === 'resolves' ? Promise.resolve(value) : value
  })
}

const ORIGINAL: FunctionAnswer = { kind: 'original', value: undefined }

/** As the function itself fails. */
function fail(target: Target, error: Error): unknown {
  if (isAsync(target)) return Promise.reject(error)
  throw error
}

function isAsync({ spy }: Target): boolean {
  return spy.original.constructor.name === 'AsyncFunction'
}

function original({ spy }: Target, self: unknown, args: unknown[], made: Fn | undefined): unknown {
  const original = spy.original as Fn
  return made === undefined ? Reflect.apply(original, self, args) : Reflect.construct(original, args)
}

/** Tells what came of it. */
function watched(reply: Reply, onFailure: (error: unknown) => void, run: () => unknown): unknown {
  let returned: unknown
  try {
    returned = run()
  } catch (error) {
    reply.complete({ threw: error })
    onFailure(error)
    throw error
  }
  if (typeof (returned as { then?: unknown } | null | undefined)?.then !== 'function') {
    reply.complete({ returned })
    return returned
  }
  const promise = returned as Promise<unknown>
  const settled = (resolved: unknown) => {
    reply.complete({ resolved })
    return resolved
  }
  const failed = (rejected: unknown) => {
    reply.complete({ rejected })
    onFailure(rejected)
    throw rejected
  }
  // A failure that nobody handles stays one: the caller gets the promise that is looked at. What is more than a promise is left as it is.
  if (promise.constructor === Promise && Object.keys(promise).length === 0) return promise.then(settled, failed)
  promise.then(settled, (error) => {
    reply.complete({ rejected: error })
    onFailure(error)
  })
  return promise
}
