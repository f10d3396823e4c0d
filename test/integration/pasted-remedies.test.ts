import { beforeAll, expect, test } from 'vitest'
import { runVitest, type VitestRun } from '../support/run-vitest.ts'

/** A test body as it is written first, and what becomes of it by what its message prints below `fix`. */
interface Trial {
  readonly body: string
  /** Takes the printed code; `…` and `work()` in it stand for the user's own. */
  paste(body: string, printed: string): string
}

const GET = `fetch('https://api.example.com/a')`
const MOCKED = `tripwire.http.mock('GET https://api.example.com/a')`
const TWO = `
  tripwire.http.mock('GET https://api.example.com/a')
  tripwire.dns.mock('mail.example.com', '10.0.0.1')
  await tripwire.sandbox(async () => { await fetch('https://api.example.com/a'); await lookup('mail.example.com') })`
const replacing = (what: string) => (body: string, printed: string) => body.replace(what, () => printed)

const TRIALS: Readonly<Record<string, Trial>> = {
  'calls that are asserted in another order': {
    body: `test('t', async () => {${TWO}
  tripwire.dns.assert('mail.example.com')
  tripwire.http.assert('GET https://api.example.com/a') })`,
    paste: replacing(`tripwire.dns.assert('mail.example.com')`),
  },
  'a mock that is not used': {
    body: `test('t', () => { ${MOCKED} })`,
    paste: (body, printed) => body.replace(MOCKED, MOCKED + printed),
  },
  'an assertion of wildcards': {
    body: `test('t', async () => { ${MOCKED}; await tripwire.sandbox(() => ${GET}); tripwire.http.assert('http') })`.replace(
      `'http'`,
      `/.*/`,
    ),
    paste: replacing('tripwire.http.assert(/.*/)'),
  },
  'an assertion that leaves facts out': {
    body: `test('t', async () => { tripwire.http.mock('POST https://api.example.com/a')
  await tripwire.sandbox(() => fetch('https://api.example.com/a', { method: 'POST', body: '{"a":1}' }))
  tripwire.http.assert('POST https://api.example.com/a') })`,
    paste: replacing(`tripwire.http.assert('POST https://api.example.com/a')`),
  },
  'an assertion of another value': {
    body: `test('t', async () => { ${MOCKED}; await tripwire.sandbox(() => ${GET}); tripwire.http.assert('GET https://api.example.com/b') })`,
    paste: replacing(`tripwire.http.assert('GET https://api.example.com/b')`),
  },
  'a sandbox in a hook': {
    body: `beforeEach(() => { tripwire.sandbox() })\ntest('t', async () => { ${MOCKED}.optional() })`,
    paste: replacing('beforeEach(() => { tripwire.sandbox() })'),
  },
  'a second sandbox as a block': {
    body: `test('t', async () => { using one = tripwire.sandbox(); { using two = tripwire.sandbox(); void [one, two] } })`,
    paste: (body, printed) =>
      body.replace('{ using two = tripwire.sandbox(); void [one, two] }', printed.replace('…', 'void one')),
  },
  'an assertion inside a sandbox': {
    body: `test('t', async () => { ${MOCKED}
  await tripwire.sandbox(async () => { await ${GET}; tripwire.http.assert('GET https://api.example.com/a') }) })`,
    paste: (body, printed) =>
      body.replace(
        /await tripwire\.sandbox[\s\S]*\}\) \}\)$/,
        () => `${printed.replace('work()', GET).replace('…', `'GET https://api.example.com/a'`)} })`,
      ),
  },
}

const file = (body: string) => `
import { lookup } from 'node:dns/promises'
import { aroundEach, beforeEach, expect, test } from 'vitest'
import { tripwire } from 'vitest-tripwire'
${body}
`

/** The last code below `fix`: lines that are further in than what it says. */
function printedIn(message: string): string {
  const lines = message.slice(message.indexOf('\n  fix')).split('\n').slice(1)
  const code: string[] = []
  for (const line of lines) {
    if (/^ +or /.test(line)) break
    if (/^ {7,}(?:await |aroundEach|tripwire\.|\.optional|[}\]) ]| {2})/.test(line)) code.push(line.trim())
    else if (code.length > 0) break
  }
  return code.join('\n')
}

const NAMES = Object.keys(TRIALS)
let before: VitestRun
let after: VitestRun
let printed: Readonly<Record<string, string>>
beforeAll(async () => {
  const run = (change: (body: string, name: string) => string) =>
    runVitest(
      Object.fromEntries(
        NAMES.map((name, at) => {
          const body = change((TRIALS[name] as Trial).body, name)
          return [`${at}.test.ts`, file(body.replace(`test('t'`, `test('${name}'`))]
        }),
      ),
      // Of so many workers the start would cost more than the tests.
      { args: ['--no-isolate', '--maxWorkers=1'] },
    )
  before = await run((body) => body)
  printed = Object.fromEntries(NAMES.map((name) => [name, printedIn(before.tests[name]?.messages.join('\n') ?? '')]))
  after = await run((body, name) => (TRIALS[name] as Trial).paste(body, printed[name] as string))
}, 120_000)

test.each(NAMES)('what the message on %s prints makes the test pass', (name) => {
  expect(before.tests[name]?.state).toBe('failed')
  expect(printed[name]).toMatchSnapshot()
  expect(after.tests[name]).toEqual({ state: 'passed', messages: [] })
})
