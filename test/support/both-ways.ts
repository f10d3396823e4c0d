import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect } from 'vitest'
import { tripwire } from 'vitest-tripwire'

/**
 * Plain requests of fetch are answered where undici would look for a connection; the rest, and all while somebody listens to undici, goes over
 * the wire. Each row is made both ways, and nothing that a caller sees may differ.
 */
export type Mocks = Readonly<Record<string, unknown>>
export type Ask = (log: unknown[]) => Promise<unknown>
export type Way = 'here' | 'wire'

const nothing = () => {}

/** What a caller sees of a call, what was written down of it, and which way it went. */
async function seen(mocks: Mocks, ask: Ask, overWire: boolean): Promise<{ seen: unknown; way: Way }> {
  let served = 0
  const count = () => void served++
  subscribe('http.server.request.start', count)
  if (overWire) subscribe('undici:request:bodySent', nothing)
  const log: unknown[] = []
  const box = await tripwire.sandbox(async (box) => {
    for (const [pattern, reply] of Object.entries(mocks))
      tripwire.http
        .mock(pattern, reply as never)
        .always()
        .optional()
    await ask(log).then(
      (value) => log.push(value),
      (error) => log.push(told(error)),
    )
    await turns(4)
    return box
  })
  unsubscribe('http.server.request.start', count)
  unsubscribe('undici:request:bodySent', nothing)
  const calls = box.interactions.map(({ facts, outcome, callSite }) => ({
    facts: { ...facts },
    outcome,
    at: callSite?.line,
  }))
  tripwire.inAnyOrder(() => {
    for (const { facts } of box.interactions)
      tripwire.http.assert(`${facts.method} ${String(facts.url).split('?')[0]}`, only(facts))
  })
  return { seen: { log, calls }, way: served > 0 ? 'wire' : 'here' }
}

function only({ query, body }: Readonly<Record<string, unknown>>): object {
  return { ...(query !== undefined && { query }), ...(body !== undefined && { body }) }
}

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve))
}

export function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, cause } = error
  return {
    name,
    message,
    code: (error as NodeJS.ErrnoException).code,
    made: error.constructor.name,
    ...(cause !== undefined && { cause: told(cause) }),
  }
}

export async function read(response: Response): Promise<object> {
  const { status, statusText, ok, type, redirected } = response
  const headers = [...response.headers].map(([name, value]) => [name, name === 'date' ? isDate(value) : value])
  return {
    status,
    statusText,
    ok,
    type,
    redirected,
    url: response.url,
    headers,
    body: Buffer.from(await response.arrayBuffer()).toString('latin1'),
  }
}

function isDate(text: string): boolean {
  return new Date(text).toUTCString() === text && Math.abs(Date.parse(text) - Date.now()) < 5000
}

export async function expectSame(mocks: Mocks, ask: Ask, way: Way): Promise<void> {
  const first = await seen(mocks, ask, false)
  const second = await seen(mocks, ask, true)
  expect(first.seen).toEqual(second.seen)
  expect([first.way, second.way]).toEqual([way, 'wire'])
}

export async function expectSameLog(mocks: Mocks, ask: Ask): Promise<void> {
  const [first, second] = [await seen(mocks, ask, false), await seen(mocks, ask, true)]
  const log = ({ seen }: { seen: unknown }) => (seen as { log: unknown }).log
  expect(log(first)).toEqual(log(second))
}
