import type * as Undici from 'undici'
import { describe, expect, test } from 'vitest'
import { expectSame, expectSameLog, read } from '../support/both-ways.ts'

const url = 'https://api.example.com/a'

/** Each copy of the package that this Node can load. */
const copies: (readonly [string, typeof Undici])[] = []
for (const name of ['undici6', 'undici', 'undici8']) {
  const copy: typeof Undici | undefined = await import(name).catch(() => undefined)
  if (copy !== undefined) copies.push([name, copy])
}

describe.each(copies)('%s, the package', (_, { fetch: ask, Agent }) => {
  const own = (options: object) => async () => read((await ask(url, options)) as unknown as Response)

  test('has a fetch that is answered alike', async () => {
    await expectSame({ [url]: { json: { a: 1 } } }, own({ dispatcher: new Agent() }), 'here')
    await expectSame({ [url]: { text: 'a' } }, own({ dispatcher: new Agent(), method: 'POST', body: 'ü' }), 'here')
    await expectSameLog({ [url]: { json: { a: 1 } } }, own({}))
  })

  test('has agents that the fetch of another copy may use, or is refused by', async () => {
    for (const [, other] of copies)
      await expectSameLog({ [url]: { text: 'a' } }, own({ dispatcher: new other.Agent() }))
    const dispatcher = new Agent()
    const ask = async () => read(await fetch(url, { dispatcher } as RequestInit))
    await expectSameLog({ [url]: { text: 'a' } }, ask)
  })

  test('has interceptors, which are asked', async () => {
    let asked = 0
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      asked++
      return dispatch(options, handler)
    })
    await expectSameLog({ [url]: { json: {} } }, own({ dispatcher }))
    expect(asked).toBe(2)
  })
})
