import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'

const SANDBOXES = 500
const SEEDS = 20

/** A small generator of numbers below 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  `${SANDBOXES} interleaved sandboxes with random delays hold their own calls only (seed %i)`,
  async (seed) => {
    const next = random(seed + 1)
    const sleep = () => new Promise((resolve) => setTimeout(resolve, next() * 8))
    const ids = new Set<number>()
    const one = (number: number) =>
      tripwire.sandbox({ refuse: 'http' }, async (box) => {
        ids.add(box.id)
        const call = () => fetch(`http://box.example.com/${number}`).catch(() => {})
        await sleep()
        await call()
        await Promise.all([sleep().then(call), call().then(sleep)])
        return box.interactions.map(({ facts }) => facts.path)
      })
    const seen = await Promise.all(Array.from({ length: SANDBOXES }, (_, number) => one(number)))
    seen.forEach((paths, number) => {
      expect(paths).toEqual(Array(3).fill(`/${number}`))
    })
    expect(ids.size).toBe(SANDBOXES)
  },
)

test('work begun in an inner sandbox is late for it while the outer is open', async () => {
  let leaked: Promise<unknown> = Promise.resolve()
  const [trip] = await tripwire.expectTrip(() =>
    tripwire.sandbox(async () => {
      await tripwire.sandbox(async () => {
        leaked = new Promise((resolve) => setTimeout(resolve, 10)).then(() =>
          fetch('http://late.example.com').catch(() => {}),
        )
      })
      await leaked
    }),
  )
  expect(trip?.code).toBe('TRIPWIRE_POST_SANDBOX_INTERACTION')
})

test('ids rise', async () => {
  const first = tripwire.sandbox((box) => box.id)
  const second = tripwire.sandbox((box) => box.id)
  expect(second).toBeGreaterThan(first)
})

test('a block ends with its braces, and its box stays readable', async () => {
  let kept: { interactions: readonly unknown[]; open: boolean }
  {
    using box = tripwire.sandbox({ refuse: 'http' })
    kept = box
    await fetch('http://block.example.com').catch(() => {})
    expect(box.open).toBe(true)
  }
  expect(kept.open).toBe(false)
  expect(kept.interactions).toHaveLength(1)
})

test('two blocks in one test are refused, and an empty rule throws before anything changes', () => {
  using _ = tripwire.sandbox()
  expect(() => tripwire.sandbox()).toThrow(expect.objectContaining({ code: 'TRIPWIRE_SANDBOX_MISUSE' }))
  expect(() => tripwire.allow([])).toThrow(expect.objectContaining({ code: 'TRIPWIRE_CONFIG' }))
  expect(() => tripwire.allow('htp')).toThrow('did you mean: http')
})
