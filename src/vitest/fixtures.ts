/**
 * Fixtures of file and worker scope are set up in the first test that needs them and outlive it. Their functions run in the file's frame,
 * so that they are judged by its rules and their later work is nobody's leak.
 */
import { it, test } from 'vitest'
import type { Frame } from '../core/frames.ts'
import type { Guard } from '../core/guard.ts'
import { cleanThrown } from './own-frames.ts'

type Fn = (...args: unknown[]) => unknown
type Definer = 'extend' | 'override' | 'scoped'
type Extendable = Record<Definer, Fn>

const DEFINERS: readonly Definer[] = ['extend', 'override', 'scoped']
const OPTIONS = ['auto', 'injected', 'scope']
const WRAPPED = new WeakSet<object>()
let place: { guard: Guard; frame: Frame }

export function frameFixtures(guard: Guard, frame: Frame): void {
  place = { guard, frame }
  wrapDefiners(test as unknown as Extendable)
  wrapDefiners(it as unknown as Extendable)
}

function wrapDefiners(owner: Extendable): void {
  if (WRAPPED.has(owner)) return
  WRAPPED.add(owner)
  for (const name of DEFINERS) {
    const define = owner[name]
    if (typeof define !== 'function') continue
    owner[name] = function (this: unknown, ...args) {
      const extended = Reflect.apply(define, this, framedArguments(args))
      wrapDefiners(extended as Extendable)
      return extended
    }
  }
}

/** `extend({ name: fn, name: [fn, options] })`, `extend(name, fn)` or `extend(name, options, fn)`. */
function framedArguments(args: readonly unknown[]): unknown[] {
  if (typeof args[0] === 'string') return args.map(framed)
  const [fixtures, ...rest] = args
  if (typeof fixtures !== 'object' || fixtures === null) return [...args]
  return [Object.fromEntries(Object.entries(fixtures).map(([name, value]) => [name, framedEntry(value)])), ...rest]
}

function framedEntry(value: unknown): unknown {
  if (!Array.isArray(value)) return framed(value)
  const [fn, options] = value
  const hasOptions = typeof options === 'object' && options !== null && OPTIONS.some((key) => key in options)
  return hasOptions ? [framed(fn), ...value.slice(1)] : value
}

/** The scope may be inherited from the fixture that this one overrides: it shows when Vitest calls it, by the context without a test. */
function framed(value: unknown): unknown {
  if (typeof value !== 'function') return value
  const fn = value as Fn
  const wrapped: Fn = (context, tools, ...rest) =>
    isOfTest(context)
      ? fn(context, tools, ...rest)
      : cleanThrown(() => inFile(() => fn(context, framedTools(tools), ...rest)))
  // Vitest reads the names of a fixture's dependencies from its source.
  wrapped.toString = () => fn.toString()
  return Object.defineProperty(wrapped, 'length', { value: fn.length })
}

/** The context of a test is a function. */
function isOfTest(context: unknown): boolean {
  return Object(context) === context && 'task' in (context as object)
}

function inFile<T>(fn: () => T): T {
  return place.guard.runIn(place.frame, fn)
}

/** What `onCleanup` is given is called where the first test was; the code after `use()` is where it was anyway. */
function framedTools(tools: unknown): unknown {
  const { onCleanup } = (typeof tools === 'object' && tools !== null ? tools : {}) as { onCleanup?: Fn }
  if (typeof onCleanup !== 'function') return tools
  return { ...(tools as object), onCleanup: (fn: Fn) => onCleanup(() => inFile(fn)) }
}
