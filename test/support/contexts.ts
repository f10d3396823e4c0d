/** Measures in whose frame a piece of code calls out. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Box, tripwire } from 'vitest-tripwire'

/** Whoever has a part in a piece of work; as the README and docs/frames.md name them. */
export const ROLES = {
  caller: 'whoever asks',
  opener: 'whoever opened it',
  first: 'the first of the batch',
  other: 'whoever makes room',
  nobody: 'nobody: its context is lost',
} as const
export type Role = keyof typeof ROLES

export interface Stage {
  /** Runs `fn` as somebody, in a sandbox of theirs that is open to the end of the play. */
  as<T>(role: Role, fn: () => T | Promise<T>): Promise<T>
  /** The call that is looked for. */
  call(): Promise<unknown>
}

/** One row: in the play the call is made once; or another one whose facts say `where`. */
export type Way = readonly [name: string, role: Role, play: (stage: Stage) => Promise<unknown>]

export type Done = (value?: unknown) => void

/** A promise that its callback settles. */
export function until<T = unknown>(start: (done: Done) => void): Promise<T> {
  return new Promise<T>(start as never)
}

const MARK = 'where'
const URL = `http://${MARK}.example.com`
const lost = new AsyncLocalStorage<false>()

/** Who wrote the call down. */
export async function roleOf(play: Way[2]): Promise<Role | undefined> {
  // For whoever is nobody: on the test itself, as code without a context is judged there.
  using _ = tripwire.refuse(URL)
  const boxes: { role: Role; box: Box }[] = []
  let isLost = false
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const open: Promise<void>[] = []
  const stage: Stage = {
    as: (role, fn) =>
      new Promise((resolve, reject) => {
        const whole = tripwire.sandbox({ refuse: URL }, async (box) => {
          boxes.push({ role, box })
          await Promise.resolve(fn()).then(resolve, reject)
          await ended
        })
        open.push(whole)
      }),
    call() {
      isLost ||= lost.getStore() === undefined
      return fetch(URL).catch(() => {})
    },
  }
  try {
    await lost.run(false, () => play(stage))
  } finally {
    end()
    await Promise.all(open)
  }
  const writers = boxes.filter(({ box }) => box.interactions.some(({ facts }) => JSON.stringify(facts).includes(MARK)))
  if (writers.length > 1) throw new Error(`it was made by ${writers.map(({ role }) => role).join(' and ')}`)
  return writers[0]?.role ?? (isLost ? 'nobody' : undefined)
}
