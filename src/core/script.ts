/** Scripts of conversations: what a mocked peer waits for, and what it does, step by step. */
import { fits, isAsymmetric } from './equal.ts'
import { isRegExp } from './kinds.ts'
import { RuleSyntaxError } from './rule-syntax.ts'

// Captured at load: tests fake timers.
const { setTimeout, clearTimeout, setImmediate } = globalThis

export interface Step {
  /** What starts with `expect` waits; whatever else there is, the peer does. */
  readonly kind: string
  readonly args: readonly unknown[]
}

/** Steps that are put together one by one. A script never changes: each step gives a new one, so that scripts can share a beginning. */
export abstract class Script {
  readonly steps: readonly Step[]

  constructor(steps: readonly Step[] = []) {
    this.steps = steps
  }

  /** What a step that cannot be meant fails with; an installation puts its own words in. */
  static refused: (what: string, error: unknown) => unknown = (_, error) => error

  protected step(kind: string, ...args: readonly unknown[]): this {
    const Same = this.constructor as new (steps: readonly Step[]) => this
    return new Same([...this.steps, { kind, args }])
  }
}

/** Whether what came is what a step waits for: `unsure` when more may make it that, `nothing` when nothing came. */
export type Taken = 'taken' | 'differs' | 'unsure' | 'nothing'

/** What came and was not taken yet. */
export interface Inbox {
  /** Takes what fits off its front. @param kind of the step that waits, where there are several */
  take(pattern: unknown, kind: string): Taken
  /** What was taken last. */
  readonly last: unknown
  /** All that is left; undefined when there is nothing. */
  readonly left: unknown
}

export interface Stage {
  readonly steps: readonly Step[]
  readonly inbox: Inbox
  /** Carries out a step that does not wait for the other side. */
  perform(step: Step, last: unknown): unknown
  /** What came is not what step `at` (from 0) waits for. */
  deviate(at: number, came: unknown): void
  /** A function of the script's threw. */
  fail(error: unknown): void
}

/** A step that does not wait still needs the other side to go along with it, and that did something else. */
export class OffScript extends Error {
  readonly came: unknown

  constructor(message: string, came: unknown) {
    super(message)
    this.came = came
  }
}

/** Milliseconds after which what came is all that comes: a client that waits for an answer sends no more. */
const IDLE = 500

/** Steps that end the conversation: what comes after them was sent by a client that did not know. */
const ENDINGS = new Set(['close', 'terminate', 'reset', 'exit', 'kill', 'stay'])

/** One conversation along a script. */
export class Performance {
  readonly #stage: Stage
  #at = 0
  #busy = false
  #over = false
  #ended = false
  #timer: NodeJS.Timeout | undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** The steps that are still to come. */
  get left(): readonly Step[] {
    return this.#over ? [] : this.#stage.steps.slice(this.#at)
  }

  /** Whether a step is being carried out. */
  get busy(): boolean {
    return this.#busy
  }

