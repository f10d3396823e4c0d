import type { Trip } from './call.ts'
import { Frame, type FrameKind } from './frames.ts'

/** A trip as the config's `onTrip` sees it: what is about to be stopped, and where in the run. */
export interface HookTrip extends Trip {
  /** Where the call was made, the innermost first. */
  readonly frames: readonly { readonly kind: FrameKind; readonly name: string; readonly file: string | undefined }[]
  /** The test that made the call, with the names of its describes; undefined outside of tests. */
  readonly test: { readonly name: string; readonly file: string | undefined } | undefined
}

/** What a hook says of a trip: let it through, stop it, or stop it with what the hook threw. */
export type HookAnswer = { readonly kind: 'allow' | 'stop' } | { readonly kind: 'threw'; readonly error: unknown }

/** Asks the config's `onTrip`, here or in the thread that has it. */
export class TripHook {
  /** Undefined where the config has none. */
  hook: ((trip: HookTrip) => unknown) | undefined
  readonly #run: <T>(frame: Frame, fn: () => T) => T
  readonly #badAnswer: (answer: unknown) => Error
  /** Nothing that the hook does, now or later, is judged. */
  readonly #unjudged = new Frame('run', 'onTrip', undefined)

  constructor(run: <T>(frame: Frame, fn: () => T) => T, badAnswer: (answer: unknown) => Error) {
    this.#run = run
    this.#badAnswer = badAnswer
    this.#unjudged.addScope({ kind: 'project', source: 'onTrip', levels: { default: 'off' } })
  }

  ask(trip: Trip, frame: Frame): HookAnswer {
    const { hook } = this
    if (hook === undefined) return { kind: 'stop' }
    try {
      const answer = this.#run(this.#unjudged, () => hook(hookTrip(trip, frame)))
      if (answer === undefined) return { kind: 'stop' }
      if (answer === 'allow') return { kind: 'allow' }
      return { kind: 'threw', error: this.#badAnswer(answer) }
    } catch (error) {
      return { kind: 'threw', error }
    }
  }

  /** Answers for a thread that has no hook of its own. */
  answer(trip: HookTrip): unknown {
    const { hook } = this
    return hook && this.#run(this.#unjudged, () => hook(trip))
  }
}

function hookTrip(trip: Trip, frame: Frame): HookTrip {
  const frames: HookTrip['frames'][number][] = []
  for (let at: Frame | undefined = frame; at; at = at.parent)
    frames.push(Object.freeze({ kind: at.kind, name: at.name, file: at.file }))
  const test = frame.nearest('test')
  return Object.freeze({
    ...trip,
    facts: Object.freeze({ ...trip.facts }),
    frames: Object.freeze(frames),
    test: test && Object.freeze({ name: test.name.replace(/^test "(.*)"$/s, '$1'), file: test.file }),
  })
}
