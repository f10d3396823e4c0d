import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

/** The code of `docs/plugins-authoring.md`, by the file that its first line names. */
const page = readFileSync(join(import.meta.dirname, '../../docs/plugins-authoring.md'), 'utf8')
const files = Object.fromEntries(
  [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(([, name = '', code = '']) => [name, code]),
)

const TRANSPORT = `export const transport = { send: (to, text) => { throw new Error('really sent') }, isUp: () => false }`

describe('the outbox of the docs', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest({
      ...files,
      'transport.ts': TRANSPORT,
      'tripwire.config.ts': `
import { outbox } from './outbox.ts'
import { transport } from './transport.ts'
export default { plugins: [outbox(transport)] }`,
      'more.test.ts': `
import { expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
import { transport } from './transport.ts'
const send = (...to) => tripwire.sandbox(() => { for (const each of to) transport.send(each + '@example.com', 'hello') })
test('not asserted', () => { tripwire.mail.outbox(); send('ann', 'bob') })
test('pasted', () => {
  tripwire.mail.outbox()
  send('ann', 'bob')
  tripwire.mail.assert({ 'bob@example.com': 'hello' })
  tripwire.mail.assert({ 'ann@example.com': 'hello' })
})
test('otherwise', () => { tripwire.mail.outbox(); send('ann'); tripwire.mail.assert({ 'ann@example.com': 'bye' }) })
test('too many', () => { tripwire.mail.outbox(1); try { send('ann', 'bob') } catch {} ; tripwire.mail.assert({ 'ann@example.com': 'hello' }) })
test('no outbox', () => { try { send('ann') } catch {} })
test('outside', () => { expect(transport.isUp()).toBe(false); expect(() => transport.send('ann@example.com', '')).toThrow('blocked') })
test('inside', () => { tripwire.mail.outbox(); tripwire.sandbox(() => { transport.send('a', 'b'); tripwire.mail.assert({ a: 'b' }) }) })`,
    })
  })
  const said = (name: string) => run.tests[name]?.messages.join('\n') ?? 'no such test'

  test('does what they say', () => {
    expect(Object.keys(files)).toEqual(['mailer.ts', 'outbox.ts', 'outbox.test.ts'])
    expect(said('whoever orders is told')).toBe('')
    expect(run.tests['whoever orders is told']?.state).toBe('passed')
    expect(said('pasted')).toBe('')
  })

  test.each([
    ['not asserted', "tripwire.mail.assert({ 'bob@example.com': 'hello' })"],
    ['otherwise', "expected 'bye'\n         was      'hello'"],
    ['too many', 'the outbox says: it takes 1 at most'],
    ['no outbox', 'tripwire.mail.outbox()'],
    ['outside', 'a mail to ann@example.com was blocked, outside any sandbox'],
    ['inside', 'tripwire.mail.assert'],
  ])('has the errors of the others: %s', (name, words) => {
    expect(run.tests[name]?.state).toBe('failed')
    expect(said(name)).toContain(words)
  })
})