  /** Goes on as far as it can: at the start, and whenever something came. */
  advance(): void {
    clearTimeout(this.#timer)
    const { steps, inbox } = this.#stage
    while (!this.#isHeld && this.#at < steps.length) {
      const step = steps[this.#at] as Step
      if (step.kind.startsWith('expect')) {
        const taken = this.#take(step)
        if (taken === 'differs') this.#deviate()
        if (taken === 'unsure') this.#waitForMore()
        if (taken !== 'taken') return
        this.#at++
      } else this.#perform(step)
    }
    if (!this.#isHeld && inbox.left !== undefined) this.#deviate()
  }

  /** What a step waits for may be a function of the test's. */
  #take({ kind, args }: Step): Taken {
    try {
      return this.#stage.inbox.take(args[0], kind)
    } catch (error) {
      this.#fail(error)
      return 'nothing'
    }
  }

  get #isHeld(): boolean {
    return this.#busy || this.#over || this.#ended
  }

  /** The other side sends no more. What came of a step and is not enough never will be; steps that nothing came for are left over. */
  ended(): void {
    if (this.#ended) return
    this.advance()
    clearTimeout(this.#timer)
    if (!this.#isHeld && this.#stage.inbox.left !== undefined) this.#deviate()
    this.#ended = true
  }

  #perform(step: Step): void {
    this.#busy = true
    const done = () => {
      this.#at++
      this.#busy = false
      if (ENDINGS.has(step.kind)) this.#over = true
    }
    try {
      const doing = this.#stage.perform(step, this.#stage.inbox.last)
      if (typeof (doing as PromiseLike<unknown> | undefined)?.then !== 'function') {
        done()
        return
      }
      ;(doing as PromiseLike<unknown>).then(
        () => {
          done()
          this.advance()
        },
        (error) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  #waitForMore(): void {
    const { inbox } = this.#stage
    const before = inbox.left
    // On a busy machine the timer may be late, and what it waits for may be there but unread: it is let in first.
    this.#timer = setTimeout(() => {
      setImmediate(() => setImmediate(() => !this.#over && fits(before, inbox.left) && this.#deviate()))
    }, IDLE)
    this.#timer.unref?.()
  }

  #deviate(came: unknown = this.#stage.inbox.left): void {
    this.#over = true
    this.#stage.deviate(this.#at, came)
  }

  #fail(error: unknown): void {
    this.#over = true
    if (error instanceof OffScript) this.#deviate(error.came)
    else this.#stage.fail(error)
  }
}

/** Messages that come whole: a step waits for one of them. */
export class MessageInbox implements Inbox {
  readonly #messages: unknown[] = []
  last: unknown

  push(message: string | Uint8Array): void {
    this.#messages.push(message)
  }

  take(pattern: unknown): Taken {
    if (this.#messages.length === 0) return 'nothing'
    if (!fitsMessage(pattern, this.#messages[0])) return 'differs'
    this.last = this.#messages.shift()
    return 'taken'
  }

  get left(): unknown {
    return this.#messages[0]
  }
}

/** Text and bytes are equal or not, a RegExp is tried on text, a function asked; an object or a matcher may speak of the message's JSON. */
export function fitsMessage(pattern: unknown, message: unknown): boolean {
  if (isRegExp(pattern))
    return typeof message === 'string' && new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(message)
  if (typeof pattern === 'function' && !isAsymmetric(pattern)) return Boolean(pattern(message))
  if (fits(pattern, message)) return true
  if (typeof pattern !== 'object' || pattern === null || typeof message !== 'string') return false
  const json = jsonIn(message)
  return json !== undefined && fits(pattern, json.value)
}

/** Undefined where a text is none. What a matcher of the user's throws is not caught with it. */
function jsonIn(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** What can be said: by a step, or by the function that stands in it. */
export interface Sayable<T> {
  can(value: unknown): value is T
  /** What could stand there. */
  readonly expected: string
}

/**
 * Says what stands in a step, or what its function gives: at once, or when it comes.
 *
 * @throws RuleSyntaxError for what cannot be said
 */
export function say<T>(
  arg: unknown,
  last: unknown,
  { can, expected }: Sayable<T>,
  go: (value: T) => void,
): PromiseLike<unknown> | undefined {
  const given: unknown = typeof arg === 'function' ? arg(last) : arg
  const checked = (value: unknown) => {
    if (can(value)) {
      go(value)
      return undefined
    }
    const what = typeof value === 'object' && value !== null ? 'an object' : String(value)
    throw new RuleSyntaxError(`the function of a step gave ${what}`, expected)
  }
  const { then } = (given ?? {}) as Partial<PromiseLike<unknown>>
  return typeof then === 'function' ? (given as PromiseLike<unknown>).then(checked) : checked(given)
}

/** Text or bytes, as streams and packets carry them. */
export const DATA: Sayable<string | Uint8Array> = {
  can: (value): value is string | Uint8Array => typeof value === 'string' || ArrayBuffer.isView(value),
  expected: 'text or bytes',
}

/** Whether bytes are text that reads the same when it is written again. */
export function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).includes('\0')
  } catch {
    return false
  }
}
